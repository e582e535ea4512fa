// `postern backup` and `postern restore`: everything the store keeps, in one file; the first one works on a running server.

import { resolve } from 'node:path';
import type { Command } from 'commander';
import { connectControl } from '../http/control-client.ts';
import { backupStore, restoreStore } from '../store/sqlite/backup.ts';
import { lockDirectory } from '../store/sqlite/open.ts';
import { loadForCommand, withStore } from './context.ts';
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
        progress('copying…');
        const dataDirectory = context.loaded.path(context.loaded.config.data);
        const result =
          context.server !== undefined
            ? await context.server.backup(path)
            : context.offline !== undefined
              ? await backupStore(context.offline.writer, dataDirectory, path)
              : {};
        progressDone();
        print(
          `${path}: ${Object.entries(result)
            .map(([name, count]) => `${String(count)} ${name}`)
            .join(', ')}`,
        );
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
      }
    });
}
