// Is the principal of an open session still who it was? Every change of an identity bumps its revision, which is pushed to the
// fronts; a session compares before it lets in, at MAIL and at end of data (BCP134-3.1-f, F-TX-2), so that suspension bites at once.

import { OS_USER, principalOf, servicePrincipal } from '../identity/directory.ts';
import type { Credential, IdentityId, Principal, Standing } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { StoreNotice } from '../store/port.ts';

export type PrincipalStanding =
  | { readonly state: 'active'; readonly principal: Principal }
  | { readonly state: Exclude<Standing, 'active'> };

export interface Standings {
  noticed(notice: Extract<StoreNotice, { type: 'identityChanged' }>): void;
  /** Notices may have been lost with a line to the store: what was known before of any principal is not believed any more. */
  reconnected(): void;
  /** Call it before a principal is read from the directory, and the function that it gives with the principal that was read. */
  reading(): (principal: Principal) => void;
  /** True: nothing has changed since the principal was made. */
  unchanged(principal: Principal, nowMs: number): boolean;
  /** The principal as of now; throws `StoreUnavailable`. */
  refresh(principal: Principal, nowMs: number): Promise<PrincipalStanding>;
}

export function createStandings(lookups: Lookups): Standings {
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

  function knownAs(principal: Principal, confirm: (principal: Principal) => void): PrincipalStanding {
    confirm(principal);
    return { state: 'active', principal };
  }

  return {
    reading,
    reconnected() {
      read = new WeakSet();
    },
    noticed({ identityId, revision }) {
      // Notices may overtake each other.
      revisions.set(identityId, Math.max(revision, revisions.get(identityId) ?? 0));
    },
    unchanged(principal, nowMs) {
      if (principal.credentialExpiresAt !== undefined && principal.credentialExpiresAt <= nowMs) return false;
      if (read !== undefined && !read.has(principal)) return false;
      return (revisions.get(principal.identityId) ?? 0) <= principal.revision;
    },
    async refresh(principal, nowMs) {
      const confirm = reading();
      const identity = await lookups.identityById(principal.identityId);
      if (identity === undefined) return { state: 'removed' };
      if (identity.state !== 'active') return { state: identity.state };
      if (principal.mechanism === OS_USER)
        return knownAs(servicePrincipal(identity, principal.credentialLabel), confirm);
      const credential = identity.credentials.find(({ id }) => id === principal.credentialId);
      if (credential === undefined || credential.disabled !== undefined)
        return { state: 'credentialRevoked' };
      if (isAnother(principal, credential)) return { state: 'passwordChanged' };
      if (credential.expiresAt !== undefined && credential.expiresAt <= nowMs)
        return { state: 'credentialExpired' };
      return knownAs(principalOf(identity, credential, principal.mechanism), confirm);
    },
  };
}

/** A changed password keeps its id: a session that logged in with the old one must not go on. */
function isAnother({ credentialSince }: Principal, { createdAt }: Credential): boolean {
  return credentialSince !== undefined && credentialSince !== createdAt;
}
