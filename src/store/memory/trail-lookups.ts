// Reading the trail in memory: one chain, whose numbers are also the places of its events.

import { isAcceptance, type TrailEvent } from '../../record/events.ts';
import { idTerm, identityTerm } from '../../record/terms.ts';
import { cursorAt, placeOf } from '../cursor.ts';
import { type CountedEvent, DAY_EVENTS_MAX, daysOf } from '../days.ts';
import { eventsInRange, messagesInRange, type PlacedEvent } from '../event-range.ts';
import {
  type ChainLink,
  type Cursor,
  type EventRange,
  LATE_MS_MAX,
  type Lookups,
  NEWEST_EXAMINED,
  type TraceTerm,
} from '../lookups.ts';
import { looksInRange, type LookPart, lookTypes, partOf, type PlacedLook } from '../looks-range.ts';
import { indexTerm } from '../terms.ts';
import { DEFERRALS_EXAMINED, endedOf, numbersByMessage } from '../ended-attempts.ts';
import { CHAIN, chainEnd, eventsAfter, eventsNaming, payloadOfEvent } from './events.ts';
import { keyName } from './retention.ts';
import type { EventRow, Tables } from './tables.ts';

type TrailLookups = Pick<
  Lookups,
  | 'findMessages'
  | 'findEvents'
  | 'looks'
  | 'daysOf'
  | 'eventsOfMessage'
  | 'eventsOfMessages'
  | 'acceptances'
  | 'endedAttempts'
  | 'newestAcceptances'
  | 'events'
  | 'chains'
  | 'links'
  | 'newestLinks'
  | 'indexEntries'
  | 'strayEntries'
  | 'sharedKey'
>;

export function trailLookups(tables: Tables): TrailLookups {
  const rowsAfter = (after: Cursor | undefined, max: number): readonly EventRow[] =>
    eventsAfter(tables, after === undefined ? 0 : placeOf(after), max);
  return {
    findMessages: async (term, range) => messagesInRange(newestNaming(tables, [term], range), range, term),
    findEvents: async (terms, range) => eventsInRange(newestNaming(tables, terms, range), range),
    looks: async (range) => looksInRange(newestLooks(tables, partOf(range)), range),
    daysOf: async (id, since) =>
      daysOf(
        eventsNaming(tables, identityTerm(id))
          .filter(({ time }) => time >= since - LATE_MS_MAX)
          .toReversed()
          .slice(0, DAY_EVENTS_MAX + 1)
          .map((row) => countedOf(eventOf(row))),
        since,
      ),
    eventsOfMessage: async (id, max) => eventsOfMessage(tables, id, max),
    eventsOfMessages: async (ids, max) => ids.flatMap((id) => eventsOfMessage(tables, id, max)),
    acceptances: async (ids) =>
      ids.flatMap((id) =>
        eventsNaming(tables, idTerm(id))
          .map((row) => eventOf(row))
          .filter(isAcceptance)
          .filter(({ messageId }) => messageId === id),
      ),
    async endedAttempts(of) {
      const deferrals = eventsAfter(tables, 0, Infinity).filter(({ type }) => type === 'deferred');
      const ofMessages = Map.groupBy(deferrals.toReversed(), ({ messageId }) => messageId ?? '');
      return [...numbersByMessage(of)].flatMap(([id, numbers]) =>
        endedOf(id, numbers, (ofMessages.get(id) ?? []).slice(0, DEFERRALS_EXAMINED).map(eventOf)),
      );
    },
    newestAcceptances: async (max) =>
      eventsAfter(tables, tables.events.size - NEWEST_EXAMINED, NEWEST_EXAMINED)
        .map((row) => eventOf(row))
        .filter(isAcceptance)
        .toReversed()
        .slice(0, max),
    events: async ({ after, max }) =>
      rowsAfter(after, max).map((row) => ({ ...eventOf(row), cursor: cursorAt(row.sequence) })),
    async chains() {
      const startedAt = tables.events.get(1)?.time ?? 0;
      return [{ chain: CHAIN, name: 'local', startedAt, head: chainEnd(tables) }];
    },
    links: async ({ after, max }) => rowsAfter(after, max).map((row) => linkOf(row)),
    newestLinks: async (max) => eventsAfter(tables, tables.events.size - max, max).map((row) => linkOf(row)),
    // There is no index: each look-up goes through the events.
    indexEntries: async () => 0,
    strayEntries: async () => ({ stray: [] }),
    async sharedKey(name) {
      const key = tables.sharedKeys.get(keyName(name))?.key;
      return key === undefined ? undefined : new Uint8Array(key);
    },
  };
}

const eventsOfMessage = (tables: Tables, id: string, max: number): readonly TrailEvent[] =>
  eventsNaming(tables, idTerm(id))
    .slice(0, max)
    .map((row) => eventOf(row));

function newestLooks(tables: Tables, { since, before }: LookPart): readonly PlacedLook[] {
  return eventsAfter(tables, 0, Infinity)
    .map((row) => ({ time: row.time, place: row.sequence, event: eventOf(row) }))
    .filter(({ event: { type } }) => lookTypes.some((one) => one === type))
    .filter(({ time }) => time >= since)
    .filter(({ time, place }) => time < before.time || (time === before.time && place < before.place))
    .toSorted((one, other) => other.time - one.time || other.place - one.place);
}

function newestNaming(
  tables: Tables,
  terms: readonly TraceTerm[],
  { after }: Pick<EventRange, 'after'>,
): readonly PlacedEvent[] {
  const before = after === undefined ? Infinity : placeOf(after);
  return eventsNaming(tables, ...terms.map(indexTerm))
    .filter(({ sequence }) => sequence < before)
    .toReversed()
    .map((row) => ({ place: row.sequence, event: eventOf(row) }));
}

function countedOf(event: TrailEvent): CountedEvent {
  const { time, type } = event;
  const count = event.type === 'refused' ? (event.payload?.count ?? 1) : 1;
  return { time, type, count };
}

function linkOf({ payload, place, ...row }: EventRow): ChainLink {
  return {
    ...{ ...row, chain: CHAIN, cursor: cursorAt(row.sequence) },
    ...{ salt: payload?.salt, payload: payload?.octets },
    ...{ placeSalt: place?.salt, place: place?.octets },
  };
}

function eventOf(row: EventRow): TrailEvent {
  const { sequence, type, time, messageId, identityId } = row;
  return {
    ...{ chain: CHAIN, sequence, type, time },
    ...(messageId === undefined ? {} : { messageId }),
    ...(identityId === undefined ? {} : { identityId }),
    payload: payloadOfEvent(row),
  } as TrailEvent;
}
