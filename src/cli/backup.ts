// `postern backup` and `postern restore`: everything the store keeps, in one file; the first one works on a running server.

import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import { flawOfTail } from '../audit/verify.ts';
import { connectControl } from '../http/control-client.ts';
import { copyStore, restoreStore } from '../store/sqlite/backup.ts';
import { type BackupResult, openBackup, writeNewFile } from '../store/sqlite/backup-file.ts';
import { leaveToOwner, lockDirectory } from '../store/sqlite/data-directory.ts';
import { type CommandContext, loadForCommand, withStore } from './context.ts';
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
    .action((file: string, _: object, command: Command) =>
      withStore(command.optsWithGlobals(), async (context) => {
        const path = resolve(file);
        const { messages, events, bodies } = await writeNewFile(
          path,
          (aside) => copyInto(context, aside),
          inspectBackup,
        );
        print(`${path}: ${messages} messages, ${events} events, ${bodies} bodies; read again, and whole`);
      }),
    );
  program
    .command('restore <file>')
    .description('puts a backup into the data directory of the configuration, which must hold no store')
    .addHelpText(
      'after',
      '\nExample:\n  postern restore /backup/postern-2026-11-24.db -c /etc/postern/postern.yaml',
    )
    .action(async (file: string, _: object, command: Command) => {
      const loaded = loadForCommand(command.optsWithGlobals());
      const dataDirectory = loaded.path(loaded.config.data);
      if ((await connectControl(dataDirectory)) !== undefined)
        throw new CommandFailure('a server runs on this data directory: stop it first');
      const unlock = lockDirectory(dataDirectory);
      try {
        const { messages, events, bodies } = restoreStore(resolve(file), dataDirectory);
        print(
          `restored ${messages} queued messages (${bodies} bodies) and ${events} events into ${dataDirectory}`,
        );
      } finally {
        unlock();
        leaveToOwner(dataDirectory);
      }
    });
}

/** This process makes the file and writes it: the server may run where the path means another place. */
async function copyInto({ server, offline, loaded }: CommandContext, aside: string): Promise<void> {
  progress('copying…');
  if (server !== undefined)
    await pipeline(await server.backup(), createWriteStream(aside, { flags: 'wx', mode: 0o600 }));
  else if (offline !== undefined) await copyStore(offline.writer, loaded.path(loaded.config.data), aside);
}

async function inspectBackup(aside: string): Promise<BackupResult> {
  progress('reading it again…');
  const { result, lookups, close } = openBackup(aside);
  try {
    const flaw = await flawOfTail(lookups, result.events);
    if (flaw !== undefined)
      throw new CommandFailure(`the copy is not good, its trail does not hold: ${flaw}`, 3);
    return result;
  } finally {
    close();
    progressDone();
  }
}
