// Withdraw: an accept that its asker gives up is taken back. All changes come over one connection, so a look tells what became of it.

import { messageIdBytes } from '../../base/message-id.ts';
import type { OutcomeOf } from '../port.ts';
import type { WithdrawChange } from '../withdrawals.ts';
import { DROP_COLUMNS, dropRecipient } from './drop.ts';
import type { Writer } from './writer.ts';

export function withdraw(writer: Writer, change: WithdrawChange): OutcomeOf<WithdrawChange> {
  const { db, messages, withdrawals } = writer;
  withdrawals.add(change.messageId);
  messages.file(change.messageId);
  const rows = db.all(
    `SELECT ${DROP_COLUMNS} FROM recipient r JOIN message m ON m.n = r.message_n WHERE m.id = ? AND (r.owner IS NULL OR r.owner = ?) ORDER BY r.number`,
    messageIdBytes(change.messageId) ?? null,
    change.owner,
  );
  for (const row of rows) dropRecipient(writer, row, change);
  return { type: 'withdrawn', count: rows.length };
}
