// Accept in memory: message, recipients, counters and event in one change, idempotent by id.

import { chargeLimits, type ChargeOutcome, emptyCounter, nearOf } from '../../policy/limits.ts';
import { idTerm } from '../../record/terms.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import { countMessage, type QueueDepth, queueFullBecause } from '../depth.ts';
import { keptId } from '../kept-id.ts';
import type { AcceptChange, OutcomeOf } from '../port.ts';
import { WITHDRAWN } from '../withdrawals.ts';
import { eventsNaming } from './events.ts';
import type { State } from './state.ts';
import type { RecipientRow, Tables } from './tables.ts';

export function accept(state: State, change: AcceptChange): OutcomeOf<AcceptChange> {
  const { messages } = state.tables;
  const id = keptId(change.message.id);
  if (id === undefined) return { type: 'failed', cause: `not a message id: ${change.message.id}` };
  if (state.withdrawals.has(id)) return { type: 'failed', cause: WITHDRAWN };
  if (messages.has(id) || wasAccepted(state, change)) return accepted(state, change);
  const cause = state.fullBecause();
  if (cause !== undefined) return { type: 'full', cause };
  const deep = queueFullBecause(change, depthOf(state.tables), state.queueLimits);
  if (deep !== undefined) return { type: 'queueFull', cause: deep };
  const charged = charge(state, change);
  if (charged?.type === 'limited') return charged;

  messages.set(id, {
    n: state.tables.events.size + 1,
    message: { ...change.message, id },
    content: change.content,
    recipients: recipientsOf(change),
    notices: [],
  });
  state.append(change.event);
  if (change.owner === undefined) state.notice({ type: 'due' });
  return { ...accepted(state, change), ...nearOf(charged) };
}

function depthOf({ messages }: Tables): QueueDepth {
  const depth: QueueDepth = { messages: 0, ofStrangers: 0 };
  for (const { message } of messages.values()) countMessage(depth, message, 1);
  return depth;
}

/** Also for a repeated accept: the identity may have been suspended meanwhile. */
function accepted({ tables }: State, { message }: AcceptChange): OutcomeOf<AcceptChange> {
  return tables.mayNotSend.has(message.identityId ?? '')
    ? { type: 'accepted', held: true }
    : { type: 'accepted' };
}

/** Accepted when it was asked first, and delivered since. */
function wasAccepted(state: State, { message, again }: AcceptChange): boolean {
  return again === true && eventsNaming(state.tables, idTerm(message.id)).length > 0;
}

function charge({ tables }: State, { charge: asked }: AcceptChange): ChargeOutcome | undefined {
  if (asked === undefined) return undefined;
  const before = tables.counters.get(asked.identityId) ?? emptyCounter;
  const outcome = chargeLimits(before, asked.charge, asked.limits);
  if (outcome.type === 'charged') tables.counters.set(asked.identityId, outcome.counter);
  return outcome;
}

function recipientsOf(change: AcceptChange): readonly RecipientRow[] {
  return change.recipients.map((recipient, number) => ({
    number,
    recipient,
    domain: deliveryDomain(recipient.forwardPath),
    dueAt: change.dueAt,
    heldBy: new Set(),
    owner: change.owner,
    attempt: change.owner === undefined || change.untried === true ? 0 : 1,
    delayReported: false,
  }));
}
