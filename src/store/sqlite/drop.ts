// A recipient leaves the queue undelivered, because somebody said so, with the event that tells of it.

import { messageIdFromBytes } from '../../base/message-id.ts';
import { bytes, number, type Row, text } from './database.ts';
import { finish } from './finish.ts';
import type { Writer } from './writer.ts';

export const DROP_COLUMNS =
  'r.message_n, r.number, r.forward_path, r.domain, r.attempt, r.owner, r.held, m.id, m.identity_id';

/** `row`: with `DROP_COLUMNS`. */
export function dropRecipient(
  writer: Writer,
  row: Row,
  { now, by }: { readonly now: number; readonly by: string },
): void {
  const { db, trail, queueTally } = writer;
  const [n, recipientNumber] = [number(row, 'message_n'), number(row, 'number')];
  const messageId = messageIdFromBytes(bytes(row, 'id'));
  db.run('DELETE FROM recipient WHERE message_n = ? AND number = ?', n, recipientNumber);
  queueTally.add(text(row, 'domain'), -1, number(row, 'held') > 0);
  trail.append({
    ...{ type: 'dropped', time: now, messageId },
    ...(row['identity_id'] === null ? {} : { identityId: text(row, 'identity_id') }),
    payload: {
      ...{ recipient: text(row, 'forward_path'), recipientNumber, attempt: number(row, 'attempt') },
      ...{ status: '5.0.0', diagnostic: `dropped by ${by}` },
    },
  });
  const left = db.get('SELECT count(*) AS left FROM recipient WHERE message_n = ?', n);
  finish(writer, messageId, n, number(left ?? {}, 'left'));
}
