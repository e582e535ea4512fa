// Is the principal of an open session still who it was? Every change of an identity bumps its revision, which is pushed to the
// fronts; a session compares at MAIL and at end of data (DESIGN 3.7, BCP134-3.1-f, F-TX-2), so that suspension bites at once.

import { OS_USER, principalOf, servicePrincipal } from '../identity/directory.ts';
import type { Credential, IdentityId, IdentityState, Principal } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { StoreNotice } from '../store/port.ts';

export type Standing =
  | { readonly state: 'active'; readonly principal: Principal }
  | { readonly state: Exclude<IdentityState, 'active'> | 'credentialGone' };

export interface Standings {
  noticed(notice: Extract<StoreNotice, { type: 'identityChanged' }>): void;
  /** True: nothing has changed since the principal was made. */
  unchanged(principal: Principal, nowMs: number): boolean;
  /** The principal as of now; throws `StoreUnavailable`. */
  refresh(principal: Principal, nowMs: number): Promise<Standing>;
}

export function createStandings(lookups: Lookups): Standings {
  // Bounded by the number of identities: one small entry for each that changed since the start.
  const revisions = new Map<IdentityId, number>();
  return {
    noticed({ identityId, revision }) {
      // Notices may overtake each other.
      revisions.set(identityId, Math.max(revision, revisions.get(identityId) ?? 0));
    },
    unchanged(principal, nowMs) {
      if (principal.credentialExpiresAt !== undefined && principal.credentialExpiresAt <= nowMs) return false;
      return (revisions.get(principal.identityId) ?? 0) <= principal.revision;
    },
    async refresh(principal, nowMs) {
      const identity = await lookups.identityById(principal.identityId);
      if (identity === undefined) return { state: 'removed' };
      if (identity.state !== 'active') return { state: identity.state };
      if (principal.mechanism === OS_USER)
        return { state: 'active', principal: servicePrincipal(identity, principal.credentialLabel) };
      const credential = identity.credentials.find(({ id }) => id === principal.credentialId);
      const expired = credential?.expiresAt !== undefined && credential.expiresAt <= nowMs;
      if (credential === undefined || expired || isAnother(principal, credential))
        return { state: 'credentialGone' };
      return { state: 'active', principal: principalOf(identity, credential, principal.mechanism) };
    },
  };
}

/** A changed password has the id of the one before it: who came in with that one is out. */
function isAnother({ credentialSince }: Principal, { createdAt }: Credential): boolean {
  return credentialSince !== undefined && credentialSince !== createdAt;
}
