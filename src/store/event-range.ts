// Which of the events that terms name are meant (`EventRange`): the same judgement for every engine.

import type { TrailEvent } from '../record/events.ts';
import { cursorAt } from './cursor.ts';
import {
  type Cursor,
  EXAMINED_MAX,
  type EventRange,
  type FoundEvents,
  type FoundMessages,
  type MessageRange,
  type TraceTerm,
} from './lookups.ts';

export interface PlacedEvent {
  /** Its number among all events of the engine. */
  readonly place: number;
  readonly event: TrailEvent;
}

/** Newest first. No more of them are read than are looked at. */
type PlacedEvents = Iterable<PlacedEvent> | AsyncIterable<PlacedEvent>;

/** Looks at no more than `EXAMINED_MAX` of them. */
export async function eventsInRange(events: PlacedEvents, range: EventRange): Promise<FoundEvents> {
  const { found, ...rest } = await inRange(events, range, (event) => event);
  return { events: found, ...rest };
}

/** Messages that the term names: whose acceptance it names, or which an id is of, whatever is left of them. */
export async function messagesInRange(
  events: PlacedEvents,
  range: MessageRange,
  { kind }: TraceTerm,
): Promise<FoundMessages> {
  const { found, ...rest } = await inRange(events, range, ({ type, messageId }) =>
    kind === 'id' || type === 'accepted' ? messageId : undefined,
  );
  return { ids: found, ...rest };
}

async function inRange<T>(
  events: PlacedEvents,
  range: EventRange,
  wanted: (event: TrailEvent) => T | undefined,
): Promise<{ readonly found: readonly T[]; readonly next?: Cursor }> {
  const found = new Set<T>();
  let examined = 0;
  let last: Cursor | undefined;
  for await (const { place, event } of events) {
    // Only now it is known that something follows.
    const isFull = found.size >= range.max || examined >= EXAMINED_MAX;
    if (isFull && last !== undefined) return { found: [...found], next: last };
    examined += 1;
    last = cursorAt(place);
    const one = fits(event, range) ? wanted(event) : undefined;
    if (one !== undefined) found.add(one);
  }
  return { found: [...found] };
}

function fits(
  event: TrailEvent,
  { since = -Infinity, until = Infinity, types, clientAddress, recipient }: EventRange,
): boolean {
  if (event.time < since || event.time > until) return false;
  if (types?.includes(event.type) === false) return false;
  if (recipient !== undefined && !isFor(event, recipient.toLowerCase())) return false;
  return clientAddress === undefined || addressOf(event) === clientAddress;
}

function isFor({ type, payload }: TrailEvent, text: string): boolean {
  const recipients = type === 'accepted' ? (payload?.envelope.recipients ?? []) : [];
  return recipients.some(({ forwardPath }) => forwardPath.toLowerCase().includes(text));
}

function addressOf({ type, payload }: TrailEvent): string | undefined {
  const hasSession = type === 'accepted' || type === 'refused' || type === 'authenticationFailed';
  return hasSession ? payload?.session.clientAddress : undefined;
}
