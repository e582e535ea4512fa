// Is the principal of an open session still who it was? Every change of an identity bumps its revision, which is pushed to the
// fronts; a session compares before it lets in, at MAIL and at end of data (BCP134-3.1-f, F-TX-2), so that suspension bites at once.

import { principalOf, servicePrincipal } from '../identity/identity-changes.ts';
import type { Identity, IdentityId, Principal, Proof, IdentityStatus } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { StoreNotice } from '../store/port.ts';

export type PrincipalStatus =
  | { readonly state: 'active'; readonly principal: Principal }
  | { readonly state: Exclude<IdentityStatus, 'active'> };

export interface IdentityStatuses {
  noticed(notice: Extract<StoreNotice, { type: 'identityChanged' }>): void;
  /** Notices may have been lost: what was known before of any principal is not believed any more. */
  unsure(): void;
  /** Call it before a principal is read from the directory, and the function that it gives with the principal that was read. */
  reading(): (principal: Principal) => void;
  /** True: nothing has changed since the principal was made. */
  unchanged(principal: Principal, nowMs: number): boolean;
  /** The principal as of now; throws `StoreUnavailable`. */
  refresh(principal: Principal, nowMs: number): Promise<PrincipalStatus>;
}

/** `isSure` false: changes may not have been heard of, and each principal is read anew. */
export function createIdentityStatuses(lookups: Lookups, isSure: () => boolean): IdentityStatuses {
  // Bounded by the number of identities: one small entry for each that changed since the start.
  const revisions = new Map<IdentityId, number>();
  /** Read since notices may have been lost; undefined: none ever were. */
  let read: WeakSet<Principal> | undefined;

  function reading(): (principal: Principal) => void {
    const then = read;
    return (principal) => {
      if (then === read) read?.add(principal);
    };
  }

  return {
    reading,
    unsure() {
      read = new WeakSet();
    },
    noticed({ identityId, revision }) {
      // Notices may overtake each other.
      revisions.set(identityId, Math.max(revision, revisions.get(identityId) ?? 0));
    },
    unchanged(principal, nowMs) {
      if (hasExpired(principal.proof, nowMs) || !isSure()) return false;
      if (read !== undefined && !read.has(principal)) return false;
      return (revisions.get(principal.identityId) ?? 0) <= principal.revision;
    },
    async refresh(principal, nowMs) {
      const confirm = reading();
      const identity = await lookups.identityById(principal.identityId);
      if (identity === undefined) return { state: 'removed' };
      if (identity.state !== 'active') return { state: identity.state };
      const identityStatus = statusByProof[principal.proof.kind](identity, principal, nowMs);
      if (identityStatus.state === 'active') confirm(identityStatus.principal);
      return identityStatus;
    },
  };
}

type StatusOfProof = (identity: Identity, principal: Principal, nowMs: number) => PrincipalStatus;

/** Of an active identity: does what proved it still stand? */
const statusByProof: Readonly<Record<Proof['kind'], StatusOfProof>> = {
  password: credentialStatus,
  appPassword: credentialStatus,
  osUser: (identity, { proof }) => ({
    state: 'active',
    principal: servicePrincipal(identity, proof.label),
  }),
};

function credentialStatus(
  identity: Identity,
  { proof, mechanism }: Principal,
  nowMs: number,
): PrincipalStatus {
  const credential = identity.credentials.find(({ id }) => id === proof.id);
  if (credential === undefined || credential.disabled !== undefined) return { state: 'credentialRevoked' };
  // A changed password keeps its id: a session that logged in with the old one must not go on.
  if (proof.since !== undefined && proof.since !== credential.createdAt) return { state: 'passwordChanged' };
  if (hasExpired(credential, nowMs)) return { state: 'credentialExpired' };
  return { state: 'active', principal: principalOf(identity, credential, mechanism) };
}

function hasExpired({ expiresAt }: { readonly expiresAt?: number }, nowMs: number): boolean {
  return expiresAt !== undefined && expiresAt <= nowMs;
}
