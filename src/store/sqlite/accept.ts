// Accept: message, recipients, counters and event in one change, idempotent by id (DESIGN 3.2).

import { messageIdBytes } from '../../base/message-id.ts';
import { chargeLimits } from '../../policy/limits.ts';
import { deliveryDomain } from '../delivery-domain.ts';
import { queueFullBecause } from '../depth.ts';
import type { AcceptChange, OutcomeOf } from '../port.ts';
import { idTerm } from '../../record/terms.ts';
import { enqueue } from './enqueue.ts';
import { findSequences } from './term-index.ts';
import type { Writer } from './writer.ts';

export function accept(writer: Writer, change: AcceptChange): OutcomeOf<AcceptChange> {
  const { counters } = writer;
  const id = messageIdBytes(change.message.id);
  if (id === undefined) return { type: 'failed', cause: `not a message id: ${change.message.id}` };
  if (mayBeSettled(writer, change)) return { type: 'accepted' };
  const { charge } = change;
  const charged = charge && chargeLimits(counters.of(charge.identityId), charge.charge, charge.limits);
  const full = writer.fullBecause();
  const deep = queueFullBecause(change, writer.queue.messages, writer.queuedMessagesMax());
  const isRefused = full !== undefined || deep !== undefined || charged?.type === 'limited';
  if (isRefused && isQueued(writer, id, change)) return { type: 'accepted' };
  if (full !== undefined) return { type: 'full', cause: full };
  if (deep !== undefined) return { type: 'queueFull', cause: deep };
  if (charged?.type === 'limited') return charged;

  const maySend = !writer.mayNotSend.has(change.message.identityId ?? '');
  if (isQueued(writer, id, change) || !store(writer, change, maySend)) return { type: 'accepted' };
  writer.queue.messages += 1;
  for (const { forwardPath } of change.recipients)
    writer.queueTally.add(deliveryDomain(forwardPath), 1, !maySend);
  if (charge !== undefined && charged !== undefined) counters.set(charge.identityId, charged.counter);
  writer.trail.append(change.event);
  if (change.owner === undefined) writer.notice({ type: 'due' });
  return { type: 'accepted' };
}

/** False: a message of this id is in the queue already. */
function store({ db, young, numbers }: Writer, change: AcceptChange, maySend: boolean): boolean {
  const n = numbers.next();
  if (young.take(change, maySend, n)) return true;
  const attempt = change.owner === undefined || change.untried === true ? 0 : 1;
  const { message, recipients, content, dueAt, owner } = change;
  return enqueue(db, { n, message, recipients, content, dueAt, owner, held: !maySend, attempt });
}

/** Older than this writer: perhaps accepted by the one before, and delivered since. */
function mayBeSettled({ db, openedAt }: Writer, { message }: AcceptChange): boolean {
  return message.acceptedAt < openedAt && findSequences(db, idTerm(message.id)).length > 0;
}

function isQueued({ db, young }: Writer, id: Uint8Array, { message }: AcceptChange): boolean {
  return young.has(message.id) || db.get('SELECT n FROM message WHERE id = ?', id) !== undefined;
}
