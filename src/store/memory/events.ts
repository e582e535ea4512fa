// The trail in memory: the same chain of links over the same octets as every other engine writes.

import type { Entropy } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import { contentHash, firstLink, linkOf, SALT_OCTETS } from '../../record/link.ts';
import { idTerm, type Term, termsOf } from '../../record/terms.ts';
import type { EventRow, Tables } from './tables.ts';

export function appendEvent({ events }: Tables, entropy: Entropy, event: EventDraft): void {
  const sequence = events.size + 1;
  const previous = events.get(sequence - 1)?.link ?? firstLink;
  const { time, type, messageId, identityId } = event;
  const salt = entropy.bytes(SALT_OCTETS);
  const payload = Buffer.from(JSON.stringify(event.payload));
  const hash = contentHash(salt, payload);
  const subject = messageId ?? identityId ?? '';
  const link = linkOf({ previous, sequence, time, type, subject, contentHash: hash });
  events.set(sequence, {
    sequence,
    time,
    type,
    messageId,
    identityId,
    salt,
    payload,
    contentHash: hash,
    link,
  });
}

export function payloadOf({ payload }: EventRow): unknown {
  return payload === undefined ? undefined : JSON.parse(Buffer.from(payload).toString());
}

/** Oldest first. */
export function eventsAfter({ events }: Tables, afterSequence: number, max: number): readonly EventRow[] {
  const rows: EventRow[] = [];
  for (let sequence = Math.max(0, afterSequence) + 1; rows.length < max; sequence += 1) {
    const row = events.get(sequence);
    if (row === undefined) break;
    rows.push(row);
  }
  return rows;
}

/** Events that the term names, oldest first. */
export function eventsNaming(tables: Tables, term: Term): readonly EventRow[] {
  return eventsAfter(tables, 0, Infinity).filter((event) => names(event, term));
}

function names(event: EventRow, term: Term): boolean {
  if (term.startsWith('id:')) return event.messageId !== undefined && idTerm(event.messageId) === term;
  return termsOf({ ...event, payload: payloadOf(event) }).includes(term);
}
