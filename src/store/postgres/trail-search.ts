// Events that words or ids of messages name, newest first, page by page: what the index leads to, together with what stands after its watermarks.

import type { Term } from '../../record/terms.ts';
import { hasTerm } from '../event-row.ts';
import { number, type Row } from '../row.ts';
import type { Sql } from './sql.ts';
import { EVENT_COLUMNS, indexedWords } from './term-index.ts';

/** Places of events, both ends left out. */
export interface Places {
  readonly above: number;
  readonly below: number;
}

export const allPlaces: Places = { above: 0, below: Number.MAX_SAFE_INTEGER };

const PAGE = 500;
const TAIL_MAX = 1_000_000;

const NEWEST = `
  SELECT ${EVENT_COLUMNS} FROM (
    SELECT DISTINCT place FROM (
      SELECT t.place FROM unnest($1::text[]) AS w (term), LATERAL (
        SELECT place FROM term WHERE term.term = w.term AND place > $3 AND place < $4 ORDER BY place DESC LIMIT $5
      ) AS t
      UNION ALL
      SELECT e.place FROM unnest($2::text[]) AS i (id) JOIN event e ON e.message_id = i.id WHERE e.place > $3 AND e.place < $4
    ) AS named ORDER BY place DESC LIMIT $5
  ) AS newest JOIN event e ON e.place = newest.place ORDER BY e.place DESC`;

const TAIL = `
  SELECT ${EVENT_COLUMNS} FROM chain c, LATERAL (
    SELECT * FROM event WHERE event.chain = c.id AND event.sequence > c.indexed ORDER BY event.sequence LIMIT ${TAIL_MAX}
  ) AS e WHERE NOT c.closed AND e.place > $1 AND e.place < $2 ORDER BY e.place DESC`;

/** Rows with `EVENT_COLUMNS`, each once; no more pages are read than are asked for. `first`: how many are wanted at first. */
export async function* newestNaming(
  sql: Sql,
  terms: readonly Term[],
  places: Places,
  first: number = PAGE,
): AsyncGenerator<Row, void> {
  // The tail first: what is indexed meanwhile is met in a page once more.
  const tail = (await unindexed(sql, terms, places)).values();
  let next = tail.next();
  for await (const row of indexed(sql, terms, places, Math.min(first, PAGE))) {
    for (; next.done !== true && number(next.value, 'at') > number(row, 'at'); next = tail.next())
      yield next.value;
    if (next.done !== true && number(next.value, 'at') === number(row, 'at')) next = tail.next();
    yield row;
  }
  for (; next.done !== true; next = tail.next()) yield next.value;
}

async function* indexed(
  sql: Sql,
  terms: readonly Term[],
  { above, below }: Places,
  first: number,
): AsyncGenerator<Row, void> {
  const words = indexedWords(terms);
  let before = below;
  for (let max = first; ; max = PAGE) {
    const page = await sql.all(NEWEST, words, idsOf(terms), above, before, max);
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < max) return;
    before = number(last, 'at');
  }
}

const ID = 'id:';

function idsOf(terms: readonly Term[]): readonly string[] {
  return terms.flatMap((term) => (term.startsWith(ID) ? [term.slice(ID.length)] : []));
}

/** In the tails that the index does not reach yet. Ids are found there too, without it. */
async function unindexed(sql: Sql, terms: readonly Term[], places: Places): Promise<readonly Row[]> {
  const has = terms.filter((term) => !term.startsWith(ID)).map((term) => hasTerm(term));
  if (has.length === 0) return [];
  const rows = await sql.all(TAIL, places.above, places.below);
  return rows.filter((row) => has.some((hasIt) => hasIt(row)));
}

/** The place of the last event that was written before this time, or one after it before the next; found by halving: the trail has no index of times. */
export async function lastBefore(sql: Sql, time: number): Promise<number> {
  const newest = await sql.get('SELECT max(place) AS place FROM event');
  let low = 0;
  let high = number(newest ?? {}, 'place') + 1;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    const row = await sql.get(
      'SELECT place, time FROM event WHERE place > $1 AND place <= $2 ORDER BY place DESC LIMIT 1',
      ...[low, middle],
    );
    if (row === undefined || number(row, 'time') < time) low = middle;
    else high = number(row, 'place');
  }
  return low;
}
