// SQLite as an engine of the store: one database in the data directory, large bodies as files beside it.

import { lstatSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../engine.ts';

export function sqliteEngine(directory: string): Engine {
  return {
    async lock() {
      const { lockDataDirectory } = await import('./data-directory.ts');
      return lockDataDirectory(directory);
    },
    async leaveToOwner() {
      const { leaveStoreToOwner } = await import('./data-directory.ts');
      leaveStoreToOwner(directory);
    },
    async check() {
      const { flawsIn } = await import('./flaws.ts');
      return flawsIn(directory);
    },
    async exists() {
      const { STORE_FILE } = await import('./schema.ts');
      return lstatSync(join(directory, STORE_FILE), { throwIfNoEntry: false }) !== undefined;
    },
    async writer(options) {
      const { openEngineWriter } = await import('./engine-writer.ts');
      return openEngineWriter(directory, options);
    },
    async lookups() {
      const { openSqliteLookups } = await import('./open.ts');
      return openSqliteLookups({ dataDirectory: directory });
    },
    async stages() {
      const { openStage } = await import('./bodies.ts');
      return (id) => openStage(directory, id);
    },
    space() {
      const { bavail, blocks, bsize } = statfsSync(directory);
      return { free: bavail * bsize, total: blocks * bsize };
    },
    async size() {
      const { octetsOfStore } = await import('./store-size.ts');
      return octetsOfStore(directory);
    },
    async open(ports) {
      const { openSqliteStore } = await import('./open.ts');
      const { copyStore } = await import('./backup.ts');
      const { store, lookups, writer, close } = openSqliteStore({ dataDirectory: directory, ...ports });
      return { store, lookups, copy: (file) => copyStore(writer, directory, file), close };
    },
    async backups() {
      const { openBackup, writeNewFile } = await import('./backup-file.ts');
      const { stageBackup } = await import('./backup-stage.ts');
      const { restoreStore } = await import('./backup.ts');
      return {
        stage: (copy, room = directory) => stageBackup(room, copy),
        writeNewFile,
        read: openBackup,
        restore: (file, inspect) => restoreStore(file, directory, inspect),
      };
    },
  };
}
