// The operator's commands over the queue: hold, release, retry, drop.

import { messageIdFromBytes } from '../../base/message-id.ts';
import type { OutcomeOf, QueueChange, QueueSelector } from '../port.ts';
import { bytes, number, type Row, text } from './database.ts';
import { DROP_COLUMNS, dropRecipient } from './drop.ts';
import { HELD_BY_OPERATOR } from './held.ts';
import { whereOf } from './selector.ts';
import type { Writer } from './writer.ts';

/** What is leased is under way and left alone; hold reaches it when the attempt ends. */
export function changeQueue(writer: Writer, change: QueueChange): OutcomeOf<QueueChange> {
  const { db, queueTally } = writer;
  queueTally.write();
  if (change.action === 'hold') fileSelected(writer, change.selector);
  const { sql, values } = whereOf(change.selector);
  const rows = db.all(
    `SELECT ${DROP_COLUMNS} FROM recipient r JOIN message m ON m.n = r.message_n WHERE ${sql} ORDER BY r.message_n, r.number`,
    ...values,
  );
  let count = 0;
  for (const row of rows) if (changeOne(writer, change, row)) count += 1;
  if (count > 0 && (change.action === 'retry' || change.action === 'release')) writer.notice({ type: 'due' });
  return { type: 'changed', count };
}

/** Only a hold reaches what is under way. */
function fileSelected(
  { young }: Writer,
  { messageId, identityId, credentialId, domain }: QueueSelector,
): void {
  if (messageId !== undefined) return young.file(messageId);
  const wanted = domain?.toLowerCase();
  young.fileWhere(
    (one) =>
      (identityId === undefined || one.identityId === identityId) &&
      (credentialId === undefined || one.credentialId === credentialId) &&
      (wanted === undefined || one.domains.includes(wanted)),
  );
}

function changeOne(writer: Writer, { action, now, by }: QueueChange, row: Row): boolean {
  const { db, trail } = writer;
  const [n, recipientNumber, held] = [number(row, 'message_n'), number(row, 'number'), number(row, 'held')];
  const isHeldByOperator = (held & HELD_BY_OPERATOR) !== 0;
  const messageId = messageIdFromBytes(bytes(row, 'id'));
  const recipient = text(row, 'forward_path');
  const subject = {
    time: now,
    messageId,
    ...(row['identity_id'] === null ? {} : { identityId: text(row, 'identity_id') }),
  };
  const administration = { by, action, detail: { recipient, recipientNumber } };
  switch (action) {
    case 'hold':
      if (isHeldByOperator) return false;
      db.run(
        `UPDATE recipient SET held = held | ${HELD_BY_OPERATOR} WHERE message_n = ? AND number = ?`,
        n,
        recipientNumber,
      );
      trail.append({ ...subject, type: 'held', payload: administration });
      return true;
    case 'release':
      if (!isHeldByOperator) return false;
      db.run(
        `UPDATE recipient SET held = held & ~${HELD_BY_OPERATOR}, due_at = ? WHERE message_n = ? AND number = ?`,
        now,
        n,
        recipientNumber,
      );
      trail.append({ ...subject, type: 'released', payload: administration });
      return true;
    case 'retry':
      return (
        row['owner'] === null &&
        db.run(
          'UPDATE recipient SET due_at = ? WHERE message_n = ? AND number = ?',
          now,
          n,
          recipientNumber,
        ) > 0
      );
    case 'drop':
      if (row['owner'] !== null) return false;
      dropRecipient(writer, row, { now, by });
      return true;
  }
}
