// Reading the store: snapshots that never hold up commits. Every list is paged and bounded.

import type { MessageId } from '../base/message-id.ts';
import type { Counter } from '../policy/limits.ts';
import type { AcceptedEvent, EventPosition, EventType, TrailEvent } from '../record/events.ts';
import type { ChainEnd } from '../record/link.ts';
import type { IdentityId } from '../record/identity.ts';
import type { ConsoleSessionLookups } from './console-sessions.ts';
import type { Delivery, QueuedMessage } from './port.ts';
import type { QueueSelector } from './selector.ts';
import type { StoreNodes } from './nodes.ts';
import type { SharedKeyName } from './shared-key.ts';
import type { ShownIdentity } from './shown-identity.ts';
import type { HoldReason } from './queue-change.ts';
import type { Days } from './days.ts';
import type { DeliveryPlace, EndedAttempts } from './ended-attempts.ts';
import type { IdentityPage } from './identity-page.ts';

export interface QueueEntry {
  readonly message: QueuedMessage;
  readonly delivery: Delivery;
  readonly dueAt: number;
  /** Why it is held, in the order of `holdReasons`; empty: it is not. */
  readonly heldBy: readonly HoldReason[];
  /** Leased: an attempt is under way or the message is still in a front's memory. */
  readonly active: boolean;
  /** Which node has leased it, where several share the store. */
  readonly node?: string;
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

export interface QueueOfIdentity {
  readonly identityId: IdentityId;
  /** Absent: the account is gone. */
  readonly login?: string;
  /** Recipients. */
  readonly deliveries: number;
  /** Absent: the totals are off. */
  readonly oldestAcceptedAt?: number;
}

/** Messages of one identity, in the order of ids, among which its oldest is: ids grow with time. */
export const OLDEST_OF_IDENTITY_AMONG = 20;

export interface CredentialUse {
  readonly credentialId: string;
  readonly at: number;
  readonly address: string;
}

/** A place in a walk, to be given back to go on from there. Only the engine that gave it can read it; as text it may be kept. */
export type Cursor = string;

/** A walk was to go on from what is none of its places. */
export class NotACursor extends Error {
  override readonly name = 'NotACursor';
}

/** A chain as the register has it. */
export interface Chain {
  readonly chain: number;
  /** Of who began it. */
  readonly name: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** So far it had come when the register was written last: a chain that ends before was cut. */
  readonly head: ChainEnd;
  /** The events up to here are gone, but those that were kept for queued mail; the first one after them links to this. A purge tells of it (`beginnings.ts`). */
  readonly checkpoint?: ChainEnd;
}

/** What `verify` walks: everything that goes into the chain, content and salts as stored (undefined once purged, a place also if there never was one). */
export interface ChainLink extends EventPosition {
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
  /** After it. */
  readonly cursor: Cursor;
}

/** A row of the look-up index that leads to an event which does not have that word. */
export interface StrayEntry {
  readonly term: string;
  /** Absent: there is no such event. */
  readonly event?: EventPosition;
}

/** After this recipient a page of the queue begins. */
export interface QueueCursor {
  readonly messageId: MessageId;
  readonly recipientNumber: number;
}

/** What a trace may be asked by; each is matched exactly, addresses in canonical form. */
export type TraceTerm =
  | { readonly kind: 'id'; readonly id: MessageId }
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'messageIdField'; readonly value: string }
  | { readonly kind: 'label'; readonly label: string }
  | { readonly kind: 'identity'; readonly identityId: IdentityId }
  /** Looks at this identity and at its mail. */
  | { readonly kind: 'lookedAt'; readonly identityId: IdentityId }
  /** Of clients: the /24 or the /64 of this address. */
  | { readonly kind: 'network'; readonly address: string };

/** Which of the events that a term names: newest first, a part at a time. */
export interface EventRange {
  /** Milliseconds since the epoch, both included. */
  readonly since?: number;
  readonly until?: number;
  /** Of these types alone. */
  readonly types?: readonly EventType[];
  /** Sessions of this client address alone, as recorded. */
  readonly clientAddress?: string;
  /** Acceptances alone, for a recipient in whose address this stands, in any case. */
  readonly recipient?: string;
  /** `next` of the part before. */
  readonly after?: Cursor;
  readonly max: number;
  /** Events that are looked at, whatever fits; absent: `EXAMINED_MAX`. */
  readonly examinedMax?: number;
}

/** Which part of the access record: newest first, a part at a time. */
export type LookRange = Omit<EventRange, 'types' | 'clientAddress'> & {
  /** By this person alone, through whatever. */
  readonly who?: string;
};

export interface FoundEvents {
  readonly events: readonly TrailEvent[];
  /** There may be more, after this. A part may hold fewer than `max`, or none, if many did not fit. */
  readonly next?: Cursor;
}

/** Messages that a term names: newest first, a part at a time, as with events. */
export type MessageRange = Omit<EventRange, 'clientAddress' | 'recipient' | 'types'>;

export interface FoundMessages {
  readonly ids: readonly MessageId[];
  readonly next?: Cursor;
}

/** An event of a walk. */
export type WalkedEvent = TrailEvent & {
  /** After it, also for what is written later. */
  readonly cursor: Cursor;
};

/** Events that one question looks at, whatever fits. */
export const EXAMINED_MAX = 5000;

/** Events that `newestAcceptances` looks at. */
export const NEWEST_EXAMINED = 1000;

/** Events may stand later in the trail than their time says: a message is dated when its content begins. */
export const LATE_MS_MAX = 3_600_000;

/** Of those who share an address, that a look-up tells. */
export const SHARED_MAX = 100;

export interface Lookups extends ConsoleSessionLookups {
  identityByLogin(login: string): Promise<ShownIdentity | undefined>;
  identityById(id: IdentityId): Promise<ShownIdentity | undefined>;
  /** The first of `identitiesByAddress`. */
  identityByAddress(address: string): Promise<ShownIdentity | undefined>;
  /**
   * Who has this canonical address (rights of kind `address`, or login): whose login it is, then those that live, then tombstones; no more than
   * `SHARED_MAX`.
   */
  identitiesByAddress(address: string): Promise<readonly ShownIdentity[]>;
  identityByCredential(credentialId: string): Promise<ShownIdentity | undefined>;
  /** By login, tombstones last. */
  identities(page: IdentityPage): Promise<readonly ShownIdentity[]>;
  credentialUses(id: IdentityId): Promise<readonly CredentialUse[]>;
  /** What was counted against the sending limits of this identity; where several nodes accept, as of a second ago. */
  counter(id: IdentityId): Promise<Counter>;

  message(id: MessageId): Promise<QueuedMessage | undefined>;
  /** Header and body of a queued message in chunks, or undefined if it is gone. */
  content(id: MessageId): Promise<AsyncIterable<Uint8Array> | undefined>;
  queue(
    selector: QueueSelector,
    page: { readonly after?: QueueCursor; readonly max: number },
  ): Promise<readonly QueueEntry[]>;
  /** What is queued of these messages: the first `max` recipients of each, in the order of `queue`. */
  queueOfMessages(ids: readonly MessageId[], max: number): Promise<readonly QueueEntry[]>;
  /** Recipients; absent `max`: all of them, else no more are counted than so many. */
  queueCount(selector: QueueSelector, max?: number): Promise<number>;
  /** Where several nodes accept, as of a second ago. */
  queueTotals(): Promise<QueueTotals>;
  /** Whose mail waits, the most first, as of a second ago where several nodes accept. `domains`: of accounts with a login in one of these alone. */
  queueByIdentity(page: {
    readonly max: number;
    readonly domains?: readonly string[];
  }): Promise<readonly QueueOfIdentity[]>;

  /** Newest first: messages that the term names, each once. Index plus a scan of the unindexed tail, so a message is found at once after its 250. */
  findMessages(term: TraceTerm, range: MessageRange): Promise<FoundMessages>;
  /** Newest first, each once: what any of the terms names, by the same index. */
  findEvents(terms: readonly TraceTerm[], range: EventRange): Promise<FoundEvents>;
  /** Newest first: who looked at what, and who came into the console. */
  looks(range: LookRange): Promise<FoundEvents>;
  /** How much mail an identity had on each day since then: of its newest events, at most `DAY_EVENTS_MAX` (`days.ts`). */
  daysOf(id: IdentityId, since: number): Promise<Days>;
  /** Oldest first. */
  eventsOfMessage(id: MessageId, max: number): Promise<readonly TrailEvent[]>;
  /** The same of several messages, at most `max` of each; one message after the other, in any order. */
  eventsOfMessages(ids: readonly MessageId[], max: number): Promise<readonly TrailEvent[]>;
  /** Of these messages, in any order. There is one of each, but a store may take an id again that has left it. */
  acceptances(ids: readonly MessageId[]): Promise<readonly AcceptedEvent[]>;
  /** Of these recipients, in any order; those that no attempt has put off are left out. Of each message its newest `DEFERRALS_EXAMINED` are looked at. */
  endedAttempts(of: readonly DeliveryPlace[]): Promise<readonly EndedAttempts[]>;
  /** Newest first, of those among the last `NEWEST_EXAMINED` events of the store: a glance, no search. */
  newestAcceptances(max: number): Promise<readonly AcceptedEvent[]>;
  /** Of all chains, each in the order of its numbers; fewer than `max`: there are no more. */
  events(page: { readonly after?: Cursor; readonly max: number }): Promise<readonly WalkedEvent[]>;
  /** The register of chains, oldest first. */
  chains(): Promise<readonly Chain[]>;
  /** Of all chains, each in the order of its numbers; fewer than `max`: there are no more. */
  links(page: { readonly after?: Cursor; readonly max: number }): Promise<readonly ChainLink[]>;
  /** The last ones that `links` would give. */
  newestLinks(max: number): Promise<readonly ChainLink[]>;
  /** How many entries the look-up index has of links up to these, one of each chain, and of those it must have none of yet. */
  indexEntries(of: { readonly through: readonly Cursor[] }): Promise<number>;
  /** Those among `max` entries of the index, in its own order. */
  strayEntries(page: {
    readonly after?: Cursor;
    readonly max: number;
  }): Promise<{ readonly stray: readonly StrayEntry[]; readonly next?: Cursor }>;
  sharedKey(name: SharedKeyName): Promise<Uint8Array | undefined>;
  nodes(): Promise<StoreNodes>;
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
  'counter',
  'message',
  'queue',
  'queueOfMessages',
  'queueCount',
  'queueTotals',
  'queueByIdentity',
  'findMessages',
  'findEvents',
  'looks',
  'daysOf',
  'eventsOfMessage',
  'eventsOfMessages',
  'acceptances',
  'endedAttempts',
  'newestAcceptances',
  'events',
  'chains',
  'links',
  'newestLinks',
  'indexEntries',
  'strayEntries',
  'sharedKey',
  'nodes',
  'consoleSession',
  'consoleSessions',
] as const satisfies readonly Exclude<keyof Lookups, 'content'>[];
