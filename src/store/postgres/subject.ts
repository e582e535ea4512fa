// The events of a person, a slice at a time, newest first: those that name them, with all others of the same messages, because fates name the recipients too.

import { canonicalAddress } from '../../policy/address.ts';
import { addressTerm, identityTerm, type Term } from '../../record/terms.ts';
import { cursorAt, placeOf } from '../cursor.ts';
import { hasTerm } from '../event-row.ts';
import type { EraseChange, SweptEvent } from '../forgetting.ts';
import type { Cursor } from '../lookups.ts';
import { number, optionalText, type Row } from '../row.ts';
import type { Sql } from './sql.ts';
import { EVENT_COLUMNS } from './term-index.ts';
import { allPlaces, newestNaming } from './trail-search.ts';

export interface StoredEvent extends SweptEvent {
  readonly chain: number;
  readonly messageId: string | undefined;
}

/** `row`: with `EVENT_COLUMNS`. */
function storedOf(row: Row): StoredEvent {
  return {
    ...{ place: number(row, 'at'), chain: number(row, 'chain'), time: number(row, 'time') },
    messageId: optionalText(row, 'message_id'),
    isGone: row['payload'] === null || row['type'] === 'purged',
  };
}

export interface SubjectSlice {
  readonly events: readonly StoredEvent[];
  /** Where the next one begins; absent: there are no more. */
  readonly next?: Cursor;
}

/** Messages of one statement: each has some events, with their content. */
const AT_ONCE = 100;

export async function sliceOfSubject(sql: Sql, change: EraseChange): Promise<SubjectSlice> {
  const { max = Infinity, after } = change;
  const below = after === undefined ? allPlaces.below : placeOf(after);
  const terms = termsOf(change);
  const found = new Map<number, StoredEvent>();
  let isMore = false;
  for await (const row of newestNaming(sql, terms, { ...allPlaces, below })) {
    const event = storedOf(row);
    found.set(event.place, event);
    isMore = found.size >= max;
    if (isMore) break;
  }
  const last = [...found.keys()].at(-1) ?? 0;
  const isNaming = terms.map((term) => hasTerm(term));
  const ids = [...new Set([...found.values()].flatMap(({ messageId }) => messageId ?? []))];
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE);
    const rows = await sql.all(
      `SELECT ${EVENT_COLUMNS} FROM event e WHERE e.message_id = ANY($1::text[])`,
      some,
    );
    for (const events of Map.groupBy(rows, (row) => optionalText(row, 'message_id')).values()) {
      // It was met in a slice before, with all that belongs to it.
      const wasMet = events.some((row) => number(row, 'at') >= below && isNaming.some((names) => names(row)));
      for (const row of events)
        if (wasMet) found.delete(number(row, 'at'));
        else found.set(number(row, 'at'), storedOf(row));
    }
  }
  return { events: [...found.values()], ...(isMore ? { next: cursorAt(last) } : {}) };
}

function termsOf({ identityId, addresses }: EraseChange): readonly Term[] {
  const terms = addresses.map((address) => addressTerm(canonicalAddress(address) ?? address));
  return identityId === undefined ? terms : [...terms, identityTerm(identityId)];
}
