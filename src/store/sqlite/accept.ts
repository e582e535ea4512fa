// Accept: message, recipients, counters and event in one change, idempotent by id.

import { chargeLimits, nearOf } from '../../policy/limits.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import { countMessage, queueFullBecause } from '../depth.ts';
import { keptId } from '../kept-id.ts';
import type { AcceptChange, OutcomeOf } from '../port.ts';
import { idTerm } from '../../record/terms.ts';
import { WITHDRAWN } from '../withdrawals.ts';
import { findSequences } from './term-index.ts';
import type { Writer } from './writer.ts';

export function accept(writer: Writer, change: AcceptChange): OutcomeOf<AcceptChange> {
  const { counters } = writer;
  if (keptId(change.message.id) === undefined)
    return { type: 'failed', cause: `not a message id: ${change.message.id}` };
  if (writer.withdrawals.has(change.message.id)) return { type: 'failed', cause: WITHDRAWN };
  if (mayBeSettled(writer, change) || writer.messages.has(change.message.id)) return accepted(writer, change);
  const { charge } = change;
  const charged = charge && chargeLimits(counters.of(charge.identityId), charge.charge, charge.limits);
  const full = writer.fullBecause();
  if (full !== undefined) return { type: 'full', cause: full };
  const deep = queueFullBecause(change, writer.queue, writer.queueLimits);
  if (deep !== undefined) return { type: 'queueFull', cause: deep };
  if (charged?.type === 'limited') return charged;

  store(writer, change);
  countMessage(writer.queue, change.message, 1);
  for (const { forwardPath } of change.recipients) writer.queueTally.count(deliveryDomain(forwardPath), 1);
  if (charge !== undefined && charged !== undefined) counters.set(charge.identityId, charged.counter);
  if (change.owner === undefined) writer.notice({ type: 'due' });
  return { ...accepted(writer, change), ...nearOf(charged) };
}

/** Also for a repeated accept: the identity may have been suspended meanwhile. */
function accepted({ mayNotSend }: Writer, { message }: AcceptChange): OutcomeOf<AcceptChange> {
  return mayNotSend.has(message.identityId ?? '') ? { type: 'accepted', held: true } : { type: 'accepted' };
}

/** Its row bears the number of its event: in the order of acceptance, and never one that was used before. */
function store({ messages, trail, mayNotSend }: Writer, change: AcceptChange): void {
  const n = trail.append(change.event);
  messages.add(change, n, !mayNotSend.has(change.message.identityId ?? ''));
}

/** Accepted when it was asked first, and delivered since. */
function mayBeSettled({ db }: Writer, { message, again }: AcceptChange): boolean {
  return again === true && findSequences(db, idTerm(message.id)).length > 0;
}
