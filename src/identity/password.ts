// Human passwords: argon2id in PHC string form (RFC 9106; 19 MiB, two passes, one lane), computed off the main thread.
// A password is prepared as an OpaqueString (RFC 8265 section 4.2): NFC, and non-ASCII blanks as plain ones.

import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import type { Entropy } from '../platform/platform.ts';

interface Cost {
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
  readonly parallelism: number;
}

interface Phc extends Cost {
  readonly salt: Uint8Array;
  readonly tag: Uint8Array;
}

const argon2Async = promisify(argon2);

const cost: Cost = { memory: 19_456, passes: 2, parallelism: 1 };
const SALT_OCTETS = 16;
const TAG_OCTETS = 32;

/** A longer one fails like any wrong password; nobody types it, and hashing it would be work for a stranger. */
export const PASSWORD_OCTETS_MAX = 1024;

/** Characters of a new one. */
export const PASSWORD_MIN = 8;

// The highest cost that a stored string may ask for: a damaged or hostile import must not exhaust the machine.
const costMax: Cost = { memory: 262_144, passes: 10, parallelism: 4 };

/** Of no password: verifying against it costs what a real one costs and never succeeds (requirements F-AUTH-3). */
const nobody: Phc = { ...cost, salt: new Uint8Array(SALT_OCTETS), tag: new Uint8Array(TAG_OCTETS) };

/** `$argon2id$v=19$m=...,t=...,p=...$salt$tag`. */
export async function hashPassword(password: string, entropy: Entropy): Promise<string> {
  const salt = entropy.bytes(SALT_OCTETS);
  const tag = await compute(preparePassword(password), { ...cost, salt, tag: nobody.tag });
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(salt)}$${base64(tag)}`;
}

/**
 * Costs exactly one argon2, also for `undefined` (nobody has this password), an unreadable verifier or a password out of
 * bounds; compares in constant time.
 */
export async function verifyPassword(phc: string | undefined, password: string): Promise<boolean> {
  const stored = phc === undefined ? undefined : parsePhc(phc);
  const prepared = preparePassword(password);
  const withinBounds = prepared.length > 0 && prepared.length <= PASSWORD_OCTETS_MAX;
  const expected = stored ?? nobody;
  const tag = await compute(withinBounds ? prepared : new Uint8Array(1), expected);
  const equal = timingSafeEqual(tag, expected.tag);
  return equal && withinBounds && stored !== undefined;
}

export function preparePassword(password: string): Uint8Array {
  return Buffer.from(password.replaceAll(/\p{Zs}/gu, ' ').normalize('NFC'), 'utf8');
}

async function compute(password: Uint8Array, phc: Phc): Promise<Uint8Array> {
  return argon2Async('argon2id', {
    message: password,
    nonce: phc.salt,
    memory: phc.memory,
    passes: phc.passes,
    parallelism: phc.parallelism,
    tagLength: phc.tag.length,
  });
}

const phcForm =
  /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,86})$/;

/** Undefined: not argon2id version 19, or its cost is out of bounds. */
function parsePhc(phc: string): Phc | undefined {
  const match = phcForm.exec(phc);
  if (match === null) return undefined;
  const [memory, passes, parallelism] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const possible = passes >= 1 && parallelism >= 1 && memory >= 8 * parallelism;
  const bearable = memory <= costMax.memory && passes <= costMax.passes && parallelism <= costMax.parallelism;
  if (!possible || !bearable) return undefined;
  const salt = Buffer.from(match[4] ?? '', 'base64');
  const tag = Buffer.from(match[5] ?? '', 'base64');
  return salt.length < 8 ? undefined : { memory, passes, parallelism, salt, tag };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('=', '');
}
