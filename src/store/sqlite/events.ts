// The trail: events appended to the chain inside the transaction of what they tell of (D-TR-3).

import type { Entropy } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import { SALT_OCTETS } from '../../record/event-content.ts';
import { type ChainEnd, firstLink, LINK_VERSION, sealed } from '../../record/link.ts';
import { type Term, termsOf } from '../../record/terms.ts';
import { bytes, type Database, number, rollBack } from './database.ts';

export interface Trail {
  append(event: EventDraft): number;
  /** The newest events with what they are found by, so that the index need not read them again; older ones are left out. */
  readonly recent: RecentTerms;
  /** Where the chain stands: taken before a transaction, given back if it is rolled back. */
  mark(): TrailMark;
  reset(mark: TrailMark): void;
}

export interface RecentTerms {
  /** Up to `max` events after `sequence`, or undefined if not all of them are remembered. */
  after(sequence: number, max: number): readonly EventTerms[] | undefined;
  /** Indexed up to here: these events need not be remembered. */
  forget(through: number): void;
  /** Something of them was erased: what is left of it is read from the table. */
  clear(): void;
}

export interface EventTerms {
  readonly sequence: number;
  readonly terms: readonly Term[];
}

export type TrailMark = ChainEnd;

const CHAIN = 1;
/** Beyond it the index reads from the table: it is far behind. */
const RECENT_MAX = 20_000;

export function openTrail(db: Database, entropy: Entropy): Trail {
  const last = db.get('SELECT sequence, link FROM event ORDER BY sequence DESC LIMIT 1');
  let mark: TrailMark =
    last === undefined
      ? { chain: CHAIN, sequence: 0, link: firstLink }
      : { chain: CHAIN, sequence: number(last, 'sequence'), link: bytes(last, 'link') };

  let recent: EventTerms[] = [];
  const newSalt = (): Uint8Array => entropy.bytes(SALT_OCTETS);

  return {
    recent: {
      after(sequence, max) {
        const [first] = recent;
        if (first === undefined || first.sequence > sequence + 1) return undefined;
        const from = sequence + 1 - first.sequence;
        return recent.slice(from, from + max);
      },
      forget(through) {
        const first = recent[0]?.sequence ?? 0;
        recent = recent.slice(Math.max(0, through + 1 - first));
      },
      clear() {
        recent = [];
      },
    },
    append(event) {
      const { sequence, payload, place, partHashes, link } = sealed(mark, event, newSalt);
      db.run(
        'INSERT INTO event (sequence, chain, time, type, message_id, identity_id, salt, payload, place_salt, place, content_hash, link) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
        sequence,
        CHAIN,
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
      mark = { ...mark, sequence, link };
      if (recent.length >= RECENT_MAX) recent = [];
      recent.push({ sequence, terms: termsOf(event) });
      return sequence;
    },
    mark: () => mark,
    reset(to) {
      mark = to;
      while ((recent.at(-1)?.sequence ?? 0) > to.sequence) recent.pop();
    },
  };
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
