// Reading the store over a connection of its own, in short statements, so that nobody's look-up holds up a commit.

import { idTerm } from '../../record/terms.ts';
import type { Identity } from '../../record/identity.ts';
import { cursorAt, placeOf } from '../cursor.ts';
import { eventOfRow } from '../event-row.ts';
import { eventsInRange, messagesInRange, type PlacedEvent } from '../event-range.ts';
import { type EventRange, LATE_MS_MAX, type Lookups, SHARED_MAX, type TraceTerm } from '../lookups.ts';
import { indexTerm } from '../terms.ts';
import { type Database, type Row } from './database.ts';
import { number, text } from '../row.ts';
import { chainLookups } from './chain-lookups.ts';
import { POSITION_COLUMNS } from './events.ts';
import { queueLookups } from './queue-lookups.ts';
import { keyOf } from './shared-keys.ts';
import { findSequences, newestSequences, type Numbers } from './term-index.ts';

const EVENT_COLUMNS = `sequence, ${POSITION_COLUMNS}, time, type, message_id, identity_id, payload, place`;

export function createSqliteLookups(db: Database, dataDirectory: string): Lookups {
  return {
    ...identityLookups(db),
    ...queueLookups(db, dataDirectory),
    ...trailLookups(db),
    ...chainLookups(db),
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
    async identities({ after, max }) {
      const from =
        after === undefined ? undefined : db.get('SELECT state, login FROM identity WHERE login = ?', after);
      const removed = from !== undefined && text(from, 'state') === 'removed' ? 1 : 0;
      return db
        .all(
          "SELECT record FROM identity WHERE ? = '' OR ((state = 'removed'), login) > (?, ?) ORDER BY (state = 'removed'), login LIMIT ?",
          after ?? '',
          removed,
          after ?? '',
          max,
        )
        .map((row) => JSON.parse(text(row, 'record')) as Identity);
    },
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
  };
}

type TrailLookups = Pick<Lookups, 'findMessages' | 'findEvents' | 'eventsOfMessage' | 'events' | 'sharedKey'>;

function trailLookups(db: Database): TrailLookups {
  const named = (terms: readonly TraceTerm[], range: EventRange): Iterable<PlacedEvent> =>
    placedAt(db, newestSequences(db, terms.map(indexTerm), numbersOf(db, range)));
  return {
    findMessages: async (term, range) => messagesInRange(named([term], range), range, term),
    findEvents: async (terms, range) => eventsInRange(named(terms, range), range),
    eventsOfMessage: async (id, max) =>
      [...placedAt(db, findSequences(db, idTerm(id)).slice(0, max))].map(({ event }) => event),
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

function* placedAt(db: Database, places: Iterable<number>): Generator<PlacedEvent> {
  for (const place of places) {
    const row = db.get(`SELECT ${EVENT_COLUMNS} FROM event WHERE sequence = ?`, place);
    if (row !== undefined) yield { place, event: eventOfRow(row) };
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
