// Whose the files of `init` are when it ran as root: the server may read its configuration and keys, but not change them; the data are its own.

import { chmodSync, chownSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gidOf, uidOf } from '../platform/os-user.ts';
import { CommandFailure } from './failure.ts';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export function ownerOf(user: string | undefined): Owner | undefined {
  if (user === undefined) return undefined;
  const [uid, gid] = [uidOf(user), gidOf(user)];
  if (uid === undefined || gid === undefined)
    throw new CommandFailure(`there is no user ${user}: useradd --system --user-group ${user}`, 2);
  if (process.getuid?.() !== 0) throw new CommandFailure('--user gives files away, which root alone may', 2);
  return { uid, gid };
}

export interface Made {
  /** What `init` wrote, and nothing else that lies beside it. */
  readonly files: readonly string[];
  /** Undefined: it was there before, and is its maker's. */
  readonly directory: string | undefined;
  readonly data: string;
}

/** No link is followed. */
export function handOver({ files, directory, data }: Made, owner: Owner): void {
  for (const path of files.filter((file) => lstatSync(file).isFile())) {
    chownSync(path, 0, owner.gid);
    chmodSync(path, 0o640);
  }
  if (directory !== undefined) {
    chownSync(directory, 0, owner.gid);
    chmodSync(directory, 0o750);
  }
  if (existsSync(data)) giveTo(data, owner);
}

function giveTo(path: string, owner: Owner): void {
  const file = lstatSync(path);
  if (file.isSymbolicLink()) return;
  chownSync(path, owner.uid, owner.gid);
  if (file.isDirectory()) for (const name of readdirSync(path)) giveTo(join(path, name), owner);
}
