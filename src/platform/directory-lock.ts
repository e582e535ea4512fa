// A directory that one process at a time works in: made if it is not there, locked for life, and, if it can't be used, why and what to do about it.

import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { reasonInWords } from '../base/failure-words.ts';
import { assertNoLink, DirectoryUnusable } from './directory-unusable.ts';
import { lockFile } from './file-lock.ts';
import { ownUserName } from './own-user.ts';
import { troubleOf } from './sqlite-trouble.ts';

const LOCK_FILE = 'lock.sqlite';

/** Runs one step of opening; what the file system says against it is put into words. */
export function opening<T>(directory: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const because = whyUnusable(error);
    if (because === undefined) throw error;
    throw new DirectoryUnusable(`${directory} ${because}`, { cause: error });
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

interface LockOptions {
  /** The key that names the directory. */
  readonly setting: string;
  /** Throws if what else is ours in it can't be used. */
  readonly look?: () => void;
}

/** The release; else held as long as the process lives. Undefined: another process holds it. Throws `DirectoryUnusable`. */
export function lockDirectory(
  directory: string,
  { setting, look = () => undefined }: LockOptions,
): (() => void) | undefined {
  make(directory, setting);
  return opening(directory, () => {
    chmodSync(directory, 0o700);
    look();
    for (const path of lockFilesIn(directory)) {
      assertNoLink(path);
      assertOpen(path);
    }
    return lockFile(join(directory, LOCK_FILE));
  });
}

/**
 * Names the lock of a directory as nothing else in the world, until its machine is started again: two who name it alike hold it one after the other. Undefined: the
 * system has no name for this run of it (only Linux has), or nobody has made the directory.
 */
export function lockNameOf(directory: string): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    const { dev, ino } = statSync(directory);
    return `${boot}/${dev}/${ino}`;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** With what SQLite keeps beside it. */
export function lockFilesIn(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith(LOCK_FILE))
    .map((name) => join(directory, name));
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
    throw new DirectoryUnusable(`${directory} ${because}`, { cause: error });
  }
}

/** Throws the system's error if this process may not write it. The holder of the lock may remove it meanwhile. */
export function assertOpen(path: string): void {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}
