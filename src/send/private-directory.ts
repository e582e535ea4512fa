// A directory that is its owner's alone: another user who can write into the queue could send mail in our name, one who can read it reads mail.

import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EX } from '../base/sysexits.ts';
import { syncDirectory } from '../platform/disk.ts';
import { SendFailure } from './failure.ts';

const OTHERS = 0o077;

/** Made with its parents, on the disk. */
export async function makePrivate(directory: string): Promise<void> {
  const first = await mkdir(directory, { recursive: true, mode: 0o700 });
  if (first !== undefined)
    for (let made = directory; made.length >= first.length; made = dirname(made))
      await syncDirectory(dirname(made));
  await mustBePrivate(directory);
}

/** Rejects with the system's error if there is none, with `SendFailure` if it is not private. */
export async function mustBePrivate(directory: string): Promise<void> {
  const { mode, uid } = await stat(directory);
  if (process.platform === 'win32') return;
  if (uid !== process.getuid?.() || (mode & OTHERS) !== 0)
    throw new SendFailure(EX.OSERR, `the queue must be yours alone: chmod 700 ${directory}`);
}
