// Who sent this? The events of each message that the question leads to, put together into one answer. Every look-up is itself an event
// of the trail, with who asked and why (D-TR-5).

import type { AcceptedPayload, FatePayload, TrailEvent } from '../record/events.ts';
import type { Lookups, TraceTerm } from '../store/lookups.ts';
import type { Store } from '../store/port.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import type { TraceQuestion } from './question.ts';

export interface RecipientFate {
  readonly recipient: string;
  /** `queued` until something final is known. */
  readonly fate: 'queued' | 'delivered' | 'relayed' | 'deferred' | 'failed' | 'expired' | 'dropped';
  readonly at?: number;
  readonly attempts: number;
  readonly status?: string;
  readonly remote?: string;
  readonly diagnostic?: string;
  readonly reportId?: string;
}

export interface TracedMessage {
  readonly id: string;
  readonly acceptedAt: number;
  readonly identityId?: string;
  /** Undefined: retention or erasure took it. */
  readonly accepted: AcceptedPayload | undefined;
  readonly recipients: readonly RecipientFate[];
  readonly events: readonly TrailEvent[];
  /** If a whole message was asked about: what proves that it is this one. */
  readonly evidence?: Evidence;
}

export interface TraceAnswer {
  readonly messages: readonly TracedMessage[];
  /** There are more than were asked for. */
  readonly more: boolean;
}

const EVENTS_MAX = 10_000;
/** So many messages are asked for at once. */
const TOGETHER = 50;

export async function trace(
  lookups: Pick<Lookups, 'findMessages' | 'eventsOfMessage'>,
  question: TraceQuestion,
  max: number,
): Promise<TraceAnswer> {
  const found = new Map<string, TracedMessage>();
  let topmost = true;
  for (const term of question.terms) {
    if (isAnswered(question, term, found)) break;
    const ids = await lookups.findMessages(term, max + 1);
    for await (const { id, events } of eventsOf(
      lookups,
      ids.filter((one) => !found.has(one)),
    )) {
      if (found.size > max) break;
      const message = tracedMessage(id, events);
      const { shown } = question;
      if (shown === undefined) found.set(id, message);
      else {
        const evidence = evidenceOf(shown, id, message.accepted, topmost);
        found.set(id, { ...message, evidence });
        // Whoever submitted the message of a true line could write all lines below it.
        if (evidence !== 'none') topmost = false;
      }
    }
  }
  const messages = [...found.values()].sort((one, other) => rankOf(one) - rankOf(other));
  return { messages: messages.slice(0, max), more: messages.length > max };
}

/** Asked for together: over the control socket that is one round trip. */
async function* eventsOf(
  lookups: Pick<Lookups, 'eventsOfMessage'>,
  ids: readonly string[],
): AsyncGenerator<{ readonly id: string; readonly events: readonly TrailEvent[] }, void> {
  for (let from = 0; from < ids.length; from += TOGETHER) {
    const some = ids.slice(from, from + TOGETHER);
    const all = await Promise.all(some.map((id) => lookups.eventsOfMessage(id, EVENTS_MAX)));
    for (const [at, id] of some.entries()) yield { id, events: all[at] ?? [] };
  }
}

/** The surest term that finds something decides: a Message-ID alone proves less than our own id. */
function isAnswered(
  { shown }: TraceQuestion,
  term: TraceTerm,
  found: ReadonlyMap<string, TracedMessage>,
): boolean {
  if (shown === undefined) return found.size > 0;
  return term.kind !== 'id' && [...found.values()].some(({ evidence }) => evidence !== 'none');
}

function rankOf({ evidence }: TracedMessage): number {
  return evidence === undefined ? 0 : ['body', 'line', 'none'].indexOf(evidence);
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

const fateTypes = new Set(['delivered', 'relayed', 'deferred', 'failed', 'expired', 'dropped']);

function fatesOf(
  accepted: AcceptedPayload | undefined,
  events: readonly TrailEvent[],
): readonly RecipientFate[] {
  const fates = new Map<number, RecipientFate>();
  accepted?.envelope.recipients.forEach(({ forwardPath }, at) =>
    fates.set(at, { recipient: forwardPath, fate: 'queued', attempts: 0 }),
  );
  for (const { type, time, payload } of events) {
    if (!fateTypes.has(type) || payload === undefined) continue;
    const { recipient, recipientNumber, attempt, status, remote, diagnostic, reportId } =
      payload as FatePayload;
    fates.set(recipientNumber, {
      recipient,
      fate: type as RecipientFate['fate'],
      at: time,
      attempts: attempt,
      status,
      diagnostic,
      ...(remote === undefined ? {} : { remote }),
      ...(reportId === undefined ? {} : { reportId }),
    });
  }
  return [...fates.values()];
}

export async function recordLookup(
  store: Store,
  asked: { by: string; reason: string; question: string; found: number },
  now: number,
): Promise<void> {
  const detail = { question: asked.question, reason: asked.reason, found: asked.found };
  await store.commit([
    {
      type: 'record',
      events: [{ type: 'lookedUp', time: now, payload: { by: asked.by, action: 'trace', detail } }],
    },
  ]);
}
