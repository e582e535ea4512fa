// Forgetting: content of events goes, by age or because a person asks for it; their links stay, and the chain still verifies.

import type { IdentityId } from '../record/identity.ts';

/** Retention: nulls payloads of events older than `eventsBefore` (except of messages still queued), forgets shared keys of periods before that day, drops tombstones removed before it that have no mail in the queue; at most `max` rows a call. */
export interface PurgeChange {
  readonly type: 'purge';
  readonly eventsBefore: number;
  readonly now: number;
  readonly max: number;
}

/** Nulls every payload that belongs to an identity or names one of the addresses, older than `before`. */
export interface EraseChange {
  readonly type: 'erase';
  readonly identityId?: IdentityId;
  readonly addresses: readonly string[];
  readonly before: number;
  readonly now: number;
  readonly by: string;
  /** Why, in the words of who does it. */
  readonly because?: string;
}

export interface ForgettingOutcomes {
  purge: { readonly type: 'purged'; readonly count: number; readonly more: boolean };
  erase: { readonly type: 'erased'; readonly count: number; readonly kept: number };
}
