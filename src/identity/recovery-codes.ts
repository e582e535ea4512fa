// Recovery codes: ten, each good once, for who has lost what shows the codes. 80 random bits each, so that a salted SHA-256 is enough to keep.

import { decodeBase32, encodeBase32 } from '../base/base32.ts';
import type { Entropy } from '../platform/platform.ts';
import type { Verifier } from '../record/identity.ts';
import { verifierOf, verifiesSecret } from './secret.ts';

const CODES = 10;
const CODE_OCTETS = 10;
const TEXT_LENGTH_MAX = 60;

export interface NewRecoveryCodes {
  /** Shown once, never kept: `4Q7W-J2ZK-X8K2-P0M9`. */
  readonly texts: readonly string[];
  readonly verifiers: readonly Verifier[];
}

export function createRecoveryCodes(entropy: Entropy): NewRecoveryCodes {
  const secrets = Array.from({ length: CODES }, () => entropy.bytes(CODE_OCTETS));
  return {
    texts: secrets.map((secret) => (encodeBase32(secret).match(/.{4}/g) ?? []).join('-')),
    verifiers: secrets.map((secret) => verifierOf(secret, entropy)),
  };
}

/** It could be one: with 80 random bits it can't be guessed, however often somebody tries. */
export const isRecoveryForm = (text: string): boolean => secretIn(text) !== undefined;

function secretIn(text: string): Uint8Array | undefined {
  return text.length > TEXT_LENGTH_MAX
    ? undefined
    : decodeBase32(text.replaceAll(/[\s\p{Pd}]/gu, ''), CODE_OCTETS);
}

/** Which of them `text` is. Case, dashes, blanks and the letters that Crockford forgives don't matter. */
export function recoveryCodeOf(verifiers: readonly Verifier[], text: string): Verifier | undefined {
  const secret = secretIn(text);
  return secret === undefined ? undefined : verifiers.find((one) => verifiesSecret(one, secret));
}
