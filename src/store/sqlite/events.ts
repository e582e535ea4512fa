// The trail: events appended to the chain inside the transaction of what they tell of (D-TR-3).

import type { Entropy } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import { SALT_OCTETS } from '../../record/event-content.ts';
import { type ChainEnd, firstLink, LINK_VERSION, sealed, type SealedEvent } from '../../record/link.ts';
import { termsOf } from '../../record/terms.ts';
import { RecentTerms } from '../recent-terms.ts';
import { type Database, rollBack } from './database.ts';
import { bytes, number } from '../row.ts';

export interface Trail {
  /** Its place among all events of the store. */
  append(event: EventDraft): number;
  /** The newest events with what they are found by, so that the index need not read them again; older ones are left out. */
  readonly recent: RecentTerms;
  /** Where the chain stands: taken before a transaction, given back if it is rolled back. */
  mark(): TrailMark;
  end(): ChainEnd;
  reset(mark: TrailMark): void;
}

export interface TrailMark {
  /** Of the newest event, of whatever chain. */
  readonly place: number;
  readonly end: ChainEnd;
}

/** The column `sequence` is an event's place in this store. In the store's own chain it is the event's number too, unless others were copied in before. */
export const POSITION_COLUMNS = 'chain, coalesce(chain_sequence, sequence) AS number';
/** As `eventOfRow` reads them. */
export const EVENT_COLUMNS = `sequence, ${POSITION_COLUMNS}, time, type, message_id, identity_id, payload, place`;

export function openTrail(db: Database, entropy: Entropy): Trail {
  let mark = markOf(db);
  const recent = new RecentTerms();
  const newSalt = (): Uint8Array => entropy.bytes(SALT_OCTETS);

  return {
    recent,
    append(event) {
      const place = mark.place + 1;
      const asKept = sealed(mark.end, event, newSalt);
      insertEvent(db, { place, chain: mark.end.chain }, event, asKept);
      mark = { place, end: { ...mark.end, sequence: asKept.sequence, link: asKept.link } };
      recent.push({ sequence: place, terms: termsOf(event) });
      return place;
    },
    mark: () => mark,
    end: () => mark.end,
    reset(to) {
      mark = to;
      recent.backTo(to.place);
    },
  };
}

/** The one that this store writes. */
export function ownChain(db: Database): number {
  return number(db.get("SELECT value FROM meta WHERE name = 'ownChain'") ?? {}, 'value');
}

function markOf(db: Database): TrailMark {
  const newest = db.get('SELECT max(sequence) AS place FROM event');
  const chain = ownChain(db);
  const last = db.get(
    `SELECT ${POSITION_COLUMNS}, link FROM event WHERE chain = ? ORDER BY event.sequence DESC LIMIT 1`,
    chain,
  );
  const end =
    last === undefined
      ? { chain, sequence: 0, link: firstLink }
      : { chain, sequence: number(last, 'number'), link: bytes(last, 'link') };
  return { place: number(newest ?? {}, 'place'), end };
}

function insertEvent(
  db: Database,
  at: { readonly place: number; readonly chain: number },
  event: EventDraft,
  { sequence, payload, place, partHashes, link }: SealedEvent,
): void {
  db.run(
    'INSERT INTO event (sequence, chain, chain_sequence, time, type, message_id, identity_id, salt, payload, place_salt, place, content_hash, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    at.place,
    at.chain,
    sequence === at.place ? null : sequence,
    event.time,
    event.type,
    event.messageId ?? null,
    event.identityId ?? null,
    payload.salt,
    payload.octets,
    place?.salt ?? null,
    place?.octets ?? null,
    partHashes,
    link,
  );
}

/** Links of a chain that began with version 1 cover more from now on. `now`: milliseconds since the epoch. */
export function bringChainForward(db: Database, trail: Trail, now: number): void {
  const version = db.get("SELECT value FROM meta WHERE name = 'linkVersion'");
  if (number(version ?? {}, 'value') === LINK_VERSION) return;
  const mark = trail.mark();
  db.exec('BEGIN IMMEDIATE');
  try {
    const payload = { by: 'store', action: 'link version', detail: { version: LINK_VERSION } };
    trail.append({ type: 'chainVersion', time: now, payload });
    db.run("UPDATE meta SET value = ? WHERE name = 'linkVersion'", LINK_VERSION);
    db.exec('COMMIT');
  } catch (error) {
    rollBack(db);
    trail.reset(mark);
    throw error;
  }
}
