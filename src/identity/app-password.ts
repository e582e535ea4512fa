// App passwords, one for each device (requirements D-OUT-5): `id-secret` in Crockford base32. The id finds the credential; the
// secret: `secret.ts`.

import { decodeBase32, encodeBase32 } from '../base/base32.ts';
import type { Entropy } from '../platform/platform.ts';
import type { Credential } from '../record/identity.ts';
import {
  createSecret,
  ID_OCTETS,
  ID_SYMBOLS,
  SECRET_OCTETS,
  SECRET_SYMBOLS,
  verifiesSecret,
} from './secret.ts';

/** How the text is shown: the id, then the secret in groups that can be read out. */
const groups = [ID_SYMBOLS, 5, 5, 5, 5, 6] as const;
/** With every separator that people put in. */
const TEXT_LENGTH_MAX = 80;

export interface AppPassword {
  /** The credential's id: eight symbols. */
  readonly id: string;
  readonly secret: Uint8Array;
}

export interface NewAppPassword {
  /** Shown once, never kept: `4Q7WJ2ZK-X8K2P-...`. */
  readonly text: string;
  readonly credential: Credential;
}

/** `expiresAt`, `now`: ms since the epoch. */
export function createAppPassword(
  options: { readonly label: string; readonly now: number; readonly expiresAt?: number },
  entropy: Entropy,
): NewAppPassword {
  const { id, text, verifier } = createSecret(entropy);
  const credential: Credential = {
    id,
    kind: 'appPassword',
    label: options.label,
    createdAt: options.now,
    ...(options.expiresAt === undefined ? {} : { expiresAt: options.expiresAt }),
    verifiers: [verifier],
  };
  return { text: grouped(id + text), credential };
}

/** What mail programs and editors make of the dashes, blanks and breaks between groups: typographic hyphens, minus, soft hyphen, zero width. */
const separators = /[\s\-\u00ad\u200b-\u200d\u2010-\u2015\u2060\u2212\ufe58\ufe63\uff0d]/g;

/** Case, dashes, blanks and the letters that Crockford forgives (O, I, L) don't matter. Undefined: it has not that form. */
export function parseAppPassword(text: string): AppPassword | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  const symbols = text.replaceAll(separators, '');
  if (symbols.length !== ID_SYMBOLS + SECRET_SYMBOLS) return undefined;
  const id = decodeBase32(symbols.slice(0, ID_SYMBOLS), ID_OCTETS);
  const secret = decodeBase32(symbols.slice(ID_SYMBOLS), SECRET_OCTETS);
  return id === undefined || secret === undefined ? undefined : { id: encodeBase32(id), secret };
}

/** Constant time in the secret. */
export function verifyAppPassword(credential: Credential, password: AppPassword): boolean {
  return (
    credential.kind === 'appPassword' &&
    credential.id === password.id &&
    credential.verifiers.some((verifier) => verifiesSecret(verifier, password.secret))
  );
}

function grouped(symbols: string): string {
  let at = 0;
  return groups.map((length) => symbols.slice(at, (at += length))).join('-');
}
