// What several words lead to, together: newest first, until so many fit as are wanted.

import type { TrailEvent } from '../record/events.ts';
import type { EventRange, FoundEvents, Lookups, TraceTerm } from '../store/lookups.ts';

/** Parts asked for at most: bounds the events looked at to this many times `EXAMINED_MAX`. */
const PARTS_MAX = 20;

export async function newestEvents(
  lookups: Pick<Lookups, 'findEvents'>,
  terms: readonly TraceTerm[],
  range: EventRange,
): Promise<FoundEvents> {
  const events: TrailEvent[] = [];
  let next = range.after;
  for (let part = 0; part < PARTS_MAX; part += 1) {
    const after = next === undefined ? {} : { after: next };
    const found = await lookups.findEvents(terms, { ...range, ...after, max: range.max - events.length });
    events.push(...found.events);
    next = found.next;
    if (next === undefined || events.length >= range.max) break;
  }
  return { events, ...(next === undefined ? {} : { next }) };
}
