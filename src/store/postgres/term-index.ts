// The look-up index of the trail: by which words an event is found. It is written behind the commits, a slice of one chain at a time, and each chain has a watermark: what
// stands after it is looked through. The id of its message is no word here: events have a column and an index of it.

import { hash } from 'node:crypto';
import type { Term } from '../../record/terms.ts';
import { wordsOfRow } from '../event-row.ts';
import type { EventTerms, RecentTerms } from '../recent-terms.ts';
import { number, type Row } from '../row.ts';
import { textsArray } from './arrays.ts';
import { type Answer, type Connection, SqlError } from './connection.ts';
import { type Sql, sqlOver, type WritingSql } from './sql.ts';
import { arrayText } from './statements.ts';

/** Of `event e`, as `event-row.ts` reads them; `at` is its place. */
export const EVENT_COLUMNS =
  'e.place AS at, e.chain, e.sequence AS number, e.time, e.type, e.message_id, e.identity_id, e.payload, e.place_content AS place';

/** PostgreSQL takes up to 2,704 octets of a row into an index, and a sender decides how long a broken Message-ID is. */
const WORD_OCTETS_MAX = 1_000;

/** Those that stand in the index, as they stand there: of a long one its digest. */
export function indexedWords(terms: Iterable<Term>): readonly Term[] {
  const words = new Set<Term>();
  for (const term of terms) if (!term.startsWith('id:')) words.add(wordOf(term));
  return [...words];
}

function wordOf(term: Term): Term {
  if (Buffer.byteLength(term) <= WORD_OCTETS_MAX) return term;
  return `${term.slice(0, term.indexOf(':'))}:sha256:${hash('sha256', term)}`;
}

/** Who forgets events holds the chain meanwhile (`holdChains`): else words could be written of what is just being forgotten. */
const HOLD = 'SELECT 1 FROM chain WHERE id = $1 FOR UPDATE NOWAIT';
/** By the number of an event after $3: its words, as an array in text. OFFSET: a plan that was made while the chain was short would else go through all of it. By the bounds
    of places most partitions are left out. */
const WRITE = `INSERT INTO term (term, place)
  SELECT DISTINCT unnest(($5::text[])[e.sequence - $3]::text[]), e.place FROM chain c, LATERAL (
      SELECT sequence, place FROM event WHERE chain = $1 AND sequence > $3 AND sequence <= $4 AND place > c.indexed_place AND place <= (SELECT last_value FROM event_place)
        AND payload IS NOT NULL OFFSET 0
    ) AS e WHERE c.id = $1 AND c.indexed = $2 ORDER BY 1, 2`;
/** If a word is there already. None should be, as the watermark moves with the words, and to look for each takes as long again as to write it. */
const WRITE_LACKING = `${WRITE} ON CONFLICT DO NOTHING`;
/** Whoever took it for a dead one by its process was wrong. */
const NOTE = `UPDATE chain c SET indexed = e.sequence, indexed_place = e.place, head = greatest(c.head, e.sequence),
    head_link = CASE WHEN coalesce(c.head, 0) < e.sequence THEN e.link ELSE c.head_link END, closed = false, pid = CASE WHEN NOT c.closed THEN c.pid END
  FROM (
    SELECT place, sequence, link FROM event
      WHERE chain = $1 AND sequence = $3 AND place > (SELECT indexed_place FROM chain WHERE id = $1) AND place <= (SELECT last_value FROM event_place) LIMIT 1
  ) AS e WHERE c.id = $1 AND c.indexed = $2`;
/** What a crash takes away of it is done again. */
const LAZILY = "SELECT set_config('synchronous_commit', 'off', true)";
const LOCK_NOT_AVAILABLE = '55P03';
const UNIQUE_VIOLATION = '23505';

/** Indexes up to `max` events of a chain after the watermark `from`, and notes how far it has come. Gives the next watermark; the same: nothing was done. */
export async function indexSlice(
  connection: Connection,
  {
    chain,
    from,
    max,
    recent,
  }: {
    readonly chain: number;
    readonly from: number;
    readonly max: number;
    readonly recent?: RecentTerms;
  },
): Promise<number> {
  const events = recent?.after(from, max) ?? (await eventsAfter(sqlOver(connection), chain, from, max));
  const [first] = events;
  if (first === undefined) return from;
  const before = first.sequence - 1;
  const words = wordsAfter(before, events, max);
  const through = before + words.length;
  const written = (write: string): Promise<readonly Answer[]> =>
    connection.flush([
      { sql: LAZILY, values: [] },
      { sql: HOLD, values: [chain] },
      { sql: write, values: [chain, from, before, through, textsArray(words)] },
      { sql: NOTE, values: [chain, from, through] },
    ]);
  try {
    const [, , , noted] = await written(WRITE).catch((error: unknown) => {
      if (error instanceof SqlError && error.code === UNIQUE_VIOLATION) return written(WRITE_LACKING);
      throw error;
    });
    if (noted?.count !== 1) return await watermark(sqlOver(connection), chain);
  } catch (error) {
    if (error instanceof SqlError && error.code === LOCK_NOT_AVAILABLE) return from;
    throw error;
  }
  recent?.forget(through);
  return through;
}

/** Of each event after `before`, as far as they go, at most `max`: its words, as an array in text. */
function wordsAfter(before: number, events: readonly EventTerms[], max: number): readonly string[] {
  const near = events.filter(({ sequence }) => sequence <= before + max);
  const words = Array<string>((near.at(-1)?.sequence ?? before) - before).fill('{}');
  for (const { sequence, terms } of near) words[sequence - before - 1] = arrayText(indexedWords(terms));
  return words;
}

async function watermark(sql: Sql, chain: number): Promise<number> {
  return number((await sql.get('SELECT indexed FROM chain WHERE id = $1', chain)) ?? {}, 'indexed');
}

async function eventsAfter(
  sql: Sql,
  chain: number,
  after: number,
  max: number,
): Promise<readonly EventTerms[]> {
  const rows = await sql.all(
    `SELECT ${EVENT_COLUMNS} FROM event e WHERE e.chain = $1 AND e.sequence > $2 ORDER BY e.sequence LIMIT $3`,
    ...[chain, after, max],
  );
  return rows.map((row) => ({ sequence: number(row, 'number'), terms: [...(wordsOfRow(row) ?? [])] }));
}

/** Until the end of the transaction nothing is indexed of these chains. */
export async function holdChains(sql: Sql, chains: Iterable<number>): Promise<void> {
  await sql.all('SELECT id FROM chain WHERE id = ANY($1::int[]) ORDER BY id FOR UPDATE', [
    ...new Set(chains),
  ]);
}

/** Takes events out of the index, with `EVENT_COLUMNS`, whose payloads are still there. */
export async function unindex(sql: WritingSql, rows: readonly Row[]): Promise<void> {
  // Together they would be joined with all partitions.
  await sql.each('DELETE FROM term WHERE term = $1 AND place = $2', entriesOf(rows));
}

/** What leads to these events, with `EVENT_COLUMNS`: a word, and the place. */
export function entriesOf(rows: readonly Row[]): readonly (readonly [term: Term, place: number])[] {
  return rows.flatMap((row) =>
    indexedWords(wordsOfRow(row) ?? []).map((term) => [term, number(row, 'at')] as const),
  );
}
