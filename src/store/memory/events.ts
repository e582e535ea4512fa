// The trail in memory: the same chain of links over the same octets as every other engine writes.

import type { Entropy } from '../../platform/platform.ts';
import type { EventDraft } from '../../record/events.ts';
import { payloadOf, SALT_OCTETS } from '../../record/event-content.ts';
import { type ChainEnd, firstLink, sealed } from '../../record/link.ts';
import { idTerm, type Term, termsOf } from '../../record/terms.ts';
import type { EventRow, Tables } from './tables.ts';

export const CHAIN = 1;

export function chainEnd({ events }: Tables): ChainEnd {
  return { chain: CHAIN, sequence: events.size, link: events.get(events.size)?.link ?? firstLink };
}

export function appendEvent(tables: Tables, entropy: Entropy, event: EventDraft): void {
  const { payload, place, ...position } = sealed(chainEnd(tables), event, () => entropy.bytes(SALT_OCTETS));
  const { time, type, messageId, identityId } = event;
  tables.events.set(position.sequence, { ...position, time, type, messageId, identityId, payload, place });
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

/** Events that any of the terms names, oldest first. */
export function eventsNaming(tables: Tables, ...terms: readonly Term[]): readonly EventRow[] {
  return eventsAfter(tables, 0, Infinity).filter((event) => terms.some((term) => names(event, term)));
}

function names(event: EventRow, term: Term): boolean {
  if (term.startsWith('id:')) return event.messageId !== undefined && idTerm(event.messageId) === term;
  return termsOf({ ...event, payload: payloadOfEvent(event) }).includes(term);
}
