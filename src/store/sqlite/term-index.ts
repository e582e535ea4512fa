// The look-up index of the trail. It lags behind by a watermark, so that acceptance does not pay for it; a look-up joins it with a scan
// of the tail, so that a message is found at once after its 250.

import { idTerm, type Term } from '../../record/terms.ts';
import { hasTerm, termsOfRow, wordsOfRow } from '../event-row.ts';
import type { EventTerms, RecentTerms } from '../recent-terms.ts';
import { type Database, rollBack, type Row } from './database.ts';
import { number, text } from '../row.ts';

/** Indexes up to `max` events in one transaction; true: there are more. */
export function indexTail(db: Database, recent: RecentTerms, max: number): boolean {
  const from = watermark(db);
  const events =
    recent.after(from, max) ??
    tail(db, max).map((row) => ({ sequence: number(row, 'sequence'), terms: termsOfRow(row) }));
  const last = events.at(-1);
  if (last === undefined) return false;
  db.exec('BEGIN IMMEDIATE');
  try {
    insertEntries(db, inOrder(events));
    db.run("UPDATE meta SET value = ? WHERE name = 'indexed'", last.sequence);
    noteHead(db, last.sequence);
    db.exec('COMMIT');
  } catch (error) {
    rollBack(db);
    throw error;
  }
  recent.forget(last.sequence);
  return events.length === max;
}

/** With the index, not with each commit: the end of a chain may be beyond its head, never before it. Of a chain that was copied it stands already. */
function noteHead(db: Database, sequence: number): void {
  db.run(
    'UPDATE chain SET head = e.number, head_link = e.link FROM (SELECT chain, coalesce(chain_sequence, sequence) AS number, link FROM event WHERE sequence = ?) e WHERE id = e.chain AND coalesce(head, 0) < e.number',
    sequence,
  );
}

type Entry = readonly [term: Term, sequence: number];

/** A statement that is run costs more than what it does for one row. */
const ENTRIES_AT_ONCE = 32;
const INSERT_ONE = 'INSERT OR IGNORE INTO trail_term VALUES (?, ?)';
const INSERT_MANY = `${INSERT_ONE}${', (?, ?)'.repeat(ENTRIES_AT_ONCE - 1)}`;

function insertEntries(db: Database, entries: readonly Entry[]): void {
  const last = entries.length - (entries.length % ENTRIES_AT_ONCE);
  for (let at = 0; at < last; at += ENTRIES_AT_ONCE)
    db.run(INSERT_MANY, ...entries.slice(at, at + ENTRIES_AT_ONCE).flat());
  for (const [term, sequence] of entries.slice(last)) db.run(INSERT_ONE, term, sequence);
}

/** Neighbours in the index one after the other: each of its pages is touched once. */
function inOrder(events: readonly EventTerms[]): readonly Entry[] {
  const entries = events.flatMap(({ sequence, terms }) => terms.map((term): Entry => [term, sequence]));
  return entries.sort(([one, first], [other, second]) =>
    one === other ? first - second : one < other ? -1 : 1,
  );
}

/** A step of the migration: what is indexed already gets the words of now. */
export function addWordsOfIndexed(db: Database): void {
  const last = watermark(db);
  for (let from = Number.MIN_SAFE_INTEGER; ;) {
    const rows = db.all(
      `SELECT sequence, ${TERM_COLUMNS} FROM event WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ${PAGE}`,
      from,
      last,
    );
    const events = rows.map((row) => ({
      sequence: number(row, 'sequence'),
      terms: [...(wordsOfRow(row) ?? [])],
    }));
    insertEntries(db, inOrder(events));
    from = events.at(-1)?.sequence ?? last;
    if (rows.length < PAGE) return;
  }
}

/** Takes the event out of the index, except for the id of its message. To be called while its payload is still there. */
export function unindex(db: Database, sequence: number): void {
  const row = db.get(`SELECT sequence, ${TERM_COLUMNS} FROM event WHERE sequence = ?`, sequence);
  if (row === undefined) return;
  for (const term of termsOfRow(row)) {
    if (!term.startsWith('id:'))
      db.run('DELETE FROM trail_term WHERE term = ? AND sequence = ?', term, sequence);
  }
}

const TAIL_MAX = 1_000_000;

/** Every event up to it is in the index. */
export function watermark(db: Database): number {
  return number(db.get("SELECT value FROM meta WHERE name = 'indexed'") ?? {}, 'value');
}

function tail(db: Database, max: number): readonly Row[] {
  return db.all(
    `SELECT sequence, ${TERM_COLUMNS} FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?`,
    watermark(db),
    max,
  );
}

/** What the words of an event come from. */
export const TERM_COLUMNS = 'type, message_id, identity_id, payload, place';

export function isIndexed(db: Database, term: Term, sequence: number): boolean {
  return db.get('SELECT 1 FROM trail_term WHERE term = ? AND sequence = ?', term, sequence) !== undefined;
}

/** Sequence numbers of the events that the term names, oldest first. */
export function findSequences(db: Database, term: Term): readonly number[] {
  return [...indexed(db, term), ...unindexed(db, term)];
}

function indexed(db: Database, term: Term): readonly number[] {
  return db
    .all('SELECT sequence FROM trail_term WHERE term = ? ORDER BY sequence', term)
    .map((row) => number(row, 'sequence'));
}

/** Of each of these messages the same, by its id. What the index does not reach yet is read once for all of them. */
export function sequencesOfMessages(db: Database, ids: readonly string[]): readonly (readonly number[])[] {
  const late = Map.groupBy(
    db.all(
      `SELECT sequence, message_id FROM event WHERE sequence > ? AND message_id IS NOT NULL ORDER BY sequence LIMIT ${TAIL_MAX}`,
      watermark(db),
    ),
    (row) => text(row, 'message_id'),
  );
  return ids.map((id) => [
    ...indexed(db, idTerm(id)),
    ...(late.get(id) ?? []).map((row) => number(row, 'sequence')),
  ]);
}

const PAGE = 500;

/** Numbers of events, both ends left out. */
export interface Numbers {
  readonly above: number;
  readonly below: number;
}

/** Of the events that any of the terms names, newest first, each once, and no more than are asked for: an address may have a million. */
export function* newestSequences(
  db: Database,
  terms: readonly Term[],
  numbers: Numbers,
): Generator<number, void> {
  const walks = terms.map((term) => newestOfTerm(db, term, numbers));
  const heads = walks.map((walk) => walk.next().value);
  for (;;) {
    const newest = Math.max(...heads.map((head) => head ?? -Infinity));
    if (newest === -Infinity) return;
    yield newest;
    for (const [at, walk] of walks.entries()) if (heads[at] === newest) heads[at] = walk.next().value;
  }
}

function* newestOfTerm(db: Database, term: Term, { above, below }: Numbers): Generator<number, undefined> {
  yield* unindexed(db, term)
    .filter((sequence) => sequence > above && sequence < below)
    .toReversed();
  let before = below;
  for (;;) {
    const page = db
      .all(
        'SELECT sequence FROM trail_term WHERE term = ? AND sequence > ? AND sequence < ? ORDER BY sequence DESC LIMIT ?',
        ...[term, above, before, PAGE],
      )
      .map((row) => number(row, 'sequence'));
    yield* page;
    if (page.length < PAGE) return undefined;
    before = page.at(-1) ?? 0;
  }
}

/** In the tail that the index does not reach yet, oldest first. */
function unindexed(db: Database, term: Term): readonly number[] {
  return tail(db, TAIL_MAX)
    .filter(hasTerm(term))
    .map((row) => number(row, 'sequence'));
}
