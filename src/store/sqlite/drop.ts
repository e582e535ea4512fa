// A recipient leaves the queue undelivered, because somebody said so, with the event that tells of it.

import { messageIdFromBytes } from '../../base/message-id.ts';
import { type Dropping, eventOfDrop } from '../queue-change.ts';
import { type Row } from './database.ts';
import { bytes, number, optionalText, text } from '../row.ts';
import { finish } from './finish.ts';
import { holdBit } from '../held.ts';
import { forgetParked } from './parked.ts';
import { countGone } from './queue-totals.ts';
import type { Writer } from './writer.ts';

export const DROP_COLUMNS =
  'r.message_n, r.number, r.forward_path, r.domain, r.attempt, r.owner, r.held, m.id, m.identity_id';

/** `row`: with `DROP_COLUMNS`. */
export function dropRecipient(writer: Writer, row: Row, change: Dropping): void {
  const { db, trail, queueTally } = writer;
  const [n, recipientNumber, held] = [number(row, 'message_n'), number(row, 'number'), number(row, 'held')];
  const identityId = optionalText(row, 'identity_id');
  const messageId = messageIdFromBytes(bytes(row, 'id'));
  db.run('DELETE FROM recipient WHERE message_n = ? AND number = ?', n, recipientNumber);
  countGone(queueTally, { domain: text(row, 'domain'), identityId, held });
  if ((held & holdBit.identity) !== 0) forgetParked(db, identityId ?? '', n, recipientNumber);
  trail.append(
    eventOfDrop(change, {
      ...{ messageId, identityId, recipient: text(row, 'forward_path'), recipientNumber },
      attempt: number(row, 'attempt'),
    }),
  );
  const before = db.get('SELECT unsettled FROM message WHERE n = ?', n);
  finish(writer, messageId, n, number(before ?? {}, 'unsettled') - 1);
}
