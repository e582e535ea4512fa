// Which of the events that a term names are meant (`EventRange`): the same judgement for every engine.

import type { TrailEvent } from '../record/events.ts';
import { EXAMINED_MAX, type EventRange, type FoundEvents } from './lookups.ts';

/** `events`: newest first. Looks at no more than `EXAMINED_MAX` of them. */
export function eventsInRange(events: Iterable<TrailEvent>, range: EventRange): FoundEvents {
  const found: TrailEvent[] = [];
  let examined = 0;
  for (const event of events) {
    // Only now it is known that something follows.
    const last = found.length >= range.max || examined >= EXAMINED_MAX ? event.sequence + 1 : undefined;
    if (last !== undefined) return { events: found, next: last };
    examined += 1;
    if (fits(event, range)) found.push(event);
  }
  return { events: found };
}

function fits(
  event: TrailEvent,
  { since = -Infinity, until = Infinity, clientAddress }: EventRange,
): boolean {
  if (event.time < since || event.time > until) return false;
  return clientAddress === undefined || addressOf(event) === clientAddress;
}

function addressOf({ type, payload }: TrailEvent): string | undefined {
  const hasSession = type === 'accepted' || type === 'refused' || type === 'authenticationFailed';
  return hasSession ? payload?.session.clientAddress : undefined;
}
