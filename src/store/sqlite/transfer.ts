// SQLite as the source and as the target of a copy. How far a copy has come stands in the table `copying`, which is there until the copy is done.

import { accessSync, constants, existsSync, lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { MessageId } from '../../base/message-id.ts';
import { systemClock } from '../../platform/clock.ts';
import { opening } from '../../platform/directory-lock.ts';
import { RecentTerms } from '../recent-terms.ts';
import type { Stage } from '../port.ts';
import { number, optionalText, text } from '../row.ts';
import {
  type Copied,
  type KeptRows,
  NotEmpty,
  type Page,
  type Kind,
  stageBodies,
  type Transfer,
} from '../transfer.ts';
import { makeBodiesDirectory, openStage, removeBody } from './bodies.ts';
import { beginOwnChain, writersOf } from './copied-rows.ts';
import { leaveStoreToOwner, lockDataDirectory } from './data-directory.ts';
import { type Database, openDatabase, rollBack } from './database.ts';
import { openTrail } from './events.ts';
import { countsOf, rowsOf } from './kept-rows.ts';
import { createSqliteLookups } from './lookups.ts';
import { assertFinished, isCopying, openForWriting } from './open.ts';
import { assertKnown, STORE_FILE } from './schema.ts';
import { indexTail, watermark } from './term-index.ts';

export function sqliteTransfer(directory: string): Transfer {
  return {
    async source() {
      if (!isThere(directory)) throw new Error(`there is no store in ${directory}`);
      return locked(directory, () => {
        const db = openForWriting(directory, systemClock.now());
        assertFinished(db, directory);
        return keptIn(directory, db);
      });
    },
    target: async (origin) =>
      locked(directory, () => {
        const db = openForWriting(directory, systemClock.now());
        try {
          begin(db, directory, origin);
          makeBodiesDirectory(directory);
        } catch (error) {
          db.close();
          throw error;
        }
        return { ...keptIn(directory, db), ...copiedInto(directory, db) };
      }),
    async assertTarget(origin) {
      if (!isThere(directory)) return assertRoom(directory);
      const unlock = lockDataDirectory(directory);
      try {
        const db = openDatabase(join(directory, STORE_FILE), { readOnly: true });
        try {
          assertKnown(db);
          isBegun(db, directory, origin);
        } finally {
          db.close();
        }
      } finally {
        unlock();
      }
    },
  };
}

/** The directory can be made, or files in it. Throws `DirectoryUnusable`. */
function assertRoom(directory: string): void {
  let at = directory;
  while (!existsSync(at)) at = dirname(at);
  opening(directory, () => accessSync(at, constants.W_OK));
}

function isThere(directory: string): boolean {
  return lstatSync(join(directory, STORE_FILE), { throwIfNoEntry: false }) !== undefined;
}

/** Until it is closed. */
function locked<T extends KeptRows>(directory: string, open: () => T): T {
  const unlock = lockDataDirectory(directory);
  function leave(): void {
    leaveStoreToOwner(directory);
    unlock();
  }

  try {
    const opened = opening(directory, open);
    return { ...opened, close: () => opened.close().finally(leave) };
  } catch (error) {
    leave();
    throw error;
  }
}

function keptIn(directory: string, db: Database): KeptRows {
  const rows = rowsOf(db);
  return {
    lookups: createSqliteLookups(db, directory),
    counts: async () => countsOf(db),
    read: async (kind, asked) => rows[kind](asked),
    close: async () => db.close(),
  };
}

/** Indexed in one transaction: so many that each page of the index is touched for several of them. */
const INDEX_EVENTS = 10_000;

function copiedInto(directory: string, db: Database): Omit<Copied, keyof KeptRows> {
  const writers = writersOf(db);
  return {
    async progress(kind) {
      const row = db.get('SELECT after, rows, done FROM copying WHERE name = ?', kind) ?? {};
      const after = optionalText(row, 'after');
      return {
        ...(after === undefined ? {} : { after }),
        ...{ rows: number(row, 'rows'), isDone: number(row, 'done') === 1 },
      };
    },
    async write(kind, page, bodyOf) {
      if (kind === 'message')
        await stageBodies(page as Page<'message'>, bodyOf, (id) => emptyStage(directory, id));
      inTransaction(db, () => {
        writers[kind](page.rows);
        note(db, kind, page);
      });
    },
    async index() {
      const before = watermark(db);
      indexTail(db, new RecentTerms(), INDEX_EVENTS);
      return watermark(db) - before;
    },
    async finish(event, entropy) {
      inTransaction(db, () => {
        beginOwnChain(db, event.time);
        openTrail(db, entropy).append(event);
        db.exec('DROP TABLE copying');
      });
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    },
  };
}

function note(db: Database, kind: Kind, { rows, next }: Page<Kind>): void {
  db.run(
    `INSERT INTO copying VALUES (?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET after = excluded.after, rows = rows + excluded.rows, done = excluded.done`,
    ...[kind, next ?? null, rows.length, next === undefined ? 1 : 0],
  );
}

async function emptyStage(directory: string, id: MessageId): Promise<Stage> {
  removeBody(directory, id);
  return openStage(directory, id);
}

const ORIGIN = 'origin';

/** A copy of the store that has this origin was begun; false: it may be. Throws `NotEmpty`. */
function isBegun(db: Database, directory: string, origin: string): boolean {
  if (isCopying(db)) {
    const begun = text(db.get('SELECT after FROM copying WHERE name = ?', ORIGIN) ?? {}, 'after');
    if (begun === origin) return true;
    throw new NotEmpty(
      `${directory} holds a copy that was begun of another store, or of this one as it was before: remove it, or name another directory`,
    );
  }
  const { chain: _chain, ...counts } = countsOf(db);
  if (Object.values(counts).some((count) => count > 0))
    throw new NotEmpty(`${directory} holds a store already: name another directory, or move it away`);
  return false;
}

function begin(db: Database, directory: string, origin: string): void {
  if (isBegun(db, directory, origin)) return;
  inTransaction(db, () => {
    db.exec(
      'CREATE TABLE copying (name TEXT PRIMARY KEY, after TEXT, rows INTEGER NOT NULL, done INTEGER NOT NULL) STRICT, WITHOUT ROWID',
    );
    db.run('INSERT INTO copying VALUES (?, ?, 0, 0)', ORIGIN, origin);
    // Those of the source come, and none of them is written here.
    db.exec("DELETE FROM chain; UPDATE meta SET value = 0 WHERE name = 'ownChain'");
  });
}

function inTransaction(db: Database, work: () => void): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    work();
    db.exec('COMMIT');
  } catch (error) {
    rollBack(db);
    throw error;
  }
}
