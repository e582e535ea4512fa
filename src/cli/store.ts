// `postern store`: where accounts, queue and trail are kept.

import type { Command } from 'commander';
import { type CopyStep, copyStore, countKept } from '../administration/copy-store.ts';
import { lastLinksText } from '../audit/verify.ts';
import { numberOf } from '../base/number-of.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { ownUserName } from '../platform/own-user.ts';
import { openTransfer } from '../store/engine.ts';
import { engineOf, placeNamed, type StorePlace, storeInWords } from '../store/engine-choice.ts';
import type { Counts } from '../store/transfer.ts';
import { type ConfigOption, loadForCommand } from './context.ts';
import { CommandFailure } from './failure.ts';
import { reasonHelp } from './option-rows.ts';
import { print, printJson, progress, progressDone } from './output.ts';
import { storeOperationCommands } from './store-operations.ts';

export function storeCommands(program: Command): void {
  const store = program
    .command('store')
    .description(
      'where accounts, queue and trail are kept: how it stands, copied to another place, what its database needs',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  postern store status\n  postern store copy --from sqlite:/var/lib/postern --to postgres://postern@db.example.org/postern',
    );
  storeOperationCommands(store);
  store
    .command('copy')
    .description('copies all that a store keeps into an empty place, and looks whether it is the same')
    .option('--from <place>', 'the store: sqlite:DIRECTORY or postgres://USER@HOST/DATABASE')
    .option('--to <place>', 'where nothing is kept yet')
    .option('--reason <text>', reasonHelp)
    .option('--dry-run', 'only say how much there is to copy, and what the copy would be refused for')
    .option('--json', 'print JSON, a line for each step forward')
    .addHelpText('after', HELP)
    .action((options: CopyOptions, command: Command) => copy(options, command.optsWithGlobals()));
}

const HELP = `
What is left out is the store of the configuration, with its password. That of a place named here is looked for in PGPASSWORD: no command line may hold one.

Examples:
  postern store copy --from sqlite:/var/lib/postern --to postgres://postern@db.example.org/postern
  postern store copy --from sqlite:/var/lib/postern -c /etc/postern/postern.yaml
  postern store copy --from sqlite:/var/lib/postern -c /etc/postern/postern.yaml --dry-run

Stop all servers of both first. A copy that was cut off goes on when it is called again; nobody can open the target before it is done.
Rows and bodies are compared, and the chain of the trail is walked.

0 it is done, 1 the copy or the trail is not as it should be, 2 usage, 3 it could not be done.`;

interface CopyOptions {
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

async function copy(options: CopyOptions, option: ConfigOption): Promise<void> {
  const { from, to, reason, dryRun = false, json = false } = options;
  if (from === undefined && to === undefined && !dryRun)
    throw new CommandFailure(
      'say --from, --to or both: what is left out is the store of the configuration',
      2,
    );
  const source = placeIn('--from', from, option);
  const place = storeInWords(source);
  const transfer = await openTransfer(source);
  const tellCounts = (counts: Counts): void =>
    json ? printJson(counts) : print(`${place} holds ${countsText(counts)}`);
  if (from === undefined && to === undefined) return tellCounts(await countKept(transfer));
  const target = placeIn('--to', to, option);
  const into = storeInWords(target);
  if (place === into) throw new CommandFailure(`--from and --to are the same place: ${place}`, 2);
  if (dryRun) return tellCounts(await countKept(transfer, await openTransfer(target)));
  const actor = { who: ownUserName(), through: 'command line', role: 'admin' } as const;
  const copied = await copyStore(
    {
      ...{ from: transfer, to: await openTransfer(target), place },
      ...{ clock, entropy: systemEntropy(), progress: json ? tellInJson() : tell },
    },
    { ...actor, ...(reason === undefined ? {} : { reason }) },
  ).finally(progressDone);
  if (json) printJson({ step: 'done', ...copied }, 0);
  else print(`${into} holds ${countsText(copied.counts)}; its chain holds, ${lastLinksText(copied.chains)}`);
}

function placeIn(name: string, written: string | undefined, option: ConfigOption): StorePlace {
  if (written === undefined) return engineOf(loadForCommand(option));
  const place = placeNamed(written);
  if (!place.ok) throw new CommandFailure(`${name}: ${place.error}`, 2);
  return place.value;
}

function countsText({ identity, event, message }: Counts): string {
  return `${numberOf(identity, 'account')}, ${numberOf(message, 'queued message')} and ${numberOf(event, 'event')}`;
}

const steps: Readonly<Record<CopyStep, string>> = {
  ...{
    identity: 'accounts',
    sharedKey: 'keys',
    chain: 'chains',
    event: 'events',
    message: 'queued messages',
  },
  ...{ index: 'events indexed', compare: 'rows compared', verify: 'events verified' },
};

function tell(step: CopyStep, rows: number, of: number): void {
  progress(`${rows} of ${of} ${steps[step]}`);
}

const TOLD_EACH_MS = 1_000;

/** The end of each step, and what there is to tell meanwhile. */
function tellInJson(): typeof tell {
  let toldAt = clock.monotonic();
  return (step, rows, of) => {
    const now = clock.monotonic();
    if (rows < of && now - toldAt < TOLD_EACH_MS) return;
    toldAt = now;
    printJson({ step, rows, of }, 0);
  };
}
