// Tokens, one for each program that asks the API: `postern_IDENTITY_ID_SECRET`. The identity stands in the text, so that a token is found by a key that every store
// has; the secret: `secret.ts`. The prefix is for those who look for secrets that were published by mistake.

import { decodeBase32 } from '../base/base32.ts';
import type { Entropy } from '../platform/platform.ts';
import type { Credential, IdentityId, TokenScope } from '../record/identity.ts';
import { createSecret, SECRET_OCTETS, verifiesSecret } from './secret.ts';

export interface Token {
  readonly identityId: IdentityId;
  /** The credential's id: eight symbols. */
  readonly id: string;
  readonly secret: Uint8Array;
}

export interface NewToken {
  /** Shown once, never kept. */
  readonly text: string;
  readonly credential: Credential & { readonly kind: 'token' };
}

/** `expiresAt`, `now`: ms since the epoch. */
export function createToken(
  {
    identityId,
    now,
    ...kept
  }: {
    readonly identityId: IdentityId;
    readonly label: string;
    readonly scopes: readonly TokenScope[];
    readonly now: number;
    readonly expiresAt?: number;
  },
  entropy: Entropy,
): NewToken {
  const { id, text, verifier } = createSecret(entropy);
  return {
    text: `postern_${identityId}_${id}_${text}`,
    credential: { id, kind: 'token', ...kept, createdAt: now, verifiers: [verifier] },
  };
}

/** Programs copy it, so it is taken as it was made. Undefined: it has not that form. */
export function parseToken(text: string): Token | undefined {
  const [, identityId = '', id = '', symbols = ''] =
    /^postern_([\w.-]{1,64})_([0-9A-Z]{8})_([0-9A-Z]{26})$/.exec(text) ?? [];
  const secret = decodeBase32(symbols, SECRET_OCTETS);
  return secret === undefined ? undefined : { identityId, id, secret };
}

/** Constant time in the secret. */
export function verifyToken(credential: Credential, { id, secret }: Token): boolean {
  return (
    credential.kind === 'token' &&
    credential.id === id &&
    credential.verifiers.some((verifier) => verifiesSecret(verifier, secret))
  );
}
