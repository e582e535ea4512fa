// Who sent this? The events that the question leads to, those of each message put together into one answer.

import type { AcceptedPayload, TrailEvent } from '../record/events.ts';
import type { Cursor, EventRange, FoundEvents, Lookups, TraceTerm } from '../store/lookups.ts';
import { type Comparison, compareWith } from './evidence.ts';
import { eventsOfEach, type MessageEvents } from './events-of-messages.ts';
import { fatesOf, type RecipientFate } from './fates.ts';
import { newestEvents } from './newest-events.ts';
import type { FileQuestion, ShownMessage, TraceQuestion } from './question.ts';

/** `Comparison`: if a whole message was asked about, what proves that it is this one. */
export interface TracedMessage extends Partial<Comparison> {
  readonly id: string;
  readonly acceptedAt: number;
  readonly identityId?: string;
  /** Undefined: retention or erasure took it. */
  readonly accepted: AcceptedPayload | undefined;
  readonly recipients: readonly RecipientFate[];
  readonly events: readonly TrailEvent[];
}

export type Refused = Extract<TrailEvent, { type: 'refused' | 'authenticationFailed' }>;

export interface TraceAnswer {
  /** Newest first; if a file was asked about, the surest first. */
  readonly messages: readonly TracedMessage[];
  /** What was refused, and failed log-ins: newest first. */
  readonly refusals: readonly Refused[];
  /** There are more than were asked for. */
  readonly more: boolean;
  /** Where to go on: the `after` of the next question. */
  readonly next?: Cursor;
}

export type TraceLookups = MessageEvents & Pick<Lookups, 'findMessages' | 'findEvents'>;

const EVENTS_MAX = 10_000;

/** Events that are an answer by themselves; those of a message are told with it. */
const SHOWN = ['accepted', 'refused', 'authenticationFailed'] as const;

/** Messages and refusals together are no more than `max`. */
export async function trace(
  lookups: TraceLookups,
  { looks, clientAddress }: TraceQuestion,
  asked: EventRange,
): Promise<TraceAnswer> {
  const range = { ...asked, ...(clientAddress === undefined ? {} : { clientAddress }), types: SHOWN };
  for (const terms of looks) {
    const [first] = terms;
    const found =
      first?.kind === 'id' ? await oneMessage(lookups, first.id) : await newestEvents(lookups, terms, range);
    const { events, next } = found;
    // The most specific words that find something decide.
    if (next === undefined && events.length === 0) continue;
    const ids = events.flatMap(({ type, messageId }) =>
      type === 'accepted' && messageId !== undefined ? [messageId] : [],
    );
    const messages: TracedMessage[] = [];
    for await (const [id, told] of eventsOfEach(lookups, [...new Set(ids)], EVENTS_MAX))
      messages.push(tracedMessage(id, told));
    const refusals = events.filter(
      (event): event is Refused => event.type === 'refused' || event.type === 'authenticationFailed',
    );
    return { messages, refusals, more: next !== undefined, ...(next === undefined ? {} : { next }) };
  }
  return { messages: [], refusals: [], more: false };
}

/** Its acceptance, which stays when its record is forgotten. Another chain may tell of a fate before it. */
async function oneMessage(lookups: TraceLookups, id: string): Promise<FoundEvents> {
  const { ids } = await lookups.findMessages({ kind: 'id', id }, { max: 1 });
  const [found] = ids;
  if (found === undefined) return { events: [] };
  const events = await lookups.eventsOfMessage(found, EVENTS_MAX);
  return { events: events.filter(({ type }) => type === 'accepted') };
}

export async function traceFile(
  lookups: TraceLookups,
  { shown }: FileQuestion,
  max: number,
): Promise<TraceAnswer> {
  const found = new Map<string, TracedMessage>();
  for (const one of shown) await compareAll(lookups, one, max, found);
  const messages = [...found.values()].sort((one, other) => rankOf(one) - rankOf(other));
  return { messages: messages.slice(0, max), refusals: [], more: messages.length > max };
}

async function compareAll(
  lookups: TraceLookups,
  shown: ShownMessage,
  max: number,
  found: Map<string, TracedMessage>,
): Promise<void> {
  let topmost = true;
  let isProven = false;
  for (const term of shown.terms) {
    // A Message-ID alone proves less than our own id.
    if (term.kind !== 'id' && isProven) return;
    const ids = await idsOf(lookups, term, max, found);
    for await (const [id, events] of eventsOfEach(lookups, ids, EVENTS_MAX)) {
      if (found.size > max) return;
      const message = tracedMessage(id, events);
      const compared = compareWith(shown, id, message.accepted, topmost);
      found.set(id, { ...message, ...compared });
      if (compared.evidence === 'none') continue;
      // Whoever submitted the message of a true line could write all lines below it.
      topmost = false;
      isProven = true;
    }
  }
}

async function idsOf(
  lookups: TraceLookups,
  term: TraceTerm,
  max: number,
  found: ReadonlyMap<string, TracedMessage>,
): Promise<readonly string[]> {
  const { ids } = await lookups.findMessages(term, { max: max + 1 });
  return ids.filter((one) => (found.get(one)?.evidence ?? 'none') === 'none');
}

function rankOf({ evidence }: TracedMessage): number {
  return ['message', 'body', 'line', 'none'].indexOf(evidence ?? 'none');
}

function tracedMessage(id: string, events: readonly TrailEvent[]): TracedMessage {
  const first = events.find(({ type }) => type === 'accepted');
  const accepted = first?.type === 'accepted' ? first.payload : undefined;
  const identityId = first?.identityId;
  return {
    id,
    acceptedAt: first?.time ?? events[0]?.time ?? 0,
    ...(identityId === undefined ? {} : { identityId }),
    accepted,
    recipients: fatesOf(accepted, events),
    events,
  };
}
