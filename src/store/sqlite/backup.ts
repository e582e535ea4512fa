// An online copy of everything the store keeps, in one file: the database as of one moment, and the large bodies that it names
// (`postern backup FILE`). Restoring puts both back where they belong.

import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageIdFromBytes } from '../../base/message-id.ts';
import { syncDirectory, syncDirectoryNow } from '../../platform/disk.ts';
import { bodyPath, makeBodiesDirectory, syncBodiesDirectory } from './bodies.ts';
import { bytes, type Database, number, openDatabase, text, troubleOf } from './database.ts';
import type { OpenWriter } from './open.ts';
import { migrate, migrations, STORE_FILE, versionOf } from './schema.ts';
import { countYoung } from './young-lookups.ts';
import { fileYoungMessages } from './young.ts';

export interface BackupResult {
  readonly messages: number;
  readonly events: number;
  readonly bodies: number;
}

export class NotABackup extends Error {
  override readonly name = 'NotABackup';
}

export async function backupStore(
  writer: OpenWriter,
  dataDirectory: string,
  file: string,
): Promise<BackupResult> {
  if (existsSync(file)) throw new Error(`${file} exists already: name a new file`);
  const aside = `${file}.part`;
  removeDatabase(aside);
  // Mail that is delivered meanwhile keeps its body until it was copied.
  writer.keepBodies(true);
  try {
    await writer.backup(aside);
    const copy = openDatabase(aside);
    const result = await addBodies(copy, dataDirectory);
    copy.exec('PRAGMA journal_mode = DELETE');
    copy.close();
    chmodSync(aside, 0o600);
    renameSync(aside, file);
    await syncDirectory(dirname(file));
    return result;
  } finally {
    writer.keepBodies(false);
    removeDatabase(aside);
  }
}

/** With what SQLite keeps beside it: a journal that a killed process left would be played into the next file of that name. */
function removeDatabase(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

/** One after the other, so that what waits for a commit never waits for more than one of them. */
async function addBodies(copy: Database, dataDirectory: string): Promise<BackupResult> {
  copy.exec(
    'PRAGMA synchronous = FULL; CREATE TABLE backup_body (id TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT',
  );
  const staged = copy.all('SELECT m.id FROM message m JOIN content c ON c.n = m.n WHERE c.staged = 1');
  for (const row of staged) {
    const id = messageIdFromBytes(bytes(row, 'id'));
    copy.run('INSERT INTO backup_body VALUES (?, ?)', id, await readFile(bodyPath(dataDirectory, id)));
  }
  return {
    messages: countYoung(copy) + number(copy.get('SELECT count(*) AS count FROM message') ?? {}, 'count'),
    events: number(copy.get('SELECT count(*) AS count FROM event') ?? {}, 'count'),
    bodies: staged.length,
  };
}

/** Into a data directory that holds no store yet. */
export function restoreStore(file: string, dataDirectory: string): BackupResult {
  const target = join(dataDirectory, STORE_FILE);
  if (existsSync(target))
    throw new Error(`${target} exists: restore into an empty data directory, or move it away first`);
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
  const aside = `${target}.part`;
  removeDatabase(aside);
  copyFileSync(file, aside);
  try {
    const result = takeBodies(aside, dataDirectory);
    chmodSync(aside, 0o600);
    renameSync(aside, target);
    syncDirectoryNow(dataDirectory);
    return result;
  } finally {
    removeDatabase(aside);
  }
}

function isBackup(copy: Database): boolean {
  try {
    return copy.get("SELECT name FROM sqlite_master WHERE name = 'backup_body'") !== undefined;
  } catch (error) {
    if (troubleOf(error) === 'broken') return false;
    throw error;
  }
}

function takeBodies(path: string, dataDirectory: string): BackupResult {
  const copy = openDatabase(path);
  try {
    if (!isBackup(copy)) throw new NotABackup('this file was not written by `postern backup`');
    if (versionOf(copy) > migrations.length)
      throw new NotABackup('this backup was written by a newer Postern');
    makeBodiesDirectory(dataDirectory);
    let bodies = 0;
    for (const row of copy.iterate('SELECT id, content FROM backup_body')) {
      writeFileSync(bodyPath(dataDirectory, text(row, 'id')), bytes(row, 'content'), {
        mode: 0o600,
        flush: true,
      });
      bodies += 1;
    }
    syncBodiesDirectory(dataDirectory);
    copy.exec('DROP TABLE backup_body');
    migrate(copy, 0);
    copy.exec('BEGIN IMMEDIATE');
    fileYoungMessages(copy);
    // Nobody holds a lease of that store any more.
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
