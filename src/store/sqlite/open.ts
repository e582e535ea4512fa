// Opening the SQLite store: the lock for life, the writing connection with its durability settings, the reading one.

import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSyncWitness } from '../../platform/disk.ts';
import { atOnce, createGroupCommit } from '../group-commit.ts';
import type { Lookups } from '../lookups.ts';
import type { Change, Store, StoreNotice } from '../port.ts';
import { StoreUnavailable } from '../port.ts';
import { makeBodiesDirectory, openStage } from './bodies.ts';
import { type Database, notDurableBecause, openDatabase, troubleOf } from './database.ts';
import { createSqliteLookups } from './lookups.ts';
import { migrate, STORE_FILE } from './schema.ts';
import { indexTail } from './term-index.ts';
import { createWriter, type SqliteWriter, type WriterOptions } from './writer.ts';

const LOCK_FILE = 'lock.sqlite';

export class StoreLocked extends Error {
  override readonly name = 'StoreLocked';
}

/** The directory can't be used as it is; says why, and the way out. */
export class DataDirectoryUnusable extends Error {
  override readonly name = 'DataDirectoryUnusable';
}

/** Runs one step of opening; what the file system says against it is put into words. */
function opening<T>(dataDirectory: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const because = whyUnusable(error);
    if (because === undefined) throw error;
    throw new DataDirectoryUnusable(`${dataDirectory} ${because}`, { cause: error });
  }
}

function whyUnusable(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const trouble = troubleOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || trouble === 'full')
    return 'has no space left: make some, then start again';
  if (code === 'EROFS')
    return "can't be written: its file system is read-only. If it was mounted so: mount -o remount,rw; if it became so by itself: unmount it, fsck, mount it again";
  if (code === 'EACCES' || code === 'EPERM' || trouble === 'readOnly')
    return `can't be written by user ${process.getuid?.() ?? ''}: the user of the service must own it and all in it (chown -R)`;
  return undefined;
}

/** Held as long as the process lives: two servers on one directory would deliver everything twice. Returns the release. */
export function lockDirectory(dataDirectory: string): () => void {
  return opening(dataDirectory, () => lock(dataDirectory));
}

function lock(dataDirectory: string): () => void {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  chmodSync(dataDirectory, 0o700);
  const file = openDatabase(join(dataDirectory, LOCK_FILE), { busyMs: 0 });
  try {
    file.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    if (troubleOf(error) !== 'busy') throw error;
    throw new StoreLocked(
      `another Postern uses ${dataDirectory}: stop it, or give this one a data directory of its own`,
      { cause: error },
    );
  }
  return () => file.close();
}

/** The settings that make a commit durable; page size and vacuum mode count for a new file only. */
function openForWriting(dataDirectory: string, now: number): Database {
  const db = openDatabase(join(dataDirectory, STORE_FILE));
  db.exec('PRAGMA page_size = 8192; PRAGMA auto_vacuum = INCREMENTAL');
  db.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST; PRAGMA cache_size = -32768',
  );
  const flaw = notDurableBecause(db);
  if (flaw !== undefined) {
    db.close();
    throw new DataDirectoryUnusable(
      `${dataDirectory}: SQLite can't make commits durable there (${flaw}): put it on a local file system`,
    );
  }
  migrate(db, now);
  // What an earlier process left in the log is written home and synced before anybody is told that it is there.
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  return db;
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
