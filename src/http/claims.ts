// Which user of this host is at the other end of a Unix socket? Node can't ask the kernel (SO_PEERCRED), so the user proves it by what only that user
// can do: the server names a file, at random and once, in a directory of its own where everybody may create files and nobody may list them; the client
// creates it, and the owner of the file is the user. The directory is sticky and the server's, so that it alone can remove what others made.
//
// A file can be made large, and goes on growing after it was removed. So the directory lies where every user may write in any case (/dev/shm), and beside
// the socket stands a link to it: nobody can fill a file system that was closed to them before, /run least of all.

import { hash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  opendirSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { encodeBase32 } from '../base/base32.ts';
import type { Clock } from '../platform/platform.ts';

/** Beside the socket: a link to the directory. */
export const CLAIMS_DIRECTORY = 'claims';
/** The socket for root alone, beside the one that everybody may use. */
export function rootSocketOf(path: string): string {
  return `${path}.root`;
}

/** Sticky; others write and enter, but don't list. */
const DIRECTORY_MODE = 0o1733;
const FILE_MODE = 0o600;
const WRITABLE_BY_OTHERS = 0o022;
/** Sticky and written by everybody: where anybody may leave files, and only their own. */
const PUBLIC_MODE = 0o1777;
/** Files removed at most at a start, which is bounded by it whatever users left there. */
const CLEARED_MAX = 10_000;
const NAME_OCTETS = 16;
/** Time to create an empty file. */
const DEADLINE_MS = 10_000;
/** The clock of the file system ticks more slowly than ours. */
const TICK_MS = 50;

export interface UserClaim {
  /** 128 random bits. */
  readonly name: string;
  readonly issuedAt: number;
  readonly startedAt: number;
}

export type Proof = { readonly uid: number } | { readonly late: string } | { readonly refused: string };

export interface UserClaims {
  issue(): UserClaim;
  /** Who made the file, as uid, or why that can't be told. The file is gone then, and with it the claim: it counts once. `late`: another claim may do. */
  redeem(claim: UserClaim): Proof;
  /** Drops a claim that nobody will redeem. */
  drop(claim: UserClaim): void;
}

/** In this order. systemd's `PrivateTmp=` hides the second one from us, and its `PrivateDevices=` leaves the first one to all. */
const publicPlaces: readonly string[] = ['/dev/shm', '/tmp'];

/** Makes the directory, or clears the one of an earlier run, and the link to it. Throws if it can't be had for ourselves. */
export function openClaims(link: string, clock: Clock, places = publicPlaces): UserClaims {
  const parent = dirname(link);
  if ((lstatSync(parent).mode & WRITABLE_BY_OTHERS) !== 0)
    throw new Error(`${parent} can be written by others: chmod go-w ${parent}, or name another directory`);
  const place = places.find((one) => (modeOf(one) & PUBLIC_MODE) === PUBLIC_MODE);
  if (place === undefined)
    throw new Error(
      `no directory where all users may write (${places.join(', ')}), to prove themselves: mount a tmpfs with mode=1777 at ${places[0]}`,
    );
  let directory = ownDirectory(place, link);
  clear(directory);
  point(link, directory);

  return claimsIn(() => {
    // Removed with the shared memory of our user, as systemd-logind does it at the end of a session.
    if (!existsSync(directory)) {
      directory = ownDirectory(place, link);
      point(link, directory);
    }
    return directory;
  }, clock);
}

/** In a directory where nobody can rename what another user made; it is asked for when a claim is issued. */
export function claimsIn(directoryNow: () => string, clock: Clock, prefix = ''): UserClaims {
  let directory = directoryNow();
  const pathOf = (name: string): string => join(directory, `${prefix}${name}`);

  function redeem({ name, issuedAt, startedAt }: UserClaim): Proof {
    const path = pathOf(name);
    const file = lstatSync(path, { throwIfNoEntry: false });
    remove(path);
    if (clock.monotonic() - startedAt > DEADLINE_MS) return { late: 'the claim has expired' };
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
    issue() {
      directory = directoryNow();
      return {
        name: encodeBase32(randomBytes(NAME_OCTETS)).toLowerCase(),
        issuedAt: clock.now(),
        startedAt: clock.monotonic(),
      };
    },
    redeem,
    drop: ({ name }) => remove(pathOf(name)),
  };
}

function modeOf(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true ? found.mode : 0;
}

/** Found again after a crash by its name, which tells the socket; if that name is taken by somebody else, another one. */
function ownDirectory(place: string, link: string): string {
  const uid = process.getuid?.();
  const wanted = join(place, `postern-${uid}-${hash('sha256', resolve(link)).slice(0, NAME_OCTETS)}`);
  let directory = wanted;
  try {
    mkdirSync(wanted);
  } catch {
    const found = lstatSync(wanted, { throwIfNoEntry: false });
    const isOurs = found?.isDirectory() === true && found.uid === uid;
    if (!isOurs) directory = mkdtempSync(`${wanted}-`);
  }
  chmodSync(directory, DIRECTORY_MODE);
  return directory;
}

function clear(directory: string): void {
  const listing = opendirSync(directory);
  try {
    for (let count = 0; count < CLEARED_MAX; count += 1) {
      const entry = listing.readSync();
      if (entry === null) return;
      remove(join(directory, entry.name));
    }
  } finally {
    listing.closeSync();
  }
}

/** In one step: a client meanwhile finds the old link or the new one. */
function point(link: string, directory: string): void {
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    clear(link);
    remove(link);
    if (existsSync(link)) throw new Error(`${link} is not empty: remove it as root`);
  }
  const next = `${link}.new`;
  remove(next);
  symlinkSync(directory, next);
  renameSync(next, link);
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
