// Undo: a message is taken back by its sender, whole or not at all. What is in flight is leased from its birth, so its tables alone are asked.

import { messageIdBytes } from '../../base/message-id.ts';
import { isHeld } from '../held.ts';
import type { OutcomeOf } from '../port.ts';
import { number, optionalText } from '../row.ts';
import { mayBeUndone, type UndoChange } from '../undo.ts';
import { DROP_COLUMNS, dropRecipient } from './drop.ts';
import type { Writer } from './writer.ts';

const WAITING = `SELECT ${DROP_COLUMNS}, r.due_at, ${isHeld('m')} AS is_held
  FROM message m CROSS JOIN recipient r ON r.message_n = m.n WHERE m.id = ? AND m.identity_id = ? ORDER BY r.number`;

export function undo(writer: Writer, change: UndoChange): OutcomeOf<UndoChange> {
  const { db, clock } = writer;
  const { messageId, identityId, now, by } = change;
  const rows = db.all(WAITING, messageIdBytes(messageId) ?? null, identityId);
  const waiting = rows.map((row) => ({
    ...{ attempt: number(row, 'attempt'), dueAt: number(row, 'due_at') },
    isLeased: optionalText(row, 'owner') !== undefined,
    isHeld: number(row, 'is_held') === 1,
  }));
  if (!mayBeUndone(change, waiting, clock.now())) return { type: 'tooLate' };
  for (const row of rows) dropRecipient(writer, row, { now, by, takenBack: true });
  return { type: 'undone' };
}
