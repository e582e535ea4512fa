// Secrets that are made here, for app passwords and tokens: 128 random bits, so that one salted SHA-256 is enough to keep, and a busy server spends no argon2 on them.
// Recovery codes, which have 80, are kept alike.

import { createHash, timingSafeEqual } from 'node:crypto';
import { encodeBase32 } from '../base/base32.ts';
import type { Entropy } from '../platform/platform.ts';
import type { Verifier } from '../record/identity.ts';

const SALT_OCTETS = 16;

export const ID_OCTETS = 5;
export const SECRET_OCTETS = 16;
export const ID_SYMBOLS = 8;
export const SECRET_SYMBOLS = 26;

export interface NewSecret {
  /** Of the credential: eight symbols. */
  readonly id: string;
  /** As text: 26 symbols of base32. */
  readonly text: string;
  readonly verifier: Verifier;
}

export function createSecret(entropy: Entropy): NewSecret {
  const id = encodeBase32(entropy.bytes(ID_OCTETS));
  const secret = entropy.bytes(SECRET_OCTETS);
  return { id, text: encodeBase32(secret), verifier: verifierOf(secret, entropy) };
}

/** `secret`: 80 random bits at least. */
export function verifierOf(secret: Uint8Array, entropy: Entropy): Verifier {
  const salt = entropy.bytes(SALT_OCTETS);
  return { type: 'sha256', salt: hex(salt), digest: hex(digestOf(salt, secret)) };
}

/** Constant time in the secret. */
export function verifiesSecret(verifier: Verifier, secret: Uint8Array): boolean {
  if (verifier.type !== 'sha256') return false;
  const expected = Buffer.from(verifier.digest, 'hex');
  const given = digestOf(Buffer.from(verifier.salt, 'hex'), secret);
  return expected.length === given.length && timingSafeEqual(expected, given);
}

function digestOf(salt: Uint8Array, secret: Uint8Array): Uint8Array {
  return createHash('sha256').update(salt).update(secret).digest();
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
