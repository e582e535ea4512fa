// Accept: message, recipients, counters and event in one change, idempotent by id.

import { messageIdBytes } from '../../base/message-id.ts';
import { chargeLimits } from '../../policy/limits.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import { countMessage, queueFullBecause } from '../depth.ts';
import type { AcceptChange, OutcomeOf } from '../port.ts';
import { idTerm } from '../../record/terms.ts';
import { WITHDRAWN } from '../withdrawals.ts';
import { enqueue } from './enqueue.ts';
import { findSequences } from './term-index.ts';
import type { Writer } from './writer.ts';

export function accept(writer: Writer, change: AcceptChange): OutcomeOf<AcceptChange> {
  const { counters } = writer;
  const id = messageIdBytes(change.message.id);
  if (id === undefined) return { type: 'failed', cause: `not a message id: ${change.message.id}` };
  if (writer.withdrawals.has(change.message.id)) return { type: 'failed', cause: WITHDRAWN };
  if (mayBeSettled(writer, change) || isQueued(writer, id, change)) return accepted(writer, change);
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
  return accepted(writer, change);
}

/** Also for a repeated accept: the identity may have been suspended meanwhile. */
function accepted({ mayNotSend }: Writer, { message }: AcceptChange): OutcomeOf<AcceptChange> {
  return mayNotSend.has(message.identityId ?? '') ? { type: 'accepted', held: true } : { type: 'accepted' };
}

/** Its row bears the number of its event: in the order of acceptance, and never one that was used before. */
function store({ db, young, trail, mayNotSend, queueTally }: Writer, change: AcceptChange): void {
  const n = trail.append(change.event);
  if (young.take(change, !mayNotSend.has(change.message.identityId ?? ''), n)) return;
  const attempt = change.owner === undefined || change.untried === true ? 0 : 1;
  const { message, recipients, content, dueAt, owner } = change;
  enqueue(db, queueTally, { n, message, recipients, content, dueAt, owner, attempt });
}

/** Accepted when it was asked first, and delivered since. */
function mayBeSettled({ db }: Writer, { message, again }: AcceptChange): boolean {
  return again === true && findSequences(db, idTerm(message.id)).length > 0;
}

function isQueued({ db, young }: Writer, id: Uint8Array, { message }: AcceptChange): boolean {
  return young.has(message.id) || db.get('SELECT n FROM message WHERE id = ?', id) !== undefined;
}
