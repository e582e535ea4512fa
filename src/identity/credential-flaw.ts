// What a credential of an identity lacks to be good for a login, and the hash it is verified with.

import type { Credential, Identity } from '../record/identity.ts';

/** Judged only after the secret proved right, and answered like a wrong one. */
export function flawOf(
  identity: Identity | undefined,
  credential: Credential,
  now: number,
): string | undefined {
  if (identity === undefined) return 'unknown login';
  if (identity.state !== 'active') return `identity is ${identity.state}`;
  if (credential.disabled !== undefined) return 'credential revoked';
  if (credential.expiresAt !== undefined && credential.expiresAt <= now) return 'credential expired';
  return undefined;
}

export function phcOf(credential: Credential | undefined): string | undefined {
  for (const verifier of credential?.verifiers ?? []) if (verifier.type === 'argon2id') return verifier.phc;
  return undefined;
}
