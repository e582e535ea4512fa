// What several words lead to, together: newest first, each event once, a part at a time.

import type { TrailEvent } from '../record/events.ts';
import type { EventRange, FoundEvents, Lookups, TraceTerm } from '../store/lookups.ts';

/** Parts asked for at most, of one word: bounds the events looked at to this many times `EXAMINED_MAX`. */
const PARTS_MAX = 20;

export async function newestEvents(
  lookups: Pick<Lookups, 'findEvents'>,
  terms: readonly TraceTerm[],
  range: EventRange,
): Promise<FoundEvents> {
  const all = await Promise.all(terms.map((term) => eventsOf(lookups, term, range)));
  const bySequence = new Map(all.flatMap(({ events }) => events.map((event) => [event.sequence, event])));
  // Below what one word was followed to, what the others gave may not be all.
  const followed = Math.max(0, ...all.map(({ next }) => next ?? 0));
  const known = [...bySequence.values()]
    .filter(({ sequence }) => sequence >= followed)
    .toSorted((one, other) => other.sequence - one.sequence);
  const events = known.slice(0, range.max);
  const next = known.length > range.max ? events.at(-1)?.sequence : followed;
  return { events, ...(next === undefined || next === 0 ? {} : { next }) };
}

/** One more than are wanted, so that it is known whether there are more. */
async function eventsOf(
  lookups: Pick<Lookups, 'findEvents'>,
  term: TraceTerm,
  range: EventRange,
): Promise<FoundEvents> {
  const events: TrailEvent[] = [];
  let next = range.before;
  for (let part = 0; part < PARTS_MAX; part += 1) {
    const more = range.max + 1 - events.length;
    const before = next === undefined ? {} : { before: next };
    const found = await lookups.findEvents(term, { ...range, ...before, max: more });
    events.push(...found.events);
    next = found.next;
    if (next === undefined || events.length > range.max) break;
  }
  return { events, ...(next === undefined ? {} : { next }) };
}
