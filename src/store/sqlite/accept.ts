// Accept: message, recipients, counters and event in one change, idempotent by id (DESIGN 3.2).

import { messageIdBytes } from '../../base/message-id.ts';
import { chargeLimits } from '../../policy/limits.ts';
import { deliveryDomain } from '../delivery-domain.ts';
import { queueFullBecause } from '../depth.ts';
import type { AcceptChange, OutcomeOf } from '../port.ts';
import { idTerm } from '../../record/terms.ts';
import type { Database } from './database.ts';
import { findSequences } from './term-index.ts';
import type { Writer } from './writer.ts';

export function accept(writer: Writer, change: AcceptChange): OutcomeOf<AcceptChange> {
  const { db, counters } = writer;
  const id = messageIdBytes(change.message.id);
  if (id === undefined) return { type: 'failed', cause: `not a message id: ${change.message.id}` };
  if (mayBeSettled(writer, change)) return { type: 'accepted' };
  const { charge } = change;
  const charged = charge && chargeLimits(counters.of(charge.identityId), charge.charge, charge.limits);
  const full = writer.fullBecause();
  const deep = queueFullBecause(change, writer.queue.messages, writer.queuedMessagesMax());
  const isRefused = full !== undefined || deep !== undefined || charged?.type === 'limited';
  if (isRefused && isQueued(db, id)) return { type: 'accepted' };
  if (full !== undefined) return { type: 'full', cause: full };
  if (deep !== undefined) return { type: 'queueFull', cause: deep };
  if (charged?.type === 'limited') return charged;

  const n = insertMessage(db, change, id);
  if (n === undefined) return { type: 'accepted' };
  writer.queue.messages += 1;
  if (charge !== undefined && charged !== undefined) counters.set(charge.identityId, charged.counter);
  const staged = change.content.kind === 'staged';
  const content = change.content.kind === 'staged' ? change.content.header : change.content.bytes;
  db.run('INSERT INTO content VALUES (?, ?, ?)', n, staged ? 1 : 0, content);
  addRecipients(writer, change, n);
  writer.trail.append(change.event);
  if (change.owner === undefined) writer.notice({ type: 'due' });
  return { type: 'accepted' };
}

/** Undefined: a message of this id is in the queue already. */
function insertMessage(
  db: Database,
  { message, recipients }: AcceptChange,
  id: Uint8Array,
): number | undefined {
  const { reversePath, ...envelope } = message.envelope;
  return db.insert(
    'INSERT INTO message (id, accepted_at, role, identity_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit, unsettled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING',
    id,
    message.acceptedAt,
    message.role,
    message.identityId ?? null,
    reversePath,
    JSON.stringify(envelope),
    message.octets,
    message.headerOctets,
    message.headerUtf8 ? 1 : 0,
    message.body8bit ? 1 : 0,
    recipients.length,
  );
}

function addRecipients({ db, mayNotSend, queueTally }: Writer, change: AcceptChange, n: number): void {
  const held = mayNotSend.has(change.message.identityId ?? '') ? 2 : 0;
  change.recipients.forEach(({ forwardPath, ...parameters }, recipientNumber) => {
    const domain = deliveryDomain(forwardPath);
    queueTally.add(domain, 1, held > 0);
    db.run(
      'INSERT INTO recipient (message_n, number, forward_path, domain, parameters, due_at, held, owner, attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      n,
      recipientNumber,
      forwardPath,
      domain,
      Object.keys(parameters).length === 0 ? null : JSON.stringify(parameters),
      change.dueAt,
      held,
      change.owner ?? null,
      change.owner === undefined || change.untried === true ? 0 : 1,
    );
  });
}

/** Older than this writer: perhaps accepted by the one before, and delivered since. */
function mayBeSettled({ db, openedAt }: Writer, { message }: AcceptChange): boolean {
  return message.acceptedAt < openedAt && findSequences(db, idTerm(message.id)).length > 0;
}

function isQueued(db: Database, id: Uint8Array): boolean {
  return db.get('SELECT n FROM message WHERE id = ?', id) !== undefined;
}
