// Opening the SQLite store: the writing connection with its durability settings, the reading one.

import { join } from 'node:path';
import { opening } from '../../platform/directory-lock.ts';
import { DirectoryUnusable } from '../../platform/directory-unusable.ts';
import { openSyncWitness } from '../../platform/disk.ts';
import { troubleOf } from '../../platform/sqlite-trouble.ts';
import { StoreUnfinished, UNFINISHED } from '../engine-errors.ts';
import { atOnce, createGroupCommit } from '../group-commit.ts';
import type { Lookups } from '../lookups.ts';
import type { Change, Store, StoreNotice } from '../port.ts';
import { StoreUnavailable } from '../port.ts';
import { makeBodiesDirectory, openStage } from './bodies.ts';
import { type Database, notDurableBecause, openDatabase } from './database.ts';
import { createSqliteLookups } from './lookups.ts';
import { migrate, STORE_FILE } from './schema.ts';
import { indexTail } from './term-index.ts';
import { createWriter, type SqliteWriter, type WriterOptions } from './writer.ts';

/** The settings that make a commit durable; page size and vacuum mode count for a new file only. */
export function openForWriting(dataDirectory: string, now: number): Database {
  const db = openDatabase(join(dataDirectory, STORE_FILE));
  db.exec('PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL');
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST; PRAGMA cache_size = -32768',
  );
  const flaw = notDurableBecause(db);
  if (flaw !== undefined) {
    db.close();
    throw new DirectoryUnusable(
      `${dataDirectory}: SQLite can't make commits durable there (${flaw}): put it on a local file system`,
    );
  }
  migrate(db, now);
  // What an earlier process left in the log is checkpointed and synced before anybody is told that it is there.
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return db;
}

/** A copy into it was begun and is not done (`transfer.ts`). */
export function isCopying(db: Database): boolean {
  return db.get("SELECT 1 FROM sqlite_master WHERE name = 'copying'") !== undefined;
}

/** Its mail would leave, and the copy could not go on. Throws `StoreUnfinished`, and then it is closed. */
export function assertFinished(db: Database, dataDirectory: string): void {
  if (!isCopying(db)) return;
  db.close();
  throw new StoreUnfinished(`${dataDirectory} ${UNFINISHED}`);
}

export interface OpenWriter extends SqliteWriter {
  /** Indexes some of the trail's tail; true: there is more. False on a full disk too: it can wait. */
  indexTail(max: number): boolean;
  /** Gives freed pages back to the file system, a slice at a time; on a full disk at another time. */
  vacuum(): void;
  backup(path: string): Promise<void>;
  close(): void;
}

export function openSqliteWriter(options: WriterOptions): OpenWriter {
  const { dataDirectory, clock } = options;
  const db = opening(dataDirectory, () => openForWriting(dataDirectory, clock.now()));
  assertFinished(db, dataDirectory);
  opening(dataDirectory, () => makeBodiesDirectory(dataDirectory));
  const witness = opening(dataDirectory, () => openSyncWitness(dataDirectory));
  const writer = createWriter(db, options, witness);
  return {
    ...writer,
    indexTail: (max) => ifThereIsSpace(() => indexTail(db, writer.recent, max)) ?? false,
    vacuum: () => ifThereIsSpace(() => db.exec('PRAGMA incremental_vacuum(200)')),
    backup: (path) => db.backup(path),
    close() {
      witness.close();
      db.close();
    },
  };
}

/** Undefined: there is none. Nothing was changed, and what is only useful need not end the thread. */
function ifThereIsSpace<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (troubleOf(error) === 'full') return undefined;
    throw error;
  }
}

export function openSqliteLookups({
  dataDirectory,
}: {
  readonly dataDirectory: string;
}): Lookups & { close(): void } {
  const db = openDatabase(join(dataDirectory, STORE_FILE), { readOnly: true });
  return { ...createSqliteLookups(db, dataDirectory), close: () => db.close() };
}

export interface OpenStore {
  readonly store: Store;
  readonly lookups: Lookups;
  readonly writer: OpenWriter;
  close(): void;
}

/** Store and look-ups in this very thread: for commands without a running server, and for tests. */
export function openSqliteStore(options: Omit<WriterOptions, 'onNotice'>): OpenStore {
  const listeners = new Set<(notice: StoreNotice) => void>();
  const writer = openSqliteWriter({
    ...options,
    onNotice: (notice) => listeners.forEach((listener) => listener(notice)),
  });
  const lookups = openSqliteLookups(options);
  const group = createGroupCommit((changes: readonly Change[]) => {
    try {
      return writer.apply(changes);
    } catch (error) {
      throw new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
    }
  }, atOnce);
  return {
    store: {
      commit: ((changes) => group.commit(changes)) as Store['commit'],
      stage: (id) => openStage(options.dataDirectory, id),
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    lookups,
    writer,
    close() {
      lookups.close();
      writer.close();
    },
  };
}
