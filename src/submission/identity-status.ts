// Is the principal of an open session still who it was? Every change of an identity bumps its revision, which is pushed to the
// fronts; a session compares before it lets in, at MAIL and at end of data (BCP134-3.1-f, F-TX-2), so that suspension bites at once.

import { principalOf } from '../identity/identity-changes.ts';
import { hasExpired, standingOf } from '../identity/standing.ts';
import type { IdentityId, Principal, IdentityStatus } from '../record/identity.ts';
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
      const standing = standingOf(identity, principal.proof, nowMs);
      if (standing.state !== 'active') return standing;
      const now = principalOf(identity, standing.proof, principal.mechanism);
      confirm(now);
      return { state: 'active', principal: now };
    },
  };
}
