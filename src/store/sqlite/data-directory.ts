// The data directory: made if it is not there, locked for life, and, if it can't be used, why and what to do about it.

import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { reasonInWords } from '../../base/failure-words.ts';
import { withinDirectory } from '../../platform/held-directory.ts';
import { ownUserName } from '../../platform/own-user.ts';
import { bodiesDirectoryOf } from './bodies.ts';
import { openDatabase, troubleOf } from './database.ts';
import { STORE_FILE } from './schema.ts';

const LOCK_FILE = 'lock.sqlite';

export class StoreLocked extends Error {
  override readonly name = 'StoreLocked';
}

/** The directory can't be used as it is; says why, and the way out. */
export class DataDirectoryUnusable extends Error {
  override readonly name = 'DataDirectoryUnusable';
}

/** Runs one step of opening; what the file system says against it is put into words. */
export function opening<T>(dataDirectory: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const because = whyUnusable(error);
    if (because === undefined) throw error;
    throw new DataDirectoryUnusable(`${dataDirectory} ${because}`, { cause: error });
  }
}

const FULL = 'has no space left: make some, then start again';

function whyUnusable(error: unknown): string | undefined {
  const code = codeOf(error);
  const trouble = troubleOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT' || trouble === 'full') return FULL;
  if (code === 'EROFS')
    return "can't be written: its file system is read-only. If it was mounted so: mount -o remount,rw; if it became so by itself: unmount it, fsck, mount it again";
  if (code === 'EACCES' || code === 'EPERM' || trouble === 'readOnly') return barred();
  return undefined;
}

const barred = (): string =>
  `can't be written by user ${ownUserName()}: the user of the service must own it and all in it (chown -R)`;

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/**
 * Held as long as the process lives: two servers on one directory would deliver everything twice. Returns the release. Throws `StoreLocked` and
 * `DataDirectoryUnusable`. `setting`: the key that names the directory.
 */
export function lockDirectory(dataDirectory: string, setting = 'data'): () => void {
  make(dataDirectory, setting);
  return opening(dataDirectory, () => lock(dataDirectory));
}

function make(directory: string, setting: string): void {
  if (existsSync(directory)) return;
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = codeOf(error);
    const because =
      code === 'ENOSPC' || code === 'EDQUOT'
        ? FULL
        : `does not exist and can't be made by user ${ownUserName()} (${reasonInWords(error)}): set \`${setting}:\` to a directory that this user may write`;
    throw new DataDirectoryUnusable(`${directory} ${because}`, { cause: error });
  }
}

function lock(dataDirectory: string): () => void {
  chmodSync(dataDirectory, 0o700);
  for (const path of [...databasesIn(dataDirectory), bodiesDirectoryOf(dataDirectory)]) assertNoLink(path);
  for (const path of filesOf(dataDirectory)) assertOpen(path);
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

/** Behind a link the sweep would remove what is another's; and a process of root would write wherever the owner of the directory likes. */
function assertNoLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return;
  throw new DataDirectoryUnusable(
    `${path} is a link, and none is followed there: put in its place what it leads to (a directory on another disk: mount it there)`,
  );
}

/** Throws the system's error if this process may not write it. Whoever holds the lock may remove it meanwhile. */
function assertOpen(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** What is ours in a data directory: databases with what SQLite keeps beside them, and bodies. Whatever else lies there is the operator's. */
function filesOf(dataDirectory: string): readonly string[] {
  const bodies = bodiesDirectoryOf(dataDirectory);
  return [
    ...databasesIn(dataDirectory),
    ...(existsSync(bodies) ? [bodies, ...readdirSync(bodies).map((name) => join(bodies, name))] : []),
  ];
}

function databasesIn(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith(LOCK_FILE) || name.startsWith(STORE_FILE))
    .map((name) => join(directory, name));
}

/**
 * What root made in somebody else's data directory becomes its owner's, as if that one had made it: else the server could not open it. That one may
 * change the names meanwhile, so no link is followed. Nothing to do for any other user.
 */
export function leaveToOwner(dataDirectory: string): void {
  if (process.getuid?.() !== 0 || !existsSync(dataDirectory)) return;
  // The directory itself may be named by a link: that is the operator's word.
  withinDirectory(realpathSync(dataDirectory), (held) => {
    const owner = statSync(held);
    if (owner.uid === 0) return;
    for (const path of databasesIn(held)) give(path, owner);
    withinDirectory(bodiesDirectoryOf(held), (bodies) => {
      for (const name of readdirSync(bodies)) give(join(bodies, name), owner);
    });
    give(bodiesDirectoryOf(held), owner);
  });
}

function give(path: string, { uid, gid }: Stats): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  // With a second name it may be a file of root's elsewhere.
  const isOurs = found?.isDirectory() === true || (found?.isFile() === true && found.nlink === 1);
  if (found?.uid === 0 && isOurs) lchownSync(path, uid, gid);
}
