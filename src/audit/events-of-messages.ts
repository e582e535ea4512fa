// The events of several messages. Most have a few, so they are asked for together; one that has many is asked for by itself, so that an answer is never large because of
// several.

import type { TrailEvent } from '../record/events.ts';
import type { Lookups } from '../store/lookups.ts';

export type MessageEvents = Pick<Lookups, 'eventsOfMessage' | 'eventsOfMessages'>;

/** So many messages are asked for at once. */
const TOGETHER = 50;
/** Events of a message that has few. */
const FEW = 100;

/** Of each, in their order: oldest first, at most `max`. Each id comes once. */
export async function* eventsOfEach(
  lookups: MessageEvents,
  ids: readonly string[],
  max: number,
): AsyncGenerator<readonly [id: string, events: readonly TrailEvent[]], void> {
  const few = Math.min(max, FEW);
  for (let from = 0; from < ids.length; from += TOGETHER) {
    const some = ids.slice(from, from + TOGETHER);
    const found = Map.groupBy(await lookups.eventsOfMessages(some, few), ({ messageId }) => messageId ?? '');
    for (const id of some) {
      const events = found.get(id) ?? [];
      const isAll = events.length < few || few === max;
      yield [id, isAll ? events : await lookups.eventsOfMessage(id, max)];
    }
  }
}

export async function eventsOfAll(
  ...asked: Parameters<typeof eventsOfEach>
): Promise<ReadonlyMap<string, readonly TrailEvent[]>> {
  const all = new Map<string, readonly TrailEvent[]>();
  for await (const [id, events] of eventsOfEach(...asked)) all.set(id, events);
  return all;
}
