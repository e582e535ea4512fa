// A directory that can't be used as it is; says why, and the way out.

import { lstatSync } from 'node:fs';

export class DirectoryUnusable extends Error {
  override readonly name = 'DirectoryUnusable';
}

/** Through a link the sweep would remove files of others, and a process of root would write wherever the owner of the directory likes. */
export function assertNoLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw linkInTheWay(path);
}

export function linkInTheWay(path: string): DirectoryUnusable {
  return new DirectoryUnusable(
    `${path} is a link, and none is followed there: put in its place what it leads to (a directory on another disk: mount it there)`,
  );
}
