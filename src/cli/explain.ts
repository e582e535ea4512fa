// `postern explain`: which rule decides, and why, asked of the same functions as the live server.

import type { Command } from 'commander';
import { type CommandContext, type ConfigOption, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { print, printJson } from './output.ts';

interface ExplainOptions extends ConfigOption {
  readonly as: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly headerFrom?: string;
  readonly json?: boolean;
}

export function explainCommand(program: Command): void {
  program
    .command('explain')
    .description('may this account send as A to R, and which rule says so?')
    .requiredOption('--as <login>', 'the account')
    .requiredOption('--from <address>', 'reverse-path; "" for the null one')
    .option('--to <address...>', 'recipients', [])
    .option('--header-from <address>', 'From of the header, if it is another')
    .option('--ip <address>', 'where the client would be; no rule depends on it (BCP 134 section 3.1)')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  postern explain --as alice@example.org --from sales@example.org --to bob@example.net',
    )
    .action((options: ExplainOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => run(context, options)),
    );
}

async function run({ administration }: CommandContext, options: ExplainOptions): Promise<void> {
  const { headerFrom } = options;
  const { steps } = await administration().explainSending({
    ...{ login: options.as, from: options.from, to: options.to },
    ...(headerFrom === undefined ? {} : { headerFrom }),
  });
  if (options.json === true) printJson(steps);
  else {
    for (const { question, verdict, rule, because } of steps) {
      print(
        `${question}\n  ${verdict.type}${verdict.type === 'refused' ? ` ${verdict.refusal.reply.code} ${verdict.refusal.reply.status ?? ''}` : ''} by rule: ${rule}\n  because ${because}`,
      );
    }
  }
  if (steps.some(({ verdict }) => verdict.type === 'refused'))
    throw new CommandFailure('it would be refused');
}
