// The trail in memory: the same chain of links over the same octets as every other engine writes.

import type { Entropy } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import { payloadOf, SALT_OCTETS } from '../../record/event-content.ts';
import { firstLink, sealed } from '../../record/link.ts';
import { idTerm, type Term, termsOf } from '../../record/terms.ts';
import type { EventRow, Tables } from './tables.ts';

export const CHAIN = 1;

export function appendEvent({ events }: Tables, entropy: Entropy, event: EventDraft): void {
  const end = { chain: CHAIN, sequence: events.size, link: events.get(events.size)?.link ?? firstLink };
  const { payload, place, ...position } = sealed(end, event, () => entropy.bytes(SALT_OCTETS));
  const { time, type, messageId, identityId } = event;
  events.set(position.sequence, { ...position, time, type, messageId, identityId, payload, place });
}

export function payloadOfEvent({ payload, place }: EventRow): unknown {
  return payloadOf(payload?.octets, place?.octets);
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
  return termsOf({ ...event, payload: payloadOfEvent(event) }).includes(term);
}
