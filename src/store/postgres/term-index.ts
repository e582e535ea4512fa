// The look-up index of the trail: by which words an event is found. It is written behind the commits, a slice of one chain at a time, and each chain has a watermark: what
// stands after it is looked through. The id of its message is no word here: events have a column and an index of it.

import { hash } from 'node:crypto';
import type { Term } from '../../record/terms.ts';
import { wordsOfRow } from '../event-row.ts';
import type { EventTerms, RecentTerms } from '../recent-terms.ts';
import { number, type Row } from '../row.ts';
import { type Connection, SqlError } from './connection.ts';
import { sqlOver, type Sql } from './sql.ts';

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
/** OFFSET: each event is looked up by its number. A plan that was made while the chain was short would else go through all of it, for each word. */
const WRITE = `INSERT INTO term (term, place)
  SELECT w.term, e.place FROM unnest($3::text[], $4::bigint[]) AS w (term, sequence),
      LATERAL (SELECT place FROM event WHERE chain = $1 AND sequence = w.sequence AND payload IS NOT NULL OFFSET 0) AS e
    WHERE EXISTS (SELECT 1 FROM chain c WHERE c.id = $1 AND c.indexed = $2) ORDER BY 1, 2 ON CONFLICT DO NOTHING`;
/** Whoever took it for a dead one by its process was wrong. */
const NOTE = `UPDATE chain c SET indexed = e.sequence, head = e.sequence, head_link = e.link, closed = false, pid = CASE WHEN NOT c.closed THEN c.pid END
  FROM event e WHERE c.id = $1 AND c.indexed = $2 AND e.chain = c.id AND e.sequence = $3`;
/** What a crash takes away of it is done again. */
const LAZILY = "SELECT set_config('synchronous_commit', 'off', true)";
const LOCK_NOT_AVAILABLE = '55P03';

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
  const through = events.at(-1)?.sequence ?? from;
  if (through === from) return from;
  const entries = events.flatMap(({ sequence, terms }) =>
    indexedWords(terms).map((term) => ({ term, sequence })),
  );
  const words = [entries.map(({ term }) => term), entries.map(({ sequence }) => sequence)] as const;
  try {
    const [, , , noted] = await connection.flush([
      { sql: LAZILY, values: [] },
      { sql: HOLD, values: [chain] },
      { sql: WRITE, values: [chain, from, ...words] },
      { sql: NOTE, values: [chain, from, through] },
    ]);
    if (noted?.count !== 1) return await watermark(sqlOver(connection), chain);
  } catch (error) {
    if (error instanceof SqlError && error.code === LOCK_NOT_AVAILABLE) return from;
    throw error;
  }
  recent?.forget(through);
  return through;
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
export async function unindex(sql: Sql, rows: readonly Row[]): Promise<void> {
  const entries = rows.flatMap((row) =>
    indexedWords(wordsOfRow(row) ?? []).map((term) => ({ term, place: number(row, 'at') })),
  );
  await sql.run(
    'DELETE FROM term t USING unnest($1::text[], $2::bigint[]) AS w (term, place) WHERE t.term = w.term AND t.place = w.place',
    ...[entries.map(({ term }) => term), entries.map(({ place }) => place)],
  );
}
