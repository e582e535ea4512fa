// Reading the store over a connection of its own, in short statements, so that nobody's look-up holds up a commit.

import { emptyCounter } from '../../policy/limits.ts';
import { isAcceptance, type TrailEvent } from '../../record/events.ts';
import { idTerm, identityTerm } from '../../record/terms.ts';
import type { Identity, IdentityId } from '../../record/identity.ts';
import { unpackedCounter } from '../counter-row.ts';
import { cursorAt, placeOf } from '../cursor.ts';
import { DAY_EVENTS_MAX, type CountedEvent, daysOf } from '../days.ts';
import { countedOfRow, eventInRange, eventOfRow } from '../event-row.ts';
import { eventsInRange, messagesInRange, type PlacedEvent } from '../event-range.ts';
import {
  type EventRange,
  LATE_MS_MAX,
  type Lookups,
  NEWEST_EXAMINED,
  SHARED_MAX,
  type TraceTerm,
} from '../lookups.ts';
import { identitiesOfPage, type LoginRange } from '../identity-page.ts';
import {
  LOOK_TYPES_SQL,
  looksByPages,
  looksInRange,
  type LookPart,
  PAGE_OF_LOOKS,
  partOf,
} from '../looks-range.ts';
import { indexTerm } from '../terms.ts';
import { type Database, inOneView, type Row } from './database.ts';
import { bytes, number, text } from '../row.ts';
import { consoleSessionLookups } from './console-sessions.ts';
import { chainLookups } from './chain-lookups.ts';
import { COUNTER } from './counters.ts';
import { endedAttempts } from './ended-attempts.ts';
import { EVENT_COLUMNS } from './events.ts';
import { LOGIN_ENDING } from './schema.ts';
import { queueLookups } from './queue-lookups.ts';
import { keyOf } from './shared-keys.ts';
import { findSequences, newestSequences, type Numbers, sequencesOfMessages } from './term-index.ts';

export function createSqliteLookups(db: Database, dataDirectory: string): Lookups {
  return {
    ...identityLookups(db),
    ...queueLookups(db, dataDirectory),
    ...trailLookups(db),
    ...chainLookups(db),
    ...consoleSessionLookups(db),
    nodes: async () => ({ at: 0, lives: [] }),
  };
}

type IdentityLookups = Pick<
  Lookups,
  | 'identityByLogin'
  | 'identityById'
  | 'identityByAddress'
  | 'identitiesByAddress'
  | 'identityByCredential'
  | 'identities'
  | 'credentialUses'
  | 'counter'
>;

function identityLookups(db: Database): IdentityLookups {
  const one = (row: Row | undefined): Identity | undefined =>
    row === undefined ? undefined : (JSON.parse(text(row, 'record')) as Identity);
  const named = (name: string, max: number): readonly Identity[] =>
    db
      .all(
        "SELECT i.record FROM identity_name a JOIN identity i ON i.id = a.identity_id WHERE a.name = ? ORDER BY (i.login <> a.name), (i.state = 'removed'), i.id LIMIT ?",
        name,
        max,
      )
      .map((row) => JSON.parse(text(row, 'record')) as Identity);
  return {
    identityByLogin: async (login) =>
      one(
        db.get(
          'SELECT i.record FROM identity_name a JOIN identity i ON i.id = a.identity_id WHERE a.name = ? AND i.login = ?',
          login,
          login,
        ),
      ),
    identityById: async (id) => one(db.get('SELECT record FROM identity WHERE id = ?', id)),
    identityByAddress: async (address) => named(address, 1)[0],
    identitiesByAddress: async (address) => named(address, SHARED_MAX),
    identityByCredential: async (credentialId) =>
      one(
        db.get(
          'SELECT i.record FROM identity_credential c JOIN identity i ON i.id = c.identity_id WHERE c.credential_id = ?',
          credentialId,
        ),
      ),
    identities: (page) =>
      identitiesOfPage(
        page,
        async (login) => named(login, 1).find((identity) => identity.login === login)?.state,
        async (range) =>
          identitiesInRange(db, range).map((row) => JSON.parse(text(row, 'record')) as Identity),
      ),
    credentialUses: async (id) =>
      db
        .all(
          'SELECT credential_id, at, address FROM credential_use WHERE identity_id = ? ORDER BY at DESC, address, credential_id',
          id,
        )
        .map((row) => ({
          credentialId: text(row, 'credential_id'),
          at: number(row, 'at'),
          address: text(row, 'address'),
        })),
    async counter(id) {
      const row = db.get(COUNTER, id);
      return row === undefined ? emptyCounter : unpackedCounter(bytes(row, 'value'));
    },
  };
}

/** Each state for itself, in the order of its index; then the first of them. */
function identitiesInRange(db: Database, { states, ending, from, to, max }: LoginRange): readonly Row[] {
  // Without statistics SQLite takes the index of states, and walks all domains.
  const ofDomain =
    ending === undefined ? 'WHERE' : `INDEXED BY identity_domain WHERE ${LOGIN_ENDING} = ? AND`;
  const ofState = `SELECT * FROM (SELECT login, record FROM identity ${ofDomain} state = ? AND login >= ? AND login < ? ORDER BY login LIMIT ?)`;
  return db.all(
    `SELECT record FROM (${states.map(() => ofState).join(' UNION ALL ')}) ORDER BY login LIMIT ?`,
    ...states.flatMap((state) => [...(ending === undefined ? [] : [ending]), state, from, to, max]),
    max,
  );
}

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

function trailLookups(db: Database): TrailLookups {
  const named = (terms: readonly TraceTerm[], range: EventRange): Iterable<PlacedEvent> =>
    placedInRange(db, newestSequences(db, terms.map(indexTerm), numbersOf(db, range)), range);
  return {
    findMessages: async (term, range) => messagesInRange(named([term], range), range, term),
    findEvents: async (terms, range) => eventsInRange(named(terms, range), range),
    async looks(range) {
      const looks = looksByPages(partOf(range), 'sequence', (part) => newestLooks(db, part), eventOfRow);
      return looksInRange(looks, range);
    },
    daysOf: async (id, since) => daysOf(countedEvents(db, id, since), since),
    eventsOfMessage: async (id, max) => inOneView(db, () => eventsOfMessages(db, [id], max)),
    eventsOfMessages: async (ids, max) => inOneView(db, () => eventsOfMessages(db, ids, max)),
    acceptances: async (ids) =>
      ids.flatMap((id) =>
        eventsAt(db, findSequences(db, idTerm(id)))
          .filter(isAcceptance)
          .filter(({ messageId }) => messageId === id),
      ),
    endedAttempts: async (of) => inOneView(db, () => endedAttempts(db, of)),
    newestAcceptances: async (max) =>
      db
        .all(
          `SELECT * FROM (SELECT ${EVENT_COLUMNS} FROM event ORDER BY sequence DESC LIMIT ${NEWEST_EXAMINED}) WHERE type = 'accepted' ORDER BY sequence DESC LIMIT ?`,
          max,
        )
        .map((row) => eventOfRow(row))
        .filter(isAcceptance),
    events: async ({ after, max }) =>
      db
        .all(
          `SELECT ${EVENT_COLUMNS} FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?`,
          after === undefined ? Number.MIN_SAFE_INTEGER : placeOf(after),
          max,
        )
        .map((row) => ({ ...eventOfRow(row), cursor: cursorAt(number(row, 'sequence')) })),
    sharedKey: async (name) => keyOf(db, name),
  };
}

function eventsOfMessages(db: Database, ids: readonly string[], max: number): readonly TrailEvent[] {
  return sequencesOfMessages(db, ids).flatMap((sequences) => eventsAt(db, sequences.slice(0, max)));
}

function newestLooks(db: Database, { since, before }: LookPart): readonly Row[] {
  return db.all(
    `SELECT ${EVENT_COLUMNS} FROM event INDEXED BY event_look WHERE type IN (${LOOK_TYPES_SQL}) AND time >= ? AND (time, sequence) < (?, ?)
       ORDER BY time DESC, sequence DESC LIMIT ${PAGE_OF_LOOKS}`,
    ...[since, before.time, before.place],
  );
}

const COUNTED_AT_ONCE = 500;

/** Newest first; no more than are counted, and one. */
function countedEvents(db: Database, id: IdentityId, since: number): readonly CountedEvent[] {
  const numbers: number[] = [];
  for (const sequence of newestSequences(db, [identityTerm(id)], numbersOf(db, { since, max: 0 }))) {
    numbers.push(sequence);
    if (numbers.length > DAY_EVENTS_MAX) break;
  }
  const counted: CountedEvent[] = [];
  for (let at = 0; at < numbers.length; at += COUNTED_AT_ONCE)
    counted.push(
      ...db
        .all(
          'SELECT e.time, e.type, CASE e.type WHEN ? THEN e.payload END AS payload FROM json_each(?) n JOIN event e ON e.sequence = n.value ORDER BY e.sequence DESC',
          ...['refused', JSON.stringify(numbers.slice(at, at + COUNTED_AT_ONCE))],
        )
        .map((row) => countedOfRow(row)),
    );
  return counted;
}

function* placedInRange(
  db: Database,
  places: Iterable<number>,
  range: EventRange,
): Generator<PlacedEvent, void> {
  for (const [place, row] of rowsAt(db, places)) yield { place, event: eventInRange(row, range) };
}

const eventsAt = (db: Database, places: Iterable<number>): readonly TrailEvent[] =>
  [...rowsAt(db, places)].map(([, row]) => eventOfRow(row));

function* rowsAt(
  db: Database,
  places: Iterable<number>,
): Generator<readonly [place: number, row: Row], void> {
  for (const place of places) {
    const row = db.get(`SELECT ${EVENT_COLUMNS} FROM event WHERE sequence = ?`, place);
    if (row !== undefined) yield [place, row];
  }
}

/** Between which numbers the events of a range can stand; the times themselves are looked at besides. */
function numbersOf(db: Database, { since, until, after }: EventRange): Numbers {
  const before = after === undefined ? Number.MAX_SAFE_INTEGER : placeOf(after);
  return {
    above: since === undefined ? 0 : lastBefore(db, since - LATE_MS_MAX),
    below: until === undefined ? before : Math.min(before, lastBefore(db, until + LATE_MS_MAX) + 1),
  };
}

/** The number of the last event that was written before this time, found by halving: the trail has no index of times. */
function lastBefore(db: Database, time: number): number {
  let low = 0;
  let high = number(db.get('SELECT max(sequence) AS last FROM event') ?? {}, 'last') + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const row = db.get('SELECT time FROM event WHERE sequence = ?', middle);
    if (row !== undefined && number(row, 'time') < time) low = middle;
    else high = middle;
  }
  return low;
}
