// Accept: message, recipients, counters and event in one change, idempotent by id (DESIGN 3.2).

import { messageIdBytes } from '../../base/message-id.ts';
import { chargeLimits, emptyCounter, type Counter } from '../../policy/limits.ts';
import { deliveryDomain } from '../delivery-domain.ts';
import type { AcceptChange, OutcomeOf } from '../port.ts';
import { idTerm } from '../../record/terms.ts';
import { number, text } from './database.ts';
import { findSequences } from './term-index.ts';
import type { Writer } from './writer.ts';

export function accept(writer: Writer, change: AcceptChange): OutcomeOf<AcceptChange> {
  const { db } = writer;
  const { message } = change;
  const id = messageIdBytes(message.id);
  if (id === undefined) return { type: 'failed', cause: `not a message id: ${message.id}` };
  if (isKnown(writer, change, id)) return { type: 'accepted' };
  const full = writer.fullBecause();
  if (full !== undefined) return { type: 'full', cause: full };
  const limited = charge(writer, change);
  if (limited !== undefined) return limited;

  const { reversePath, ...envelope } = message.envelope;
  db.run(
    'INSERT INTO message (id, accepted_at, role, identity_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit, unsettled) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
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
    change.recipients.length,
  );
  const n = number(db.get('SELECT last_insert_rowid() AS n') ?? {}, 'n');
  const staged = change.content.kind === 'staged';
  const content = change.content.kind === 'staged' ? change.content.header : change.content.bytes;
  db.run('INSERT INTO content VALUES (?, ?, ?)', n, staged ? 1 : 0, content);
  addRecipients(writer, change, n);
  writer.trail.append(change.event);
  if (change.owner === undefined) writer.notice({ type: 'due' });
  return { type: 'accepted' };
}

function addRecipients({ db, mayNotSend }: Writer, change: AcceptChange, n: number): void {
  const held = mayNotSend.has(change.message.identityId ?? '') ? 2 : 0;
  change.recipients.forEach(({ forwardPath, ...parameters }, recipientNumber) => {
    db.run(
      'INSERT INTO recipient (message_n, number, forward_path, domain, parameters, due_at, held, owner, attempt) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      n,
      recipientNumber,
      forwardPath,
      deliveryDomain(forwardPath),
      Object.keys(parameters).length === 0 ? null : JSON.stringify(parameters),
      change.dueAt,
      held,
      change.owner ?? null,
      change.owner === undefined ? 0 : 1,
    );
  });
}

/** In the queue; or, if it is older than this writer, perhaps accepted by the one before and delivered since. */
function isKnown({ db, openedAt }: Writer, { message }: AcceptChange, id: Uint8Array): boolean {
  if (db.get('SELECT n FROM message WHERE id = ?', id) !== undefined) return true;
  return message.acceptedAt < openedAt && findSequences(db, idTerm(message.id)).length > 0;
}

function charge({ db }: Writer, { charge: asked }: AcceptChange): OutcomeOf<AcceptChange> | undefined {
  if (asked === undefined) return undefined;
  const row = db.get('SELECT value FROM counter WHERE identity_id = ?', asked.identityId);
  const before = row === undefined ? emptyCounter : (JSON.parse(text(row, 'value')) as Counter);
  const outcome = chargeLimits(before, asked.charge, asked.limits);
  if (outcome.type === 'limited') return outcome;
  db.run('INSERT OR REPLACE INTO counter VALUES (?, ?)', asked.identityId, JSON.stringify(outcome.counter));
  return undefined;
}
