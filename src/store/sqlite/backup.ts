// An online copy of everything the store keeps, in one file: the database as of one moment, and the large bodies that it names
// (`postern backup FILE`). Restoring puts both back where they belong.

import { createReadStream, createWriteStream, lstatSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type MessageId, messageIdFromBytes } from '../../base/message-id.ts';
import { syncDirectoryNow } from '../../platform/disk.ts';
import type { BackupResult, OpenBackup } from '../engine.ts';
import { makePrivateFile, NotABackup, openCopyOfBackup, removeDatabase } from './backup-file.ts';
import { type Body, putBodies, readWholeBody } from './bodies.ts';
import { type Database, openDatabase } from './database.ts';
import { bytes, number, text } from '../row.ts';
import type { OpenWriter } from './open.ts';
import { STORE_FILE } from './schema.ts';
import { fileAll } from './queued.ts';

/** Into a new file beside the running store or elsewhere, mode 0600. Not synced yet, and not verified. */
export async function copyStore(writer: OpenWriter, dataDirectory: string, target: string): Promise<void> {
  makePrivateFile(target);
  // Mail that is delivered meanwhile keeps its body until it was copied.
  writer.keepBodies(true);
  try {
    await writer.backup(target);
    const copy = openDatabase(target);
    try {
      await addBodies(copy, dataDirectory);
      copy.exec('PRAGMA journal_mode = DELETE');
    } finally {
      copy.close();
    }
  } catch (error) {
    removeDatabase(target);
    throw error;
  } finally {
    writer.keepBodies(false);
  }
}

/** One after the other, so that what waits for a commit never waits for more than one of them. */
async function addBodies(copy: Database, dataDirectory: string): Promise<void> {
  copy.exec(
    'PRAGMA synchronous = FULL; CREATE TABLE backup_body (id TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT',
  );
  for (const id of stagedIds(copy)) {
    copy.run('INSERT INTO backup_body VALUES (?, ?)', id, await readWholeBody(dataDirectory, id));
  }
}

/** Of the messages whose bodies are files. */
function stagedIds(copy: Database): readonly MessageId[] {
  const rows = copy.all('SELECT m.id FROM message m JOIN content c ON c.n = m.n WHERE c.staged = 1');
  return rows.map((row) => messageIdFromBytes(bytes(row, 'id')));
}

/** Into a data directory that holds no store yet, if `inspect` resolves. */
export async function restoreStore(
  file: string,
  dataDirectory: string,
  inspect: (backup: OpenBackup) => Promise<void>,
): Promise<BackupResult> {
  const target = join(dataDirectory, STORE_FILE);
  if (lstatSync(target, { throwIfNoEntry: false }) !== undefined)
    throw new Error(`${target} exists: restore into an empty data directory, or move it away first`);
  if (statSync(file).isDirectory()) throw new Error(`${file}: it is a directory, and a file is wanted`);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const aside = `${target}.part`;
  removeDatabase(aside);
  try {
    // Into the very file that is made: another of that name could be a link by then.
    await pipeline(createReadStream(file), createWriteStream(aside, { flags: 'wx', mode: 0o600 }));
    const backup = openCopyOfBackup(aside);
    try {
      await inspect(backup);
    } finally {
      backup.close();
    }
    const result = takeBodies(aside, dataDirectory);
    renameSync(aside, target);
    syncDirectoryNow(dataDirectory);
    return result;
  } finally {
    removeDatabase(aside);
  }
}

function takeBodies(path: string, dataDirectory: string): BackupResult {
  const copy = openDatabase(path);
  try {
    assertBodies(copy);
    const bodies = putBodies(dataDirectory, bodiesIn(copy));
    copy.exec('DROP TABLE backup_body');
    copy.exec('BEGIN IMMEDIATE');
    fileAll(copy);
    // All leases in the backup are void.
    copy.exec('UPDATE recipient SET owner = NULL; DELETE FROM claim; COMMIT');
    return {
      messages: number(copy.get('SELECT count(*) AS count FROM message') ?? {}, 'count'),
      events: number(copy.get('SELECT count(*) AS count FROM event') ?? {}, 'count'),
      bodies,
    };
  } finally {
    copy.close();
  }
}

function* bodiesIn(copy: Database): Generator<Body> {
  for (const row of copy.iterate('SELECT id, content FROM backup_body'))
    yield { id: text(row, 'id'), content: bytes(row, 'content') };
}

/** The file may come from anywhere. Its bodies are those that its messages name, no other and none less. */
function assertBodies(copy: Database): void {
  const staged = new Set(stagedIds(copy));
  const kept = copy.all('SELECT id FROM backup_body').map((row) => text(row, 'id'));
  const stray = kept.find((id) => !staged.has(id));
  if (stray !== undefined)
    throw new NotABackup(`this backup holds a body that no message of it names: ${JSON.stringify(stray)}`);
  if (kept.length < staged.size)
    throw new NotABackup(`this backup lacks ${staged.size - kept.length} bodies that its messages name`);
}
