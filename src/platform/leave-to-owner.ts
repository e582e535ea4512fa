// What root made in somebody else's directory becomes its owner's, as if that one had made it: else that one's server could not open it.

import { existsSync, lchownSync, lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { withinDirectory } from './held-directory.ts';

/**
 * `each`: gives what is ours, by names in `held`, which is the same directory. Its owner may change the names meanwhile, so no link is followed. Nothing to do for
 * any other user than root.
 */
export function leaveToOwner(
  directory: string,
  each: (held: string, give: (path: string) => void) => void,
): void {
  if (process.getuid?.() !== 0 || !existsSync(directory)) return;
  // The directory itself may be named by a link: that is the operator's word.
  withinDirectory(realpathSync(directory), (held) => {
    const owner = statSync(held);
    if (owner.uid === 0) return;
    each(held, (path) => giveTo(path, owner));
  });
}

function giveTo(path: string, { uid, gid }: Stats): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  // With a second name it may be a file of root's elsewhere.
  const isOurs = found?.isDirectory() === true || (found?.isFile() === true && found.nlink === 1);
  if (found?.uid === 0 && isOurs) lchownSync(path, uid, gid);
}
