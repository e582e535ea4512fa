// The command line: every command, its options, and how errors are reported.

import { Command, CommanderError } from 'commander';
import { commandIn, commands } from './commands.ts';
import { ownVersion } from '../platform/own-version.ts';

async function createProgram(args: readonly string[]): Promise<Command> {
  const program = createRoot();
  const called = commandIn(args);
  if (called === undefined) listCommands(program);
  else (await called.load())(program);
  allowConfigAnywhere(program);
  throwInsteadOfExit(program);
  return program;
}

/** With all that `--help` lists loaded, as completion and manual pages need it. */
export async function createWholeProgram(): Promise<Command> {
  const program = createRoot();
  const listed = commands.filter(({ summary }) => summary !== undefined);
  // Two commands may come from one file.
  for (const add of new Set(await Promise.all(listed.map(({ load }) => load())))) add(program);
  allowConfigAnywhere(program);
  return program;
}

function createRoot(): Command {
  return new Command('postern')
    .description(
      'Accountable mail submission server: no message leaves that cannot be traced to who was allowed to send it.',
    )
    .option(
      '-c, --config <file>',
      'configuration; else $POSTERN_CONFIG, ./postern.yaml, ./var/postern.yaml, /etc/postern/postern.yaml',
    )
    .version(ownVersion(), '-V, --version', 'prints the version')
    .addHelpText(
      'after',
      '\nExample:\n  postern init /etc/postern --hostname mail.example.org --domain example.org\n\nExit codes: 0 done, 1 a negative answer, 2 usage, 3 could not tell, 75 the store is away: try again.',
    )
    .showHelpAfterError('(--help shows how)');
}

function listCommands(program: Command): void {
  for (const { call, summary } of commands)
    if (summary !== undefined) program.command(call).description(summary);
}

/** `-c FILE` may stand after the command too. */
function allowConfigAnywhere(parent: Command): void {
  for (const command of parent.commands) {
    command.option('-c, --config <file>', 'configuration file');
    allowConfigAnywhere(command);
  }
}

function throwInsteadOfExit(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) throwInsteadOfExit(child);
}

/** The exit code. Everything that goes wrong is one clear line on standard error. */
export async function runProgram(args: readonly string[]): Promise<number> {
  try {
    const program = await createProgram(args);
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const { explainFailure } = await import('./explain-failure.ts');
    return explainFailure(error);
  }
}
