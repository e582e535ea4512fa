// Reading the store: snapshots that never hold up commits. Every list is paged and bounded.

import type { MessageId } from '../base/message-id.ts';
import type { TrailEvent } from '../record/events.ts';
import type { Identity, IdentityId } from '../record/identity.ts';
import type { Delivery, QueuedMessage, QueueSelector } from './port.ts';

export interface QueueEntry {
  readonly message: QueuedMessage;
  readonly delivery: Delivery;
  readonly dueAt: number;
  readonly held: boolean;
  /** Leased: an attempt is under way or the message is still in a front's memory. */
  readonly active: boolean;
}

export interface QueueTotals {
  readonly messages: number;
  readonly deliveries: number;
  readonly held: number;
  /** Messages of which only the report about them is left, which is still to be written; absent: none. */
  readonly unreported?: number;
  readonly oldestAcceptedAt?: number;
  /** Largest first, at most 50. */
  readonly byDomain: readonly { readonly domain: string; readonly deliveries: number }[];
}

export interface CredentialUse {
  readonly credentialId: string;
  readonly at: number;
  readonly address: string;
}

/** What `verify` walks: everything that goes into the chain, content and salts as stored (undefined once purged, a place also if there never was one). */
export interface ChainLink {
  readonly chain: number;
  readonly sequence: number;
  readonly time: number;
  readonly type: string;
  readonly messageId?: string | undefined;
  readonly identityId?: string | undefined;
  readonly salt: Uint8Array | undefined;
  readonly payload: Uint8Array | undefined;
  readonly placeSalt: Uint8Array | undefined;
  readonly place: Uint8Array | undefined;
  /** Kept beyond purge (`link.ts`). */
  readonly partHashes: Uint8Array;
  /** Words by which it must be found in the look-up index, and how many of them are not there; undefined: it is not indexed yet. */
  readonly index?: { readonly entries: number; readonly lacking: number };
  readonly link: Uint8Array;
}

/** A row of the look-up index. */
export interface IndexEntry {
  readonly term: string;
  readonly sequence: number;
}

/** What a trace may be asked by; each is matched exactly, addresses in canonical form. */
export type TraceTerm =
  | { readonly kind: 'id'; readonly id: MessageId }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'messageIdField'; readonly value: string }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'identity'; readonly identityId: IdentityId };

/** Which of the events that a term names: newest first, a part at a time. */
export interface EventRange {
  /** Milliseconds since the epoch, both included. */
  readonly since?: number;
  readonly until?: number;
  /** Sessions of this client address alone, as recorded. */
  readonly clientAddress?: string;
  /** Only those with a smaller number: where the part before ended. */
  readonly before?: number;
  readonly max: number;
}

export interface FoundEvents {
  readonly events: readonly TrailEvent[];
  /** There may be more: to be asked for with this `before`. A part may hold fewer than `max`, or none, if many did not fit. */
  readonly next?: number;
}

/** Events that one question looks at, whatever fits. */
export const EXAMINED_MAX = 5000;

/** Events may stand later in the trail than their time says: a message is dated when its content begins. */
export const LATE_MS_MAX = 3_600_000;

/** Of those who share an address, that a look-up tells. */
export const SHARED_MAX = 100;

export interface Lookups {
  identityByLogin(login: string): Promise<Identity | undefined>;
  identityById(id: IdentityId): Promise<Identity | undefined>;
  /** The first of `identitiesByAddress`. */
  identityByAddress(address: string): Promise<Identity | undefined>;
  /**
   * Who has this canonical address (rights of kind `address`, or login): whose login it is, then those that live, then tombstones; no more than
   * `SHARED_MAX`.
   */
  identitiesByAddress(address: string): Promise<readonly Identity[]>;
  identityByCredential(credentialId: string): Promise<Identity | undefined>;
  /** By login, tombstones last. */
  identities(page: { readonly after?: string; readonly max: number }): Promise<readonly Identity[]>;
  credentialUses(id: IdentityId): Promise<readonly CredentialUse[]>;

  message(id: MessageId): Promise<QueuedMessage | undefined>;
  /** Header and body of a queued message in chunks, or undefined if it is gone. */
  content(id: MessageId): Promise<AsyncIterable<Uint8Array> | undefined>;
  queue(
    selector: QueueSelector,
    page: { readonly after?: { messageId: MessageId; recipientNumber: number }; readonly max: number },
  ): Promise<readonly QueueEntry[]>;
  queueCount(selector: QueueSelector): Promise<number>;
  queueTotals(): Promise<QueueTotals>;

  /** Newest first: ids of messages that the term names. Index plus a scan of the unindexed tail, so a message is found at once after its 250. */
  findMessages(term: TraceTerm, max: number): Promise<readonly MessageId[]>;
  /** Newest first: what the term names, by the same index: acceptances, refusals, failed log-ins. */
  findEvents(term: TraceTerm, range: EventRange): Promise<FoundEvents>;
  /** Oldest first. */
  eventsOfMessage(id: MessageId, max: number): Promise<readonly TrailEvent[]>;
  events(page: { readonly afterSequence: number; readonly max: number }): Promise<readonly TrailEvent[]>;
  chain(page: { readonly afterSequence: number; readonly max: number }): Promise<readonly ChainLink[]>;
  /** How many entries the look-up index has of events up to this one, and of those it must have none of yet. */
  indexEntries(of: { readonly through: number }): Promise<number>;
  /** Entries of the look-up index that lead to an event which does not have that word, among `max` in its own order; `next`: where to go on. */
  strayEntries(page: {
    readonly after?: IndexEntry;
    readonly max: number;
  }): Promise<{ readonly stray: readonly IndexEntry[]; readonly next?: IndexEntry }>;
  dayKey(day: string): Promise<Uint8Array | undefined>;
}

/** By their names they travel between threads and over the control socket; content comes piece by piece. */
export const lookupMethods = [
  'identityByLogin',
  'identityById',
  'identityByAddress',
  'identitiesByAddress',
  'identityByCredential',
  'identities',
  'credentialUses',
  'message',
  'queue',
  'queueCount',
  'queueTotals',
  'findMessages',
  'findEvents',
  'eventsOfMessage',
  'events',
  'chain',
  'indexEntries',
  'strayEntries',
  'dayKey',
] as const satisfies readonly Exclude<keyof Lookups, 'content'>[];
