// `postern backup` and `postern restore`: everything the store keeps, in one file; the first one works on a running server.

import { createWriteStream } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { endOfTail, linkText } from '../audit/chain.ts';
import { lastLinksText, placeOfFlaw, verifyTrail } from '../audit/verify.ts';
import { numberOf } from '../base/number-of.ts';
import { safe } from '../base/safe-text.ts';
import { connectControl } from '../http/control-client.ts';
import { type BackupResult, type Backups, type OpenBackup, openEngine } from '../store/engine.ts';
import { type EngineChoice, engineOf, isShared, storeInWords } from '../store/engine-choice.ts';
import {
  type CommandContext,
  type ConfigOption,
  engineOfBackups,
  loadForCommand,
  lockForCommand,
  withStore,
} from './context.ts';
import { CommandFailure } from './failure.ts';
import { print, progress, progressDone } from './output.ts';

export function backupCommands(program: Command): void {
  program
    .command('backup <file>')
    .description(
      'copies accounts, keys, queue with bodies, and the trail into one new file, while the server runs',
    )
    .addHelpText(
      'after',
      '\nExample:\n  postern backup /backup/postern-2026-11-24.db\n\nThe configuration and the certificates are files of yours: copy them too.',
    )
    .action(async (file: string, _: object, command: Command) => {
      const option: ConfigOption = command.optsWithGlobals();
      const path = resolve(file);
      const backups = await (await openEngine(engineOfBackups(option))).backups();
      await withStore(option, (context) => backUp(context, backups, path), { copyIn: dirname(path) });
    });
  program
    .command('restore <file>')
    .description('puts a backup into the data directory of the configuration, which must hold no store')
    .option(
      '--despite-broken-trail',
      'also if events of its trail were changed or removed; `audit verify` goes on saying so',
    )
    .addHelpText(
      'after',
      '\nExample:\n  postern restore /backup/postern-2026-11-24.db -c /etc/postern/postern.yaml\n\nCompare the last link that it prints with the one that you keep elsewhere.',
    )
    .action(async (file: string, options: RestoreOptions, command: Command) => {
      const loaded = loadForCommand(command.optsWithGlobals());
      const choice = engineOf(loaded);
      if (isShared(choice)) throw new CommandFailure(restoredByPostgres(choice), 2);
      const dataDirectory = loaded.path(loaded.config.data);
      if ((await connectControl(dataDirectory)) !== undefined)
        throw new CommandFailure('a server runs on this data directory: stop it first');
      const engine = await openEngine(choice);
      const unlock = await lockForCommand(engine, loaded);
      try {
        const backups = await engine.backups();
        const { messages, events, bodies } = await backups.restore(resolve(file), (backup) =>
          inspectTrail(backup, options),
        );
        print(`restored ${contentText({ messages, events, bodies })} into ${dataDirectory}`);
      } finally {
        await engine.leaveToOwner();
        unlock();
      }
    });
}

const restoredByPostgres = (choice: EngineChoice): string =>
  `the store is ${safe(storeInWords(choice))}: restore it as PostgreSQL was backed up (docs/CLUSTER.md, Backup). A backup of an embedded store gets there in two steps: \`postern restore\` with a configuration without \`store:\` and \`data:\` at an empty directory, then \`postern store copy --from sqlite:DIRECTORY\` with this one`;

/** Bodies are mentioned only if there are some: only large messages have a file of their own. */
function contentText({ messages, events, bodies }: BackupResult): string {
  const large = bodies === 0 ? '' : ` (${bodies} of them large)`;
  return `${numberOf(messages, 'queued message')}${large} and ${numberOf(events, 'event')}`;
}

interface RestoreOptions {
  readonly despiteBrokenTrail?: boolean;
}

/** All of the chain: what is put in place is the evidence from now on. */
async function inspectTrail({ lookups }: OpenBackup, options: RestoreOptions): Promise<void> {
  const { broken, chains } = await verifyTrail(lookups, {
    progress: (events) => progress(`${events} events verified`),
  });
  progressDone();
  if (broken === undefined) return print(`its chain holds, ${lastLinksText(chains)}`);
  const flaw = `the trail of this backup is broken${placeOfFlaw(broken)}: ${broken.because}`;
  if (options.despiteBrokenTrail !== true)
    throw new CommandFailure(`${flaw}; take another backup, or say --despite-broken-trail if there is none`);
  print(`${flaw}; it is restored as it is`);
}

async function backUp({ administration }: CommandContext, backups: Backups, path: string): Promise<void> {
  const { lastLink, ...result } = await backups.writeNewFile(
    path,
    async (aside) => {
      progress('copying…');
      // This process makes the file and writes it: the server may run where the path means another place.
      const copy = await administration().backUp();
      await pipeline(copy, createWriteStream(aside, { flags: 'wx', mode: 0o600 }));
    },
    (aside) => inspectBackup(backups, aside),
  );
  print(`${path}: ${contentText(result)}; read again, and whole\nlast link of its trail ${lastLink}`);
}

async function inspectBackup(
  backups: Backups,
  aside: string,
): Promise<BackupResult & { readonly lastLink: string }> {
  progress('reading it again…');
  const { result, lookups, close } = backups.read(aside);
  try {
    const end = await endOfTail(lookups, result.events);
    if (typeof end === 'string')
      throw new CommandFailure(`the copy is not good, its trail does not hold: ${end}`, 3);
    return { ...result, lastLink: linkText(end.link) };
  } finally {
    close();
    progressDone();
  }
}
