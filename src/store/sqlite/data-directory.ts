// The data directory: which files in it are ours, its lock, and whose they are.

import { existsSync, lchownSync, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { assertOpen, lockDirectory, lockFilesIn } from '../../platform/directory-lock.ts';
import { assertNoLink } from '../../platform/directory-unusable.ts';
import { withinDirectory } from '../../platform/held-directory.ts';
import { StoreLocked } from '../engine-errors.ts';
import { bodiesDirectoryOf } from './bodies.ts';
import { STORE_FILE } from './schema.ts';

/** Two servers on one directory would deliver everything twice. Returns the release. Throws `StoreLocked` and `DirectoryUnusable`. */
export function lockDataDirectory(dataDirectory: string): () => void {
  const unlock = lockDirectory(dataDirectory, { setting: 'data', look: () => assertUsable(dataDirectory) });
  if (unlock !== undefined) return unlock;
  throw new StoreLocked(
    `another Postern uses ${dataDirectory}: stop it, or give this one a data directory of its own`,
  );
}

function assertUsable(dataDirectory: string): void {
  for (const path of [...storeFilesIn(dataDirectory), bodiesDirectoryOf(dataDirectory)]) assertNoLink(path);
  for (const path of filesOf(dataDirectory)) assertOpen(path);
}

/** What is ours in a data directory beside its lock: the database with what SQLite keeps beside it, and bodies. Whatever else is the operator's. */
function filesOf(dataDirectory: string): readonly string[] {
  const bodies = bodiesDirectoryOf(dataDirectory);
  return [
    ...storeFilesIn(dataDirectory),
    ...(existsSync(bodies) ? [bodies, ...readdirSync(bodies).map((name) => join(bodies, name))] : []),
  ];
}

function storeFilesIn(directory: string): readonly string[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith(STORE_FILE))
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
    for (const path of [...lockFilesIn(held), ...storeFilesIn(held)]) give(path, owner);
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
