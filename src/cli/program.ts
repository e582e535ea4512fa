// The command line: every command, its options, and how errors are told.

import { Command, CommanderError } from 'commander';
import { ConfigError } from '../config/load.ts';
import { StoreUnavailable } from '../store/port.ts';
import { StoreLocked } from '../store/sqlite/open.ts';
import { StoreTooNew } from '../store/sqlite/schema.ts';
import { accountCommands } from './account.ts';
import { auditCommands } from './audit.ts';
import { backupCommands } from './backup.ts';
import { checkCommand } from './check.ts';
import { demoCommand } from './demo.ts';
import { dkimCommand } from './dkim.ts';
import { dnsCommand } from './dns.ts';
import { explainCommand } from './explain.ts';
import { CommandFailure } from './failure.ts';
import { initCommand } from './init.ts';
import { safeLines } from './output.ts';
import { queueCommands } from './queue.ts';
import { reloadCommand } from './reload.ts';
import { serveCommand } from './serve.ts';
import { traceCommand } from './trace.ts';

function createProgram(): Command {
  const program = new Command('postern');
  program
    .description(
      'Accountable mail submission server: no message leaves that cannot be traced to who was allowed to send it.',
    )
    .option(
      '-c, --config <file>',
      'configuration; else $POSTERN_CONFIG, ./postern.yaml, ./var/postern.yaml, /etc/postern/postern.yaml',
    )
    .addHelpText(
      'after',
      '\nExample:\n  postern init /etc/postern --hostname mail.example.org --domain example.org\n\nExit codes: 0 done, 1 a negative answer, 2 usage, 3 could not tell.',
    )
    .showHelpAfterError('(--help shows how)');
  for (const add of [
    serveCommand,
    initCommand,
    checkCommand,
    accountCommands,
    traceCommand,
    queueCommands,
    auditCommands,
    explainCommand,
    dnsCommand,
    dkimCommand,
    reloadCommand,
    backupCommands,
    demoCommand,
  ]) {
    add(program);
  }
  allowConfigAnywhere(program);
  throwInsteadOfExit(program);
  return program;
}

/** `-c FILE` may stand behind the command too. */
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
    await createProgram().parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return explainFailure(error);
  }
}

function explainFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CommandFailure) return fail(error.message, error.code);
  if (error instanceof ConfigError) return fail(error.message, 2);
  if (error instanceof StoreLocked || error instanceof StoreTooNew) return fail(error.message, 3);
  if (error instanceof StoreUnavailable) return fail(`the store does not answer: ${error.message}`, 3);
  if (error instanceof Error && 'code' in error && typeof error.code === 'string')
    return fail(error.message, 3);
  return fail(error instanceof Error ? error.message : String(error), 3);
}

function fail(message: string, code: number): number {
  process.stderr.write(`postern: ${safeLines(message)}\n`);
  return code;
}
