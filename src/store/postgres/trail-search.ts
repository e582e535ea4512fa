// Events that words or ids of messages name, newest first, page by page: what the index leads to, together with what stands after its watermarks.

import type { EventType } from '../../record/events.ts';
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

export const allPlaces: Places = { above: Number.MIN_SAFE_INTEGER, below: Number.MAX_SAFE_INTEGER };

const PAGE = 500;

/** OFFSET: each event is looked up by its place, in its own partition. Joined, all partitions would be read once for the whole of it. What is of a message is found by its id alone:
    by its place, too, small partitions would be walked. */
const NEWEST = `
  SELECT ${EVENT_COLUMNS.replace('e.payload', 'CASE WHEN $6::text[] IS NULL OR e.type = ANY($6) THEN e.payload END AS payload')} FROM (
    SELECT DISTINCT place FROM (
      SELECT t.place FROM unnest($1::text[]) AS w (term), LATERAL (
        SELECT place FROM term WHERE term.term = w.term AND place > $3 AND place < $4 ORDER BY place DESC LIMIT $5
      ) AS t
      UNION ALL
      SELECT e.place FROM unnest($2::text[]) AS i (id), LATERAL (SELECT place FROM event WHERE message_id = i.id OFFSET 0) AS e WHERE e.place > $3 AND e.place < $4
    ) AS named ORDER BY place DESC LIMIT $5
  ) AS newest, LATERAL (SELECT * FROM event WHERE event.place = newest.place OFFSET 0) AS e ORDER BY newest.place DESC`;

/** Of each tail its beginning. By its number alone: the place would leave out partitions, but with it all that others wrote since might be walked, for a chain that has no tail. */
const TAILS = `
  SELECT ${EVENT_COLUMNS} FROM chain c, LATERAL (
    SELECT * FROM event WHERE event.chain = c.id AND event.sequence > c.indexed ORDER BY event.sequence LIMIT ${PAGE}
  ) AS e WHERE NOT c.closed`;
const TAIL_AFTER = `SELECT ${EVENT_COLUMNS} FROM event e WHERE e.chain = $1 AND e.sequence > $2 ORDER BY e.sequence LIMIT ${PAGE}`;
const AT_PLACES = `
  SELECT ${EVENT_COLUMNS} FROM unnest($1::bigint[]) AS p (place), LATERAL (SELECT * FROM event WHERE event.place = p.place OFFSET 0) AS e ORDER BY p.place DESC`;

/** What of them is wanted. */
interface Wanted {
  /** So many at first. */
  readonly first?: number;
  /** Of other types the content is left out: it is most of what is read. */
  readonly types?: readonly EventType[] | undefined;
}

/** Rows with `EVENT_COLUMNS`, each once; no more pages are read than are asked for. */
export async function* newestNaming(
  sql: Sql,
  terms: readonly Term[],
  places: Places,
  { first = PAGE, types }: Wanted = {},
): AsyncGenerator<Row, void> {
  // The tail first: what is indexed meanwhile is met in a page once more.
  const tail = rowsAt(sql, await unindexed(sql, terms, places));
  let next = await tail.next();
  for await (const row of indexed(sql, terms, places, { first: Math.min(first, PAGE), types })) {
    for (; next.done !== true && number(next.value, 'at') > number(row, 'at'); next = await tail.next())
      yield next.value;
    if (next.done !== true && number(next.value, 'at') === number(row, 'at')) next = await tail.next();
    yield row;
  }
  for (; next.done !== true; next = await tail.next()) yield next.value;
}

async function* indexed(
  sql: Sql,
  terms: readonly Term[],
  { above, below }: Places,
  { first, types }: Wanted & { readonly first: number },
): AsyncGenerator<Row, void> {
  const words = indexedWords(terms);
  let before = below;
  // Twice as many each time: of few that are wanted most may be of other types.
  for (let max = first; ; max = Math.min(PAGE, 2 * max)) {
    const page = await sql.all(NEWEST, words, idsOf(terms), above, before, max, types ?? null);
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

/** Places in the tails that the index does not reach yet, newest first. Ids are found there too, without it. */
export async function unindexed(
  sql: Sql,
  terms: readonly Term[],
  { above, below }: Places,
): Promise<readonly number[]> {
  const has = terms.filter((term) => !term.startsWith(ID)).map((term) => hasTerm(term));
  if (has.length === 0) return [];
  const found: number[] = [];
  const look = (rows: readonly Row[]): void => {
    for (const row of rows) {
      const place = number(row, 'at');
      if (place > above && place < below && has.some((hasIt) => hasIt(row))) found.push(place);
    }
  };
  const begun = Map.groupBy(await sql.all(TAILS), (row) => number(row, 'chain'));
  for (const [chain, beginning] of begun)
    for (let page = beginning; page.length > 0;) {
      look(page);
      const last = Math.max(...page.map((row) => number(row, 'number')));
      page = page.length < PAGE ? [] : [...(await sql.all(TAIL_AFTER, chain, last))];
    }
  return found.toSorted((one, other) => other - one);
}

/** Read again, a page at a time: all of them would be too much to hold. */
async function* rowsAt(sql: Sql, places: readonly number[]): AsyncGenerator<Row, void> {
  for (let at = 0; at < places.length; at += PAGE)
    yield* await sql.all(AT_PLACES, places.slice(at, at + PAGE));
}

/** By halving, within one question: places have large gaps, so it takes some thirty steps. */
const LAST_BEFORE = `
  WITH RECURSIVE halved (low, high) AS (
    SELECT (SELECT min(place) FROM event WHERE place >= 0) - 1, (SELECT max(place) FROM event) + 1
    UNION ALL
    SELECT CASE WHEN e.time >= $1 THEN h.low ELSE m.middle END, CASE WHEN e.time >= $1 THEN e.place ELSE h.high END
      FROM halved h, LATERAL (SELECT (h.low + h.high) / 2 AS middle) AS m
        LEFT JOIN LATERAL (SELECT place, time FROM event WHERE place > h.low AND place <= m.middle ORDER BY place DESC LIMIT 1) AS e ON true
      WHERE h.high - h.low > 1
  )
  SELECT h.low, (SELECT min(place) FROM event WHERE place >= 0) - 1 AS none FROM halved h ORDER BY h.high - h.low LIMIT 1`;

/** The place of the last event that was written before this time, or one after it before the next: the trail has no index of times. */
export async function lastBefore(sql: Sql, time: number): Promise<number> {
  const row = (await sql.get(LAST_BEFORE, time)) ?? {};
  const { low, none } = row;
  // Those that were kept for queued mail stand before all others. Or there are no events.
  return typeof low === 'number' && low !== none ? low : allPlaces.above;
}
