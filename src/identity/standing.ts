// Does what proved an identity stand, and is the identity good for a login? Asked when the secret has proved right, of what is remembered, and of open sessions. Who
// does not pass is answered like one who was wrong.

import type { Credential, IdentityStatus, Proof } from '../record/identity.ts';
import { type ShownIdentity, withCredentials } from '../store/shown-identity.ts';

export type Standing =
  /** `proof`: as the identity says it now. */
  { readonly state: 'active'; readonly proof: Proof } | { readonly state: Exclude<IdentityStatus, 'active'> };

/** Throws `StoreUnavailable` if the credential that it asks for is hidden. */
export function standingOf(identity: ShownIdentity, proof: Proof, nowMs: number): Standing {
  if (identity.state !== 'active') return { state: identity.state };
  return standingByKind[proof.kind](identity, proof, nowMs);
}

export function proofOf({ kind, id, label, createdAt, expiresAt }: Credential): Proof {
  return { kind, id, label, since: createdAt, ...(expiresAt === undefined ? {} : { expiresAt }) };
}

export function hasExpired({ expiresAt }: Pick<Proof, 'expiresAt'>, nowMs: number): boolean {
  return expiresAt !== undefined && expiresAt <= nowMs;
}

type StandingOfProof = (identity: ShownIdentity, proof: Proof, nowMs: number) => Standing;

/** Of an active identity. */
const standingByKind: Readonly<Record<Proof['kind'], StandingOfProof>> = {
  password: ofCredential,
  appPassword: ofCredential,
  token: ofCredential,
  totp: nobody,
  passkey: nobody,
  recoveryCode: nobody,
  directory: ({ origin }, proof) =>
    origin?.directory === proof.directory ? { state: 'active', proof } : { state: 'credentialRevoked' },
  osUser: (_identity, proof) => ({ state: 'active', proof }),
};

/** A second factor proves nobody by itself. */
function nobody(): Standing {
  return { state: 'credentialRevoked' };
}

function ofCredential(identity: ShownIdentity, proof: Proof, nowMs: number): Standing {
  const { credentials } = withCredentials(identity);
  const credential = credentials.find(({ id }) => id === proof.id);
  if (credential === undefined || credential.disabled !== undefined) return { state: 'credentialRevoked' };
  // A changed password keeps its id: a session that logged in with the old one must not go on.
  if (proof.since !== undefined && proof.since !== credential.createdAt) return { state: 'passwordChanged' };
  if (hasExpired(credential, nowMs)) return { state: 'credentialExpired' };
  return { state: 'active', proof: proofOf(credential) };
}
