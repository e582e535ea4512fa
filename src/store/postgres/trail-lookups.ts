// Reading the trail.

import { isAcceptance, type TrailEvent } from '../../record/events.ts';
import { placeOf } from '../cursor.ts';
import { eventInRange, eventOfRow } from '../event-row.ts';
import { DEFERRALS_EXAMINED, endedOf, numbersByMessage } from '../ended-attempts.ts';
import { eventsInRange, messagesInRange, type PlacedEvent } from '../event-range.ts';
import { type EventRange, LATE_MS_MAX, type Lookups, NEWEST_EXAMINED, type TraceTerm } from '../lookups.ts';
import {
  LOOK_TYPES_SQL,
  looksByPages,
  looksInRange,
  type LookPart,
  PAGE_OF_LOOKS,
  partOf,
} from '../looks-range.ts';
import { number, type Row, text } from '../row.ts';
import { indexTerm } from '../terms.ts';
import { daysOf } from './day-counts.ts';
import { walkEvents } from './event-walk.ts';
import type { Reader } from './reader.ts';
import { keyOf } from './shared-keys.ts';
import type { Sql } from './sql.ts';
import { EVENT_COLUMNS } from './term-index.ts';
import { allPlaces, lastBefore, newestNaming, type Places } from './trail-search.ts';

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
  | 'sharedKey'
>;

export function trailLookups(reader: Reader): TrailLookups {
  return {
    findMessages: (term, range) => messagesInRange(named(reader, [term], range), range, term),
    findEvents: (terms, range) => eventsInRange(named(reader, terms, range), range),
    async looks(range) {
      const looks = looksByPages(partOf(range), 'at', (part) => newestLooks(reader, part), eventOfRow);
      return looksInRange(looks, range);
    },
    async daysOf(id, since) {
      const places = await placesOf(reader, { since, max: 0 });
      return daysOf(reader, id, since, places);
    },
    eventsOfMessage: (id, max) => eventsOfMessages(reader, [id], max),
    eventsOfMessages: (ids, max) => eventsOfMessages(reader, ids, max),
    async acceptances(ids) {
      const rows = await reader.all(
        `SELECT ${EVENT_COLUMNS} FROM event e WHERE e.message_id = ANY($1::text[]) AND e.type = 'accepted'`,
        ids,
      );
      return rows.map((row) => eventOfRow(row)).filter(isAcceptance);
    },
    async endedAttempts(of) {
      const numbers = numbersByMessage(of);
      const rows = await reader.all(DEFERRALS, [...numbers.keys()]);
      const ofMessages = Map.groupBy(rows, (row) => text(row, 'message_id'));
      return [...ofMessages].flatMap(([id, some]) =>
        endedOf(id, numbers.get(id) ?? new Set(), some.map(eventOfRow)),
      );
    },
    async newestAcceptances(max) {
      const rows = await reader.all(
        `SELECT ${EVENT_COLUMNS} FROM (SELECT * FROM event ORDER BY place DESC LIMIT ${NEWEST_EXAMINED}) AS e WHERE e.type = 'accepted' ORDER BY e.place DESC LIMIT $1`,
        max,
      );
      return rows.map((row) => eventOfRow(row)).filter(isAcceptance);
    },
    events: (page) => reader.inOneView((sql) => walkEvents(sql, page)),
    sharedKey: (name) => keyOf(reader, name),
  };
}

/** OFFSET: what is of the message is found by that, then put in order; else the planner may go through all events in that order. */
const OF_MESSAGES = `
  SELECT ${EVENT_COLUMNS} FROM unnest($1::text[]) AS i (id), LATERAL (
    SELECT * FROM (SELECT * FROM event WHERE message_id = i.id OFFSET 0) AS m ORDER BY m.place LIMIT $2
  ) AS e ORDER BY e.message_id, e.place`;
/** Newest first of each message. */
const DEFERRALS = `
  SELECT ${EVENT_COLUMNS} FROM unnest($1::text[]) AS i (id), LATERAL (
    SELECT * FROM (SELECT * FROM event WHERE message_id = i.id AND type = 'deferred' OFFSET 0) AS d ORDER BY d.place DESC LIMIT ${DEFERRALS_EXAMINED}
  ) AS e ORDER BY e.place DESC`;

async function eventsOfMessages(
  sql: Pick<Sql, 'all'>,
  ids: readonly string[],
  max: number,
): Promise<readonly TrailEvent[]> {
  return (await sql.all(OF_MESSAGES, ids, max)).map((row) => eventOfRow(row));
}

/** By time: in the order of places the planner might go through all events. */
function newestLooks(sql: Pick<Sql, 'all'>, { since, before }: LookPart): Promise<readonly Row[]> {
  return sql.all(
    `SELECT ${EVENT_COLUMNS} FROM event e WHERE e.type IN (${LOOK_TYPES_SQL}) AND e.time >= $1 AND (e.time, e.place) < ($2, $3)
       ORDER BY e.time DESC, e.place DESC LIMIT ${PAGE_OF_LOOKS}`,
    ...[since, before.time, before.place],
  );
}

async function* named(
  sql: Sql,
  terms: readonly TraceTerm[],
  range: EventRange,
): AsyncGenerator<PlacedEvent, void> {
  const places = await placesOf(sql, range);
  // One more than is wanted tells that there are more.
  const wanted = { first: range.max + 1, types: range.types };
  for await (const row of newestNaming(sql, terms.map(indexTerm), places, wanted))
    yield { place: number(row, 'at'), event: eventInRange(row, range) };
}

/** Between which places the events of a range can stand; the times themselves are looked at besides. */
async function placesOf(sql: Sql, { since, until, after }: EventRange): Promise<Places> {
  const before = after === undefined ? allPlaces.below : placeOf(after);
  return {
    above: since === undefined ? allPlaces.above : await lastBefore(sql, since - LATE_MS_MAX),
    below: until === undefined ? before : Math.min(before, (await lastBefore(sql, until + LATE_MS_MAX)) + 1),
  };
}
