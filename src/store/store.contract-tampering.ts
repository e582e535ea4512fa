// Contract of engines on SQL: whoever can write the database changes the trail in every way, and `audit verify` finds each of them (D-TR-3). The trail holds mail that was
// delivered and purged, mail that was erased, mail that is queued for emil@example.net, and an event after its acceptance; all of it is indexed.

import assert from 'node:assert/strict';
import type { Verification } from '../audit/verify.ts';

/** How an engine spells what the tampering is written in. */
export interface Spelling {
  /** Of the place of an event among all: in the table of events, and in that of words. */
  readonly place: string;
  readonly entry: string;
  /** Table of words. */
  readonly words: string;
  /** Column of what an event says of places. */
  readonly saidOfPlaces: string;
  /** As many octets as the column has, all of them zero. */
  zeros(column: string): string;
  /** From hex. */
  octets(hex: string): string;
  /** One after the other, both octets. */
  joined(one: string, other: string): string;
  /** Statement after which numbers of chains may be written. */
  readonly loosenRegister: string;
  /** Statement after which nothing counts as indexed. */
  readonly forgetIndexed: string;
  /** Number of the last event, in its chain. */
  readonly last: number;
}

export interface Tampering {
  readonly why: string;
  readonly sql: string;
  /** What is found; empty: it hides nothing. */
  readonly because: RegExp;
}

/** Of the register: else it tells how far the chains had come. */
export const FORGET_HEAD = 'UPDATE chain SET head = NULL, head_link = NULL';

const YOUNG = (s: Spelling): string => `(SELECT max(${s.place}) FROM event WHERE type = 'accepted')`;
const NEWEST = (s: Spelling): string => `(SELECT max(${s.place}) FROM event)`;
const FORGOTTEN = (s: Spelling): string => `(SELECT min(${s.place}) FROM event WHERE payload IS NULL)`;
const DELIVERED = (s: Spelling): string =>
  `(SELECT max(e.${s.place}) FROM event e WHERE e.type = 'accepted' AND EXISTS (SELECT 1 FROM event f WHERE f.message_id = e.message_id AND f.type <> 'accepted'))`;

export function tamperings(spelling: Spelling): readonly Tampering[] {
  return [
    ...positions(spelling),
    ...columns(spelling),
    ...contents(spelling),
    ...chains(spelling),
    ...words(spelling),
    ...queued(spelling),
  ];
}

function young(s: Spelling): (assignments: string) => string {
  return (assignments) => `UPDATE event SET ${assignments} WHERE ${s.place} = ${YOUNG(s)}`;
}

function positions(s: Spelling): readonly Tampering[] {
  const set = young(s);
  return [
    { why: 'sequence', sql: set('sequence = 99'), because: /missing/ },
    {
      why: 'chain',
      sql: `UPDATE event SET chain = 99 WHERE ${s.place} = ${NEWEST(s)}`,
      because: /the register knows no chain 99/,
    },
    {
      why: 'an event removed',
      sql: 'DELETE FROM event WHERE chain = 1 AND sequence = 3',
      because: /event 3 is missing/,
    },
    {
      why: 'the beginning removed, as if retention had dropped it',
      sql: `UPDATE chain SET checkpoint = 1, checkpoint_link = (SELECT link FROM event WHERE chain = 1 AND sequence = 1) WHERE id = 1;
        DELETE FROM ${s.words} WHERE ${s.entry} = (SELECT ${s.place} FROM event WHERE chain = 1 AND sequence = 1);
        DELETE FROM event WHERE chain = 1 AND sequence = 1`,
      // Where the engine drops nothing of its own chain it believes no checkpoint of it.
      because: /event 1 is missing|only after it, and no purge tells of it/,
    },
    {
      why: 'the end cut off',
      sql: `DELETE FROM event WHERE ${s.place} = ${NEWEST(s)}`,
      because: new RegExp(`the chain had come to event ${s.last}: its end was cut off`),
    },
  ];
}

function columns(s: Spelling): readonly Tampering[] {
  const set = young(s);
  return [
    { why: 'time', sql: set('time = time - 1'), because: /link/ },
    { why: 'a time before all times', sql: set('time = -1'), because: /link/ },
    { why: 'type', sql: set("type = 'refused'"), because: /link/ },
    { why: 'type, so that older rules hold', sql: set("type = 'chainVersion'"), because: /link/ },
    { why: 'message', sql: set("message_id = 'x'"), because: /link/ },
    {
      why: 'identity of a message (version 1 let it pass)',
      sql: set("identity_id = 'mallory'"),
      because: /link/,
    },
    {
      why: 'identity of what was forgotten',
      sql: `UPDATE event SET identity_id = 'mallory' WHERE ${s.place} = ${FORGOTTEN(s)}`,
      because: /link/,
    },
    {
      why: 'hash of the content',
      sql: set(`content_hash = ${s.zeros('content_hash')}`),
      because: /link/,
    },
    { why: 'link', sql: set(`link = ${s.zeros('link')}`), because: /link/ },
  ];
}

function contents(s: Spelling): readonly Tampering[] {
  const set = young(s);
  const { saidOfPlaces: place } = s;
  const gone = `payload = NULL, salt = NULL, ${place} = NULL, place_salt = NULL`;
  return [
    { why: 'salt', sql: set(`salt = ${s.zeros('salt')}`), because: /content/ },
    { why: 'payload', sql: set(`payload = ${s.octets('7b7d')}`), because: /content/ },
    { why: 'salt of the place', sql: set(`place_salt = ${s.zeros('place_salt')}`), because: /content/ },
    { why: 'place', sql: set(`${place} = ${s.octets('7b7d')}`), because: /content/ },
    { why: 'place taken away', sql: set(`${place} = NULL, place_salt = NULL`), because: /content/ },
    { why: 'place alone left', sql: set('payload = NULL, salt = NULL'), because: /half/ },
    {
      why: 'content of a young event, as if it was forgotten',
      sql: `UPDATE event SET ${gone} WHERE ${s.place} = ${NEWEST(s)}`,
      because: /no purge or erasure tells of it$/,
    },
    {
      why: 'one more than was erased',
      sql: `UPDATE event SET ${gone} WHERE ${s.place} = ${DELIVERED(s)};
        DELETE FROM ${s.words} WHERE ${s.entry} = ${DELIVERED(s)} AND term NOT LIKE 'id:%'`,
      because: /one more|lacks/,
    },
    {
      why: 'where the salt ends and the payload begins, so that nobody can read it',
      sql: set(`payload = ${s.joined('substr(salt, 16)', 'payload')}, salt = substr(salt, 1, 15)`),
      because: /its content was changed/,
    },
    {
      why: 'where the salt of the place ends',
      sql: set(
        `${place} = ${s.joined('substr(place_salt, 16)', place)}, place_salt = substr(place_salt, 1, 15)`,
      ),
      because: /its content was changed/,
    },
  ];
}

function chains(s: Spelling): readonly Tampering[] {
  return [
    {
      why: 'the head of the register',
      sql: `UPDATE chain SET head_link = ${s.octets('00')}`,
      because: /the register has seen another event in its place/,
    },
    { why: 'the register', sql: 'DELETE FROM chain', because: /the register knows no chain 1/ },
    {
      why: 'a chain of its own',
      sql: `${s.loosenRegister}; UPDATE event SET chain = 98 WHERE ${s.place} = ${NEWEST(s)};
        INSERT INTO chain (id, started_at, name) VALUES (98, 0, 'x')`,
      because: /event 1 is missing/,
    },
    {
      why: 'all of it, told as other chains',
      sql: `${s.loosenRegister}; UPDATE event SET chain = chain + 90; UPDATE chain SET id = id + 90`,
      because: /its link does not follow/,
    },
  ];
}

function words(s: Spelling): readonly Tampering[] {
  const { words: table, entry } = s;
  const EMIL = "term = 'address:emil@example.net'";
  const add = (place: string): string =>
    `INSERT INTO ${table} (term, ${entry}) VALUES ('address:mallory@example.org', ${place})`;
  return [
    { why: 'a word taken out', sql: `DELETE FROM ${table} WHERE ${EMIL}`, because: /lacks 1 of its/ },
    {
      why: 'a word that leads elsewhere',
      sql: `UPDATE ${table} SET ${entry} = ${FORGOTTEN(s)} WHERE ${EMIL}`,
      because: /lacks/,
    },
    {
      why: 'a word too many',
      sql: add(YOUNG(s)),
      because: /a word that it does not have: address:mallory@example.org/,
    },
    {
      why: 'a word too many of what was forgotten',
      sql: add(FORGOTTEN(s)),
      because: /a word that it does not have/,
    },
    {
      why: 'all of the index, as if it was still to be written',
      sql: `DELETE FROM ${table}; ${s.forgetIndexed}`,
      because: /^$/,
    },
    {
      why: 'a word too many while the index is to be written again',
      sql: `DELETE FROM ${table}; ${s.forgetIndexed}; ${add(YOUNG(s))}`,
      because: /a word that it does not have/,
    },
    {
      why: 'a word of an event to come',
      sql: add('1000'),
      because: /an event that does not exist, by a word: address:mallory/,
    },
  ];
}

function queued(s: Spelling): readonly Tampering[] {
  return [
    {
      why: 'the recipient of queued mail',
      sql: "UPDATE recipient SET forward_path = 'mallory@example.net'",
      because: /it was not accepted for mallory@example.net/,
    },
    {
      why: 'the sender of queued mail',
      sql: "UPDATE message SET reverse_path = 'mallory@example.org'",
      because: /it was accepted with another reverse-path/,
    },
    {
      why: 'the account of queued mail',
      sql: "UPDATE message SET identity_id = 'mallory'",
      because: /it was accepted from another account/,
    },
    {
      why: 'the acceptance of queued mail, with all that follows',
      sql: `DELETE FROM ${s.words} WHERE ${s.entry} >= ${YOUNG(s)}; DELETE FROM event WHERE ${s.place} >= ${YOUNG(s)}; ${FORGET_HEAD}`,
      because: /is queued, and no event tells of its acceptance/,
    },
  ];
}

export function assertFound({ because }: Tampering, { broken }: Verification): void {
  // What is searched for in the tail again hides nothing.
  if (because.source === '^$') assert.equal(broken, undefined, JSON.stringify(broken));
  else assert.match(broken?.because ?? 'nothing was found', because);
}
