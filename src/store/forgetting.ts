// Forgetting: content of events goes, by age or because a person asks for it; their links stay, and the chain still verifies.

import { type Beginnings, detailOfBeginnings } from '../record/beginnings.ts';
import type { EventDraft } from '../record/events.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Cursor } from './lookups.ts';
import { type SharedKeyName, TICKET, ticketKeyOf } from './shared-key.ts';

/** Retention: nulls payloads of events older than `eventsBefore` (except of messages still queued), or drops whole days of events once the last of a day is so old, forgets shared keys of periods before that day and those of TLS tickets soon after their time, drops tombstones removed before it that have no mail in the queue; at most `max` rows a call. */
export interface PurgeChange {
  readonly type: 'purge';
  readonly eventsBefore: number;
  readonly now: number;
  readonly max: number;
  /** Who asked for it; absent: what does it now and then. */
  readonly by?: string;
}

/** Nulls payloads that belong to an identity or name one of the addresses, older than `before`. Each slice tells of what it took; one that broke off may be asked for again. */
export interface EraseChange {
  readonly type: 'erase';
  readonly identityId?: IdentityId;
  readonly addresses: readonly string[];
  readonly before: number;
  readonly now: number;
  readonly by: string;
  /** Why, in the words of who does it. */
  readonly because?: string;
  /** Events that name the subject in this slice; absent: all. Those of the same messages go with them. An engine that is fast enough does all at once. */
  readonly max?: number;
  /** `next` of the slice before; absent: the first slice. */
  readonly after?: Cursor;
}

export interface ForgettingOutcomes {
  purge: { readonly type: 'purged'; readonly count: number; readonly more: boolean };
  /** Counts of this slice; `next`: there may be more, to be asked for with it. */
  erase: { readonly type: 'erased'; readonly count: number; readonly kept: number; readonly next?: Cursor };
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
  /** Its content; or there is none that has to go: `purged` tells no person's data, and where chains may begin. */
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
  { eventsBefore, now, by = 'retention' }: PurgeChange,
  gone: { readonly events: number; readonly tombstones: number; readonly sharedKeys: number },
  beginnings?: Beginnings,
): EventDraft | undefined {
  if (gone.events + gone.tombstones + gone.sharedKeys === 0 && beginnings === undefined) return undefined;
  const begin = beginnings === undefined ? {} : detailOfBeginnings(beginnings);
  const detail = { ...gone, before: new Date(eventsBefore).toISOString(), ...begin };
  return { type: 'purged', time: now, payload: { by, action: 'purge', detail } };
}

export function erasedEvent(
  { before, now, by, because }: EraseChange,
  { count, kept }: { readonly count: number; readonly kept: number },
): EventDraft {
  const why = because === undefined ? {} : { reason: because };
  const detail = { events: count, kept, before: new Date(before).toISOString(), ...why };
  return { type: 'erased', time: now, payload: { by, action: 'erase', detail } };
}
