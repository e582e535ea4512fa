// Reading the trail.

import { placeOf } from '../cursor.ts';
import { eventOfRow } from '../event-row.ts';
import { eventsInRange, messagesInRange, type PlacedEvent } from '../event-range.ts';
import { type EventRange, LATE_MS_MAX, type Lookups, type TraceTerm } from '../lookups.ts';
import { number } from '../row.ts';
import { indexTerm } from '../terms.ts';
import { walkEvents } from './event-walk.ts';
import type { Reader } from './reader.ts';
import { keyOf } from './shared-keys.ts';
import type { Sql } from './sql.ts';
import { EVENT_COLUMNS } from './term-index.ts';
import { allPlaces, lastBefore, newestNaming, type Places } from './trail-search.ts';

type TrailLookups = Pick<Lookups, 'findMessages' | 'findEvents' | 'eventsOfMessage' | 'events' | 'sharedKey'>;

export function trailLookups(reader: Reader): TrailLookups {
  return {
    findMessages: (term, range) => messagesInRange(named(reader, [term], range), range, term),
    findEvents: (terms, range) => eventsInRange(named(reader, terms, range), range),
    async eventsOfMessage(id, max) {
      const rows = await reader.all(
        `SELECT ${EVENT_COLUMNS} FROM event e WHERE e.message_id = $1 ORDER BY e.place LIMIT $2`,
        ...[id, max],
      );
      return rows.map((row) => eventOfRow(row));
    },
    events: (page) => reader.inOneView((sql) => walkEvents(sql, page)),
    sharedKey: (name) => keyOf(reader, name),
  };
}

async function* named(
  sql: Sql,
  terms: readonly TraceTerm[],
  range: EventRange,
): AsyncGenerator<PlacedEvent, void> {
  const places = await placesOf(sql, range);
  // One more than is wanted tells that there are more.
  for await (const row of newestNaming(sql, terms.map(indexTerm), places, range.max + 1))
    yield { place: number(row, 'at'), event: eventOfRow(row) };
}

/** Between which places the events of a range can stand; the times themselves are looked at besides. */
async function placesOf(sql: Sql, { since, until, after }: EventRange): Promise<Places> {
  const before = after === undefined ? allPlaces.below : placeOf(after);
  return {
    above: since === undefined ? allPlaces.above : await lastBefore(sql, since - LATE_MS_MAX),
    below: until === undefined ? before : Math.min(before, (await lastBefore(sql, until + LATE_MS_MAX)) + 1),
  };
}
