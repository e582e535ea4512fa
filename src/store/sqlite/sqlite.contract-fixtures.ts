// SQLite stores for tests, in directories of their own that the test may touch.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  Bench,
  countedEntropy,
  type Open,
  type OpenOptions,
  virtualClock,
} from '../store.contract-fixtures.ts';
import type { BackupResult } from '../engine.ts';
import { copyStore } from './backup.ts';
import { openBackup, writeNewFile } from './backup-file.ts';
import { openSqliteStore, type OpenStore, type OpenWriter } from './open.ts';

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'postern-store-'));
}

export const removeDirectory = (path: string): void => rmSync(path, { recursive: true, force: true });

export function openAt(
  dataDirectory: string,
  options: Partial<OpenOptions> & { readonly sweepStages?: boolean } = {},
): OpenStore {
  return openSqliteStore({ dataDirectory, clock: virtualClock(), entropy: countedEntropy(), ...options });
}

/** A store for the contract. */
export const openSqlite: Open = async (options) => {
  const dataDirectory = temporaryDirectory();
  let now = openAt(dataDirectory, options);
  const opened = () => ({
    store: now.store,
    lookups: now.lookups,
    idle: async () => now.writer.indexTail(500),
    async restart() {
      now.close();
      now = openAt(dataDirectory, options);
      return opened();
    },
    close() {
      now.close();
      removeDirectory(dataDirectory);
    },
  });
  return opened();
};

/** A store whose directory and insides the test may touch. */
export async function openInside(
  t: TestContext,
): Promise<{ bench: Bench; dataDirectory: string; inside(): OpenStore }> {
  const dataDirectory = temporaryDirectory();
  let now: OpenStore | undefined;
  const bench = await Bench.open(async (options) => {
    const opened = () => {
      now = openAt(dataDirectory, options);
      const { store, lookups } = now;
      return { store, lookups, restart: async () => (now?.close(), opened()), close: () => now?.close() };
    };
    return opened();
  });
  t.after(async () => {
    await bench[Symbol.asyncDispose]();
    removeDirectory(dataDirectory);
  });
  return {
    bench,
    dataDirectory,
    inside() {
      assert.ok(now);
      return now;
    },
  };
}

/** A backup in one step, as `postern backup` takes it beside no server. */
export function backupStore(writer: OpenWriter, dataDirectory: string, file: string): Promise<BackupResult> {
  return writeNewFile(
    file,
    (aside) => copyStore(writer, dataDirectory, aside),
    async (aside) => {
      const { result, close } = openBackup(aside);
      close();
      return result;
    },
  );
}
