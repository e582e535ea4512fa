// `postern audit`: the trail itself. Verify its chain, export it, see who looked, erase a person's part of it.

import type { Command } from 'commander';
import { lastLinksText, placeOfFlaw, verifyTrail } from '../audit/verify.ts';
import { looksCommand } from './audit-looks.ts';
import { type CommandContext, withStore } from './context.ts';
import { CommandFailure } from './failure.ts';
import { print, printJson, printOctets, progress, progressDone } from './output.ts';
import { reasonHelp } from './option-rows.ts';

interface EraseOptions {
  readonly identity?: string;
  readonly address?: readonly string[];
  readonly before: string;
  readonly reason?: string;
  readonly json?: boolean;
}

interface ExportOptions {
  readonly after?: string;
  readonly identity?: string;
  readonly reason?: string;
}

export function auditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('the trail: verify, export, who looked, erase')
    .addHelpText('after', '\nExample:\n  postern audit verify');
  audit
    .command('verify')
    .description('walks the chain: was anything changed, removed or put in?')
    .option('--expect <link>', 'a last link that was kept elsewhere: it must be in the chain')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  postern audit verify\n  postern audit verify --expect 5f0c…\n\nKeep the last link somewhere else (`status` and `backup` print it too): with --expect it shows a cut end and a chain that was written again.',
    )
    .action((options: VerifyCommandOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => verify(context, options)),
    );
  audit
    .command('export')
    .description('prints events as JSON, one a line, oldest first')
    .option('--after <cursor>', 'go on after the event that had it')
    .option('--identity <login>', 'only of this account')
    .option('--reason <text>', reasonHelp)
    .addHelpText('after', '\nExample:\n  postern audit export --identity alice@example.org > alice.jsonl')
    .action((options: ExportOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => exportEvents(context, options)),
    );
  looksCommand(audit);
  audit
    .command('erase')
    .description(
      'forgets what is known of an account or an address, beyond the retention floor; the chain still verifies',
    )
    .option('--identity <login>', 'of this account')
    .option('--address <address...>', 'naming these addresses')
    .requiredOption('--before <date>', 'older than this, e.g. 2026-10-01')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern audit erase --address bob@example.net --before 2026-10-01')
    .action((options: EraseOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => erase(context, options)),
    );
}

interface VerifyCommandOptions {
  readonly expect?: string;
  readonly json?: boolean;
}

async function verify({ lookups }: CommandContext, { expect, json }: VerifyCommandOptions): Promise<void> {
  if (expect !== undefined && !/^[0-9a-f]{64}$/i.test(expect))
    throw new CommandFailure('--expect: a link is 64 hexadecimal digits, as `audit verify` prints it', 2);
  const result = await verifyTrail(lookups, {
    ...(expect === undefined ? {} : { expect }),
    progress: (events) => progress(`${events} events`),
  });
  progressDone();
  const [only, ...others] = result.chains;
  const lastLink = others.length > 0 ? undefined : only?.lastLink;
  if (json === true) printJson({ ...result, ...(lastLink === undefined ? {} : { lastLink }) });
  else if (result.broken === undefined)
    print(
      `${result.events} events, the chain holds (${result.forgotten} forgotten by retention or erasure)\n${expect === undefined ? '' : 'the expected link is in it\n'}${lastLinksText(result.chains)}`,
    );
  if (result.broken !== undefined)
    throw new CommandFailure(`the trail is broken${placeOfFlaw(result.broken)}: ${result.broken.because}`);
}

async function exportEvents({ administration }: CommandContext, options: ExportOptions): Promise<void> {
  const { after, identity, reason } = options;
  const from = after === undefined ? {} : { after };
  const login = identity === undefined ? {} : { login: identity };
  await printOctets(await administration(reason).exportTrail({ ...from, ...login }));
}

async function erase({ administration }: CommandContext, options: EraseOptions): Promise<void> {
  const before = Date.parse(options.before);
  if (Number.isNaN(before)) throw new CommandFailure(`"${options.before}" is no date such as 2026-10-01`, 2);
  const { identity, address: addresses = [], reason } = options;
  const login = identity === undefined ? {} : { login: identity };
  const erased = await administration(reason).eraseFromTrail({ ...login, addresses, before });
  if (options.json === true) return printJson(erased);
  print(
    `${erased.forgotten} events forgotten, ${erased.kept} kept because they are younger or their mail is still queued`,
  );
}
