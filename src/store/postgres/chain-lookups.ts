// What `audit verify` reads: the events as they stand, chain by chain, and what the look-up index has of each. What belongs together is read in one view.

import { type ChainEnd, firstLink } from '../../record/link.ts';
import type { Term } from '../../record/terms.ts';
import { linkOfRow, wordsOfRow } from '../event-row.ts';
import {
  type Chain,
  type ChainLink,
  type Cursor,
  type Lookups,
  NotACursor,
  type StrayEntry,
} from '../lookups.ts';
import { number, optionalBytes, type Row, text } from '../row.ts';
import type { SqlValue } from './connection.ts';
import type { Reader } from './reader.ts';
import type { Sql } from './sql.ts';
import { EVENT_COLUMNS, indexedWords } from './term-index.ts';

type ChainLookups = Pick<Lookups, 'chains' | 'links' | 'newestLinks' | 'indexEntries' | 'strayEntries'>;

/** An event of a chain whose writer has closed it is indexed. */
const LINKS = `SELECT ${EVENT_COLUMNS}, e.salt, e.place_salt, e.content_hash, e.link, c.closed OR e.sequence <= c.indexed AS indexed
  FROM event e LEFT JOIN chain c ON c.id = e.chain`;
/** A chain that nobody has written anything to is none. */
const CHAINS = `SELECT c.id, c.name, c.started_at, c.head, c.head_link, c.checkpoint, c.checkpoint_link
  FROM chain c LEFT JOIN LATERAL (SELECT 1 AS one FROM event e WHERE e.chain = c.id ORDER BY e.sequence LIMIT 1) AS event ON true
  WHERE c.head IS NOT NULL OR event.one IS NOT NULL ORDER BY c.started_at, c.id`;

export function chainLookups(reader: Reader): ChainLookups {
  const linksOf = (sql: string, ...values: readonly SqlValue[]): Promise<readonly ChainLink[]> =>
    reader.inOneView(async (view) => withIndex(view, await view.all(`${LINKS} ${sql}`, ...values)));
  return {
    chains: async () => (await reader.all(CHAINS)).map((row) => chainOfRow(row)),
    links: async ({ after, max }) =>
      linksOf(
        'WHERE (e.chain, e.sequence) > ($1, $2) ORDER BY e.chain, e.sequence LIMIT $3',
        ...(after === undefined ? BEFORE_ALL : positionOf(after)),
        max,
      ),
    newestLinks: async (max) =>
      (await linksOf('ORDER BY e.chain DESC, e.sequence DESC LIMIT $1', max)).toReversed(),
    indexEntries: async ({ through }) => countEntries(reader, through.map(positionOf)),
    strayEntries: (page) => strayOf(reader, page),
  };
}

type Position = readonly [chain: number, number: number];

/** From before the first number too: what was put in there would be found by look-ups. */
const BEFORE_ALL: Position = [-2_147_483_648, Number.MIN_SAFE_INTEGER];

const cursorOf = (row: Row): Cursor => `${number(row, 'chain')}:${number(row, 'number')}`;

function positionOf(cursor: Cursor): Position {
  const [, chain, last] = /^(-?\d{1,9}):(-?\d{1,15})$/.exec(cursor) ?? [];
  if (chain !== undefined && last !== undefined) return [Number(chain), Number(last)];
  throw new NotACursor(`"${cursor}" is no place in the trail: take one that an answer before has given`);
}

function chainOfRow(row: Row): Chain {
  const chain = number(row, 'id');
  const end = (column: 'head' | 'checkpoint'): ChainEnd | undefined => {
    const link = optionalBytes(row, `${column}_link`);
    return link && { chain, sequence: number(row, column), link };
  };
  const checkpoint = end('checkpoint');
  return {
    ...{ chain, name: text(row, 'name'), startedAt: number(row, 'started_at') },
    head: end('head') ?? checkpoint ?? { chain, sequence: 0, link: firstLink },
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
}

const PRESENT = `SELECT t.place, count(*) AS present FROM unnest($1::text[], $2::bigint[]) AS w (term, place),
  LATERAL (SELECT place FROM term WHERE term.term = w.term AND term.place = w.place OFFSET 0) AS t GROUP BY t.place`;

async function withIndex(sql: Sql, rows: readonly Row[]): Promise<readonly ChainLink[]> {
  const words = new Map<number, readonly Term[]>();
  for (const row of rows) {
    const found = row['indexed'] === true ? wordsOfRow(row) : undefined;
    if (found !== undefined) words.set(number(row, 'at'), indexedWords(found));
  }
  const entries = [...words].flatMap(([place, terms]) => terms.map((term) => ({ term, place })));
  const counted = await sql.all(
    PRESENT,
    entries.map(({ term }) => term),
    entries.map(({ place }) => place),
  );
  const present = new Map(counted.map((row) => [number(row, 'place'), number(row, 'present')]));
  return rows.map((row) => {
    const place = number(row, 'at');
    const terms = words.get(place);
    const link = { ...linkOfRow(row), cursor: cursorOf(row) };
    if (terms === undefined) return link;
    return { ...link, index: { entries: terms.length, lacking: terms.length - (present.get(place) ?? 0) } };
  });
}

/** Entries of one statement: the index may have very many. */
const COUNTED_AT_ONCE = 50_000;
const END_OF_PAGE = `SELECT term, place FROM term WHERE (term, place) > ($1, $2) ORDER BY term, place OFFSET ${COUNTED_AT_ONCE - 1} LIMIT 1`;
/** Each by its key, in its own partition. */
const ITS_EVENT = 'LEFT JOIN LATERAL (SELECT * FROM event WHERE event.place = t.place OFFSET 0) AS e ON true';
const COUNT = `
  SELECT count(*) AS count FROM (SELECT place FROM term WHERE (term, place) > ($1, $2) ORDER BY term, place LIMIT ${COUNTED_AT_ONCE}) AS t
    ${ITS_EVENT} LEFT JOIN chain c ON c.id = e.chain
    LEFT JOIN unnest($3::int[], $4::bigint[]) AS u (chain, sequence) ON u.chain = e.chain
    WHERE e.place IS NULL OR e.sequence <= u.sequence OR (NOT c.closed AND e.sequence > c.indexed)`;

async function countEntries(sql: Sql, through: readonly Position[]): Promise<number> {
  const [chains, numbers] = [through.map(([chain]) => chain), through.map(([, last]) => last)];
  let count = 0;
  for (let at: Entry = FIRST_ENTRY; ;) {
    count += number((await sql.get(COUNT, ...at, chains, numbers)) ?? {}, 'count');
    const end = await sql.get(END_OF_PAGE, ...at);
    if (end === undefined) return count;
    at = [text(end, 'term'), number(end, 'place')];
  }
}

type Entry = readonly [term: Term, place: number];

const FIRST_ENTRY: Entry = ['', Number.MIN_SAFE_INTEGER];

const ENTRIES = `
  SELECT t.term, t.place AS entry, ${EVENT_COLUMNS}, c.closed OR e.sequence <= c.indexed AS indexed
    FROM (SELECT term, place FROM term WHERE (term, place) > ($1, $2) ORDER BY term, place LIMIT $3) AS t
    ${ITS_EVENT} LEFT JOIN chain c ON c.id = e.chain ORDER BY t.term, t.place`;

async function strayOf(
  sql: Sql,
  { after, max }: { readonly after?: Cursor; readonly max: number },
): ReturnType<Lookups['strayEntries']> {
  const rows = await sql.all(ENTRIES, ...(after === undefined ? FIRST_ENTRY : entryOf(after)), max);
  const last = rows.length < max ? undefined : rows.at(-1);
  return {
    stray: rows.flatMap((row) => strayOfRow(row)),
    ...(last === undefined ? {} : { next: `${number(last, 'entry')} ${text(last, 'term')}` }),
  };
}

function entryOf(cursor: Cursor): Entry {
  const [, place, term] = /^(-?\d{1,15}) (.*)$/s.exec(cursor) ?? [];
  if (place !== undefined && term !== undefined) return [term, Number(place)];
  throw new NotACursor(`"${cursor}" is no place in the index: take one that an answer before has given`);
}

function strayOfRow(row: Row): readonly StrayEntry[] {
  const term = text(row, 'term');
  if (row['at'] === null) return [{ term }];
  const words = row['indexed'] === true ? wordsOfRow(row) : undefined;
  if (words !== undefined && indexedWords(words).includes(term)) return [];
  return [{ term, event: { chain: number(row, 'chain'), sequence: number(row, 'number') } }];
}
