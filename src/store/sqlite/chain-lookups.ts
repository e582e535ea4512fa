// What `audit verify` reads: the events as they stand, and what the look-up index has of each. What belongs together is read in one view.

import type { Term } from '../../record/terms.ts';
import { type ChainEnd, firstLink } from '../../record/link.ts';
import { cursorAt, placeOf } from '../cursor.ts';
import type { Chain, ChainLink, Cursor, Lookups, StrayEntry } from '../lookups.ts';
import { type Database, inOneView, type Row, type SqlValue } from './database.ts';
import { linkOfRow, wordsOfRow } from '../event-row.ts';
import { number, optionalBytes, text } from '../row.ts';
import { ownChain, POSITION_COLUMNS } from './events.ts';
import { isIndexed, TERM_COLUMNS, watermark } from './term-index.ts';

type ChainLookups = Pick<Lookups, 'chains' | 'links' | 'newestLinks' | 'indexEntries' | 'strayEntries'>;

const COLUMNS = `sequence, ${POSITION_COLUMNS}, time, type, message_id, identity_id, salt, payload, place_salt, place, content_hash, link`;

export function chainLookups(db: Database): ChainLookups {
  const linksOf = (sql: string, ...values: readonly SqlValue[]): readonly ChainLink[] =>
    inOneView(db, () => {
      const indexed = watermark(db);
      return db.all(`SELECT ${COLUMNS} FROM event ${sql}`, ...values).map((row) => {
        const place = number(row, 'sequence');
        const index = place <= indexed ? indexOf(db, row) : undefined;
        const link = { ...linkOfRow(row), cursor: cursorAt(place) };
        return index === undefined ? link : { ...link, index };
      });
    });
  return {
    chains: async () => {
      const own = ownChain(db);
      return db.all('SELECT * FROM chain ORDER BY started_at, id').map((row) => chainOfRow(row, own));
    },
    // From before the first place too: what was put in there would be found by look-ups.
    links: async ({ after, max }) =>
      linksOf(
        'WHERE sequence > ? ORDER BY sequence LIMIT ?',
        after === undefined ? Number.MIN_SAFE_INTEGER : placeOf(after),
        max,
      ),
    newestLinks: async (max) => linksOf('ORDER BY sequence DESC LIMIT ?', max).toReversed(),
    indexEntries: async ({ through }) =>
      inOneView(db, () => {
        const sql = 'SELECT count(*) AS count FROM trail_term WHERE sequence <= ? OR sequence > ?';
        const last = Math.max(0, ...through.map(placeOf));
        return number(db.get(sql, last, watermark(db)) ?? {}, 'count');
      }),
    strayEntries: async ({ after, max }) =>
      inOneView(db, () => {
        const entries = db
          .all(
            'SELECT term, sequence FROM trail_term WHERE (term, sequence) > (?, ?) ORDER BY term, sequence LIMIT ?',
            ...entryOf(after),
            max,
          )
          .map((row): Entry => [text(row, 'term'), number(row, 'sequence')]);
        const last = entries.length < max ? undefined : entries.at(-1);
        const indexed = watermark(db);
        return {
          stray: entries.flatMap((entry) => strayOf(db, entry, indexed)),
          ...(last === undefined ? {} : { next: `${last[1]} ${last[0]}` }),
        };
      }),
  };
}

type Entry = readonly [term: Term, place: number];

/** That a walk of the index goes on after. */
function entryOf(cursor: Cursor | undefined): Entry {
  if (cursor === undefined) return ['', 0];
  const end = cursor.indexOf(' ');
  return [cursor.slice(end + 1), placeOf(cursor.slice(0, Math.max(0, end)))];
}

function strayOf(db: Database, [term, place]: Entry, indexed: number): readonly StrayEntry[] {
  const row = db.get(
    `SELECT ${POSITION_COLUMNS}, ${TERM_COLUMNS} FROM event WHERE event.sequence = ?`,
    place,
  );
  if (row === undefined) return [{ term }];
  if (place <= indexed && wordsOfRow(row)?.has(term) === true) return [];
  return [{ term, event: { chain: number(row, 'chain'), sequence: number(row, 'number') } }];
}

/** Nothing of the store's own chain was left elsewhere: a checkpoint of it would hide that its beginning was removed. */
function chainOfRow(row: Row, own: number): Chain {
  const chain = number(row, 'id');
  const end = (column: 'head' | 'checkpoint'): ChainEnd | undefined => {
    const link = optionalBytes(row, `${column}_link`);
    return link && { chain, sequence: number(row, column), link };
  };
  const checkpoint = chain === own ? undefined : end('checkpoint');
  return {
    ...{ chain, name: text(row, 'name'), startedAt: number(row, 'started_at') },
    head: end('head') ?? checkpoint ?? { chain, sequence: 0, link: firstLink },
    ...(checkpoint === undefined ? {} : { checkpoint }),
  };
}

function indexOf(db: Database, row: Row): ChainLink['index'] {
  const terms = wordsOfRow(row);
  if (terms === undefined) return undefined;
  const sequence = number(row, 'sequence');
  const lacking = [...terms].filter((term) => !isIndexed(db, term, sequence));
  return { entries: terms.size, lacking: lacking.length };
}
