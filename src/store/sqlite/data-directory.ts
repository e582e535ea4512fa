// The data directory: which files in it are ours, its lock, and whose they are.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assertOpen, lockDirectory, lockFilesIn } from '../../platform/directory-lock.ts';
import { assertNoLink } from '../../platform/directory-unusable.ts';
import { leaveToOwner } from '../../platform/leave-to-owner.ts';
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

/** What root made (`platform/leave-to-owner.ts`). */
export function leaveStoreToOwner(dataDirectory: string): void {
  leaveToOwner(dataDirectory, (held, give) => {
    for (const path of [...lockFilesIn(held), ...storeFilesIn(held)]) give(path);
    withinDirectory(bodiesDirectoryOf(held), (bodies) => {
      for (const name of readdirSync(bodies)) give(join(bodies, name));
    });
    give(bodiesDirectoryOf(held));
  });
}
