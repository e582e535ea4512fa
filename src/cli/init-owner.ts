// Whose the files of `init` are when it ran as root: the server may read its configuration and keys, but not change them; the data are its own.

import { chmodSync, chownSync, lchownSync, lstatSync } from 'node:fs';
import { gidOf, uidOf } from '../platform/os-user.ts';
import { openEngine } from '../store/engine.ts';
import { engineIn } from '../store/engine-choice.ts';
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
  /** If it was there before it stays its owner's, unless that is root; what else lies in it stays as it is. */
  readonly data: string;
}

/** No link is followed. */
export async function handOver({ files, directory, data }: Made, owner: Owner): Promise<void> {
  for (const path of files.filter((file) => lstatSync(file).isFile())) {
    chownSync(path, 0, owner.gid);
    chmodSync(path, 0o640);
  }
  if (directory !== undefined) {
    chownSync(directory, 0, owner.gid);
    chmodSync(directory, 0o750);
  }
  const kept = lstatSync(data, { throwIfNoEntry: false });
  if (kept?.isDirectory() === true && kept.uid === 0) lchownSync(data, owner.uid, owner.gid);
  const engine = await openEngine(engineIn(data));
  await engine.leaveToOwner();
}
