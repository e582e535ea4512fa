// Forgetting: content of events goes, by age or because a person asks for it; their links stay, and the chain still verifies.

import type { EventDraft } from '../record/events.ts';
import type { IdentityId } from '../record/identity.ts';
import { type SharedKeyName, TICKET, ticketKeyOf } from './shared-key.ts';

/** Retention: nulls payloads of events older than `eventsBefore` (except of messages still queued), forgets shared keys of periods before that day and those of TLS tickets soon after their time, drops tombstones removed before it that have no mail in the queue; at most `max` rows a call. */
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

/** How far purges have come in a sweep through the trail, by places of events. */
export interface PurgeMarks {
  /** Everything up to here was looked at in this sweep. */
  readonly through: number;
  /** The first event that this sweep had to keep, or 0: the next one starts there. */
  readonly kept: number;
}

export interface SweptEvent {
  readonly place: number;
  readonly time: number;
  /** Its content. */
  readonly isGone: boolean;
}

/** `events`: at most `change.max`, in the order of their places. Events that have to be kept are looked at again by the next sweep. */
export function sweepSlice<E extends SweptEvent>(
  events: readonly E[],
  marks: PurgeMarks,
  { eventsBefore, now, max }: PurgeChange,
  isQueued: (event: E) => boolean,
): { readonly forget: readonly E[]; readonly marks: PurgeMarks; readonly more: boolean } {
  const present = events.filter(({ isGone }) => !isGone);
  const forget = present.filter((event) => event.time < eventsBefore && !isQueued(event));
  const forgotten = new Set(forget);
  const firstKept = present.find((event) => !forgotten.has(event))?.place ?? 0;
  const kept = marks.kept > 0 ? marks.kept : firstKept;
  const through = events.at(-1)?.place ?? marks.through;
  // A whole slice of events that are too new ends the sweep, unless a wrong clock dated them ahead.
  const more = events.length === max && events.some(({ time }) => time < eventsBefore || time > now);
  return {
    ...{ forget, more },
    marks: more ? { through, kept } : { through: kept > 0 ? kept - 1 : through, kept: 0 },
  };
}

/** Periods before them are forgotten. */
export interface KeysBefore {
  readonly ticket: string;
  readonly other: string;
}

/** So long after its time the key of tickets is kept, ms: the clocks of nodes differ. */
const TICKET_KEPT_MS = 3_600_000;

/** A key of tickets opens what was said under TLS 1.2: it goes soon, so that nobody who gets hold of the store later can read what he has recorded. */
export function keysBefore({ eventsBefore, now }: PurgeChange): KeysBefore {
  return {
    ticket: ticketKeyOf(now - TICKET_KEPT_MS).period,
    other: new Date(eventsBefore).toISOString().slice(0, 10),
  };
}

export function isKeyOver({ purpose, period }: SharedKeyName, { ticket, other }: KeysBefore): boolean {
  return period < other || (purpose === TICKET && period < ticket);
}

/** Undefined: nothing went. */
export function purgedEvent(
  { eventsBefore, now }: PurgeChange,
  gone: { readonly events: number; readonly tombstones: number; readonly sharedKeys: number },
): EventDraft | undefined {
  if (gone.events + gone.tombstones + gone.sharedKeys === 0) return undefined;
  const detail = { ...gone, before: new Date(eventsBefore).toISOString() };
  return { type: 'purged', time: now, payload: { by: 'retention', action: 'purge', detail } };
}

export function erasedEvent(
  { before, now, by, because }: EraseChange,
  { count, kept }: { readonly count: number; readonly kept: number },
): EventDraft {
  const why = because === undefined ? {} : { reason: because };
  const detail = { events: count, kept, before: new Date(before).toISOString(), ...why };
  return { type: 'erased', time: now, payload: { by, action: 'erase', detail } };
}
