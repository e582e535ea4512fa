// Reading the trail in memory: one chain, whose numbers are also the places of its events.

import type { TrailEvent } from '../../record/events.ts';
import { idTerm } from '../../record/terms.ts';
import { cursorAt, placeOf } from '../cursor.ts';
import { eventsInRange, messagesInRange, type PlacedEvent } from '../event-range.ts';
import type { ChainLink, Cursor, EventRange, Lookups, TraceTerm } from '../lookups.ts';
import { indexTerm } from '../terms.ts';
import { CHAIN, chainEnd, eventsAfter, eventsNaming, payloadOfEvent } from './events.ts';
import { keyName } from './retention.ts';
import type { EventRow, Tables } from './tables.ts';

type TrailLookups = Pick<
  Lookups,
  | 'findMessages'
  | 'findEvents'
  | 'eventsOfMessage'
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
    eventsOfMessage: async (id, max) =>
      eventsNaming(tables, idTerm(id))
        .slice(0, max)
        .map((row) => eventOf(row)),
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
