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
  /** Undefined: it is none of the range, which showed before its content was read. */
  readonly event: TrailEvent | undefined;
}

/** Newest first. No more of them are read than are looked at. */
type PlacedEvents = Iterable<PlacedEvent> | AsyncIterable<PlacedEvent>;

/** Looks at no more of them than the range says. */
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
  const { max, examinedMax = EXAMINED_MAX } = range;
  const found = new Set<T>();
  let examined = 0;
  let last: Cursor | undefined;
  for await (const { place, event } of events) {
    // Only now it is known that something follows.
    const isFull = found.size >= max || examined >= examinedMax;
    if (isFull && last !== undefined) return { found: [...found], next: last };
    examined += 1;
    last = cursorAt(place);
    const one = event !== undefined && fits(event, range) ? wanted(event) : undefined;
    if (one !== undefined) found.add(one);
  }
  return { found: [...found] };
}

/** By what stands beside the content. */
export function mayFit(
  { time, type }: Pick<TrailEvent, 'time' | 'type'>,
  { since = -Infinity, until = Infinity, types }: EventRange,
): boolean {
  return time >= since && time <= until && types?.includes(type) !== false;
}

function fits(event: TrailEvent, range: EventRange): boolean {
  const { clientAddress, recipient } = range;
  if (!mayFit(event, range)) return false;
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
