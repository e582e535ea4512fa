// The file of a backup: private from its first octet, and never in the place of another file; and a look at one, whether it is whole.

import { randomBytes } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '../../platform/disk.ts';
import { troubleOf } from '../../platform/sqlite-trouble.ts';
import type { BackupResult, OpenBackup } from '../engine.ts';
import { type Database, openDatabase } from './database.ts';
import { number } from '../row.ts';
import { createSqliteLookups } from './lookups.ts';
import { migrate, migrations, versionOf } from './schema.ts';
import { depthOf, queuePlaces } from './queue-place.ts';

export class NotABackup extends Error {
  override readonly name = 'NotABackup';
}

/** `write` makes a private file beside it; that gets its name when it is written, synced and found good by `inspect`. On failure nothing is left. */
export async function writeNewFile<T>(
  file: string,
  write: (aside: string) => Promise<unknown>,
  inspect: (aside: string) => Promise<T>,
): Promise<T> {
  refuseUnusableDirectory(file);
  refuseToOverwrite(file);
  const aside = `${file}.${randomBytes(6).toString('hex')}.part`;
  try {
    await write(aside);
    await syncFile(aside);
    const result = await inspect(aside);
    publish(aside, file);
    await syncDirectory(dirname(file));
    return result;
  } finally {
    removeDatabase(aside);
  }
}

/** A symbolic link that leads nowhere is in the way too. */
export function refuseToOverwrite(file: string): void {
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined)
    throw new Error(`${file} exists already: name a new file`);
}

/** What is made beside the file has a name that nobody gave: the directory is what is wrong. */
function refuseUnusableDirectory(file: string): void {
  const directory = dirname(file);
  if (statSync(directory, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new Error(`${directory}: there is no such directory`);
  accessSync(directory, constants.W_OK | constants.X_OK);
}

/** SQLite gives what it keeps beside a file the mode of that file. */
export function makePrivateFile(path: string): void {
  closeSync(openSync(path, 'wx', 0o600));
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** By a link, which never takes the place of a file that came meanwhile; some file systems have none. */
function publish(aside: string, file: string): void {
  try {
    linkSync(aside, file);
  } catch (error) {
    refuseToOverwrite(file);
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP') throw error;
    renameSync(aside, file);
  }
}

/** With what SQLite keeps beside it: a journal that a killed process left would be played into the next file of that name. */
export function removeDatabase(path: string): void {
  for (const suffix of ['', '-journal', '-wal', '-shm']) rmSync(`${path}${suffix}`, { force: true });
}

/** Reads all of it. Throws `NotABackup` if it is not whole, or none of ours. */
export function openBackup(path: string): OpenBackup {
  const copy = openWhole(path);
  return {
    result: countBackup(copy, dirname(path)),
    lookups: createSqliteLookups(copy, dirname(path)),
    close: () => copy.close(),
  };
}

/** One that an earlier version wrote is brought to the format of now first: a copy, never the backup itself. */
export function openCopyOfBackup(path: string): OpenBackup {
  const copy = openWhole(path);
  const isOld = versionOf(copy) < migrations.length;
  copy.close();
  if (isOld) {
    const writable = openDatabase(path);
    try {
      migrate(writable, 0);
    } finally {
      writable.close();
    }
  }
  return openBackup(path);
}

function openWhole(path: string): Database {
  let copy: Database | undefined;
  try {
    copy = openDatabase(path, { readOnly: true });
    assertBackup(copy);
    const { integrity_check: said } = copy.get('PRAGMA integrity_check(1)') ?? {};
    if (said !== 'ok') throw new NotABackup(`this backup is damaged: ${String(said)}`);
    return copy;
  } catch (error) {
    copy?.close();
    if (troubleOf(error) === 'broken')
      throw new NotABackup('this backup is damaged or cut off', { cause: error });
    throw error;
  }
}

function assertBackup(copy: Database): void {
  if (!isBackup(copy))
    throw new NotABackup('this file was not written by `postern backup`, or it is cut off');
  if (versionOf(copy) > migrations.length) throw new NotABackup('this backup was written by a newer Postern');
}

function isBackup(copy: Database): boolean {
  try {
    return copy.get("SELECT name FROM sqlite_master WHERE name = 'backup_body'") !== undefined;
  } catch (error) {
    if (troubleOf(error) === 'broken') return false;
    throw error;
  }
}

function countBackup(copy: Database, directory: string): BackupResult {
  const count = (table: string): number =>
    number(copy.get(`SELECT count(*) AS count FROM ${table}`) ?? {}, 'count');
  return {
    messages: depthOf(queuePlaces(copy, directory)).messages,
    events: count('event'),
    bodies: count('backup_body'),
  };
}
