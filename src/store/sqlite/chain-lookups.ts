// What `audit verify` reads: the events as they stand, and what the look-up index has of each. What belongs together is read in one view.

import type { Term } from '../../record/terms.ts';
import type { ChainLink, IndexEntry, Lookups } from '../lookups.ts';
import {
  bytes,
  type Database,
  inOneView,
  number,
  optionalBytes,
  optionalText,
  type Row,
  text,
} from './database.ts';
import { isIndexed, termsOfRow, watermark } from './term-index.ts';

type ChainLookups = Pick<Lookups, 'chain' | 'indexEntries' | 'strayEntries'>;

const COLUMNS =
  'chain, sequence, time, type, message_id, identity_id, salt, payload, place_salt, place, content_hash, link';

export function chainLookups(db: Database): ChainLookups {
  return {
    chain: async ({ afterSequence, max }) =>
      inOneView(db, () => {
        const indexed = watermark(db);
        return db
          .all(
            `SELECT ${COLUMNS} FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?`,
            afterSequence,
            max,
          )
          .map((row) => linkOfRow(row, number(row, 'sequence') <= indexed ? indexOf(db, row) : undefined));
      }),
    indexEntries: async ({ through }) =>
      inOneView(db, () => {
        const sql = 'SELECT count(*) AS count FROM trail_term WHERE sequence <= ? OR sequence > ?';
        return number(db.get(sql, through, watermark(db)) ?? {}, 'count');
      }),
    strayEntries: async ({ after = { term: '', sequence: 0 }, max }) =>
      inOneView(db, () => {
        const entries = db
          .all(
            'SELECT term, sequence FROM trail_term WHERE (term, sequence) > (?, ?) ORDER BY term, sequence LIMIT ?',
            ...[after.term, after.sequence, max],
          )
          .map((row) => ({ term: text(row, 'term'), sequence: number(row, 'sequence') }));
        const next = entries.length < max ? undefined : entries.at(-1);
        const indexed = watermark(db);
        return {
          stray: entries.filter((entry) => entry.sequence > indexed || !isOfItsEvent(db, entry)),
          ...(next === undefined ? {} : { next }),
        };
      }),
  };
}

function indexOf(db: Database, row: Row): ChainLink['index'] {
  const terms = wordsOf(row);
  if (terms === undefined) return undefined;
  const sequence = number(row, 'sequence');
  const lacking = [...terms].filter((term) => !isIndexed(db, term, sequence));
  return { entries: terms.size, lacking: lacking.length };
}

function isOfItsEvent(db: Database, { term, sequence }: IndexEntry): boolean {
  const row = db.get('SELECT type, message_id, identity_id, payload FROM event WHERE sequence = ?', sequence);
  return row !== undefined && wordsOf(row)?.has(term) === true;
}

/** Undefined: the content can't be read. That it is not what was written is told by its hash. */
function wordsOf(row: Row): ReadonlySet<Term> | undefined {
  try {
    return new Set(termsOfRow(row));
  } catch {
    return undefined;
  }
}

function linkOfRow(row: Row, index: ChainLink['index']): ChainLink {
  return {
    chain: number(row, 'chain'),
    sequence: number(row, 'sequence'),
    time: number(row, 'time'),
    type: text(row, 'type'),
    messageId: optionalText(row, 'message_id'),
    identityId: optionalText(row, 'identity_id'),
    salt: optionalBytes(row, 'salt'),
    payload: optionalBytes(row, 'payload'),
    placeSalt: optionalBytes(row, 'place_salt'),
    place: optionalBytes(row, 'place'),
    partHashes: bytes(row, 'content_hash'),
    link: bytes(row, 'link'),
    ...(index === undefined ? {} : { index }),
  };
}
