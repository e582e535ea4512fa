// Which user of this host is at the other end of a Unix socket? Node can't ask the kernel (SO_PEERCRED), so the user proves it by what only that user
// can do: the server names a file, at random and once, in a directory of its own where everybody may create files and nobody may list them; the client
// creates it, and the owner of the file is the user. The directory is sticky and the server's, so that it alone can remove what others made.

import { randomBytes } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { encodeBase32 } from '../base/base32.ts';
import type { Clock } from '../platform/platform.ts';

/** Beside the socket. */
export const CLAIMS_DIRECTORY = 'claims';
/** The door of root, beside the socket that everybody may use. */
export function rootSocketOf(path: string): string {
  return `${path}.root`;
}

export const claimName = /^[0-9a-hjkmnp-tv-z]{26}$/;

/** Sticky; others write and enter, but don't list. */
const DIRECTORY_MODE = 0o1733;
const FILE_MODE = 0o600;
const WRITABLE_BY_OTHERS = 0o022;
const NAME_OCTETS = 16;
/** To create an empty file. */
const DEADLINE_MS = 10_000;
/** The clock of the file system ticks more slowly than ours. */
const TICK_MS = 50;

export interface Claim {
  /** 128 random bits. */
  readonly name: string;
  readonly issuedAt: number;
  readonly startedAt: number;
}

export interface Claims {
  issue(): Claim;
  /** Who made the file, as uid, or why that can't be told. The file is gone then, and with it the claim: it counts once. */
  redeem(claim: Claim): { readonly uid: number } | { readonly refused: string };
  /** Nobody will redeem it. */
  drop(claim: Claim): void;
}

/** Makes the directory anew. Throws if it can't be had for ourselves. */
export function openClaims(directory: string, clock: Clock): Claims {
  const parent = dirname(directory);
  if ((lstatSync(parent).mode & WRITABLE_BY_OTHERS) !== 0)
    throw new Error(`${parent} can be written by others: chmod go-w ${parent}, or name another directory`);
  mkdirSync(directory, { recursive: true });
  const made = lstatSync(directory);
  if (!made.isDirectory() || made.uid !== process.getuid?.())
    throw new Error(`${directory} must be a directory of the user that runs the server`);
  chmodSync(directory, DIRECTORY_MODE);
  for (const left of readdirSync(directory)) remove(join(directory, left));

  function redeem({ name, issuedAt, startedAt }: Claim): ReturnType<Claims['redeem']> {
    const path = join(directory, name);
    const file = lstatSync(path, { throwIfNoEntry: false });
    remove(path);
    if (clock.monotonic() - startedAt > DEADLINE_MS) return { refused: 'the claim has expired' };
    if (file === undefined) return { refused: 'the file of the claim was not made' };
    // A link, or a file that somebody else made before and that was moved here, would prove the wrong user.
    if (!file.isFile()) return { refused: 'the file of the claim is no plain file' };
    if (file.nlink !== 1) return { refused: 'the file of the claim has another name' };
    if ((file.mode & 0o7777) !== FILE_MODE) return { refused: 'the file of the claim must have mode 0600' };
    if (file.size !== 0) return { refused: 'the file of the claim must be empty' };
    const madeAt = file.birthtimeMs > 0 ? Math.min(file.birthtimeMs, file.ctimeMs) : file.ctimeMs;
    if (madeAt < issuedAt - TICK_MS) return { refused: 'the file of the claim is older than the claim' };
    return { uid: file.uid };
  }

  return {
    issue: () => ({
      name: encodeBase32(randomBytes(NAME_OCTETS)).toLowerCase(),
      issuedAt: clock.now(),
      startedAt: clock.monotonic(),
    }),
    redeem,
    drop: ({ name }) => remove(join(directory, name)),
  };
}

/** What can't be removed (a directory that its maker has filled) proves nothing and stays. */
function remove(path: string): void {
  const file = lstatSync(path, { throwIfNoEntry: false });
  if (file === undefined) return;
  try {
    if (file.isDirectory()) rmdirSync(path);
    else unlinkSync(path);
  } catch {
    // Its name is never asked for again.
  }
}
