// `postern audit looks`: the access record. Who looked at what, when, through what and why; who came into the console.

import type { Command } from 'commander';
import type { AccessRecord, ShownLook } from '../administration/access-record.ts';
import { safe } from '../base/safe-text.ts';
import { table } from '../base/table.ts';
import { time } from '../base/time.ts';
import { type CommandContext, withStore } from './context.ts';
import { momentOf } from './moment.ts';
import { wholeNumberFrom1 } from './number.ts';
import { reasonHelp } from './option-rows.ts';
import { print, printJson } from './output.ts';

interface LooksOptions {
  readonly by?: string;
  readonly since?: string;
  readonly until?: string;
  readonly max: string;
  readonly before?: string;
  readonly reason?: string;
  readonly json?: boolean;
}

export function looksCommand(audit: Command): void {
  audit
    .command('looks')
    .description('the access record: who looked at what and why, who came into the console; newest first')
    .option('--by <who>', 'only this user or login')
    .option('--since <time>', 'not before: RFC 3339, a date (UTC), or how long ago, such as 2h')
    .option('--until <time>', 'not after, likewise; a date counts to its end')
    .option('--max <n>', 'at most so many, 500 at once', '50')
    .option('--before <place>', 'go on where an answer ended')
    .option('--reason <text>', reasonHelp)
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  postern audit looks --by desk@example.org --since 7d')
    .action((options: LooksOptions, command: Command) =>
      withStore(command.optsWithGlobals(), (context) => looks(context, options)),
    );
}

async function looks({ administration, now }: CommandContext, options: LooksOptions): Promise<void> {
  const { by, since, until, max, before, reason, json } = options;
  const record = await administration(reason).listLooks({
    max: wholeNumberFrom1(max, '--max'),
    ...(by === undefined ? {} : { who: by }),
    ...(since === undefined ? {} : { since: momentOf(since, '--since', now) }),
    ...(until === undefined ? {} : { until: momentOf(until, '--until', now, true) }),
    ...(before === undefined ? {} : { after: before }),
  });
  if (json === true) printJson(record);
  else show(record);
}

function show({ looks: all, next }: AccessRecord): void {
  if (all.length > 0) print(table([['TIME', 'WHO', 'DID', 'WHAT AND WHY'], ...all.map(rowOf)]));
  else if (next === undefined) print('nobody looked; what is older than retention is forgotten');
  if (next !== undefined) print(`… and more: say --before ${next}`);
}

function rowOf({ at, kind, by, action, detail = {} }: ShownLook): readonly string[] {
  const said = Object.entries(detail).filter(([, value]) => value !== '');
  return [
    time(at),
    by === undefined ? 'forgotten' : safe(by),
    safe(action ?? kind),
    said.map(([name, value]) => `${safe(name)}=${safe(String(value))}`).join(' '),
  ];
}
