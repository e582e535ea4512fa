// Undo: a message is taken back by its sender, whole or not at all. What is in flight is leased from its birth, so its tables alone are asked. Who claims some of it at
// the same moment has its rows locked, or finds them gone.

import { isHeld } from '../held.ts';
import { keptId } from '../kept-id.ts';
import type { OutcomeOf } from '../port.ts';
import { number, optionalText } from '../row.ts';
import { mayBeUndone, type UndoChange } from '../undo.ts';
import type { Work } from './change.ts';
import { DROP_COLUMNS, dropped } from './drop.ts';
import { lockMessage } from './finish.ts';
import { uuidOfId } from './inflight.ts';

const WAITING = `SELECT r.due_at, r.owner, r.attempt, ${isHeld('r')} AS is_held
  FROM recipient r WHERE r.message_id = $1 AND r.identity_id = $2 ORDER BY r.number FOR UPDATE OF r`;
const TAKE_OUT = `DELETE FROM recipient r WHERE r.message_id = $1 RETURNING ${DROP_COLUMNS}`;

export async function undo(work: Work, change: UndoChange): Promise<OutcomeOf<UndoChange>> {
  const { sql } = work;
  const { identityId, now, by } = change;
  const id = keptId(change.messageId);
  if (id === undefined || !(await lockMessage(work, id))) return { type: 'tooLate' };
  const rows = await sql.all(WAITING, uuidOfId(id), identityId);
  const waiting = rows.map((row) => ({
    ...{ attempt: number(row, 'attempt'), dueAt: number(row, 'due_at') },
    isLeased: optionalText(row, 'owner') !== undefined,
    isHeld: row['is_held'] === true,
  }));
  if (!mayBeUndone(change, waiting, work.now)) return { type: 'tooLate' };
  const gone = await sql.all(TAKE_OUT, uuidOfId(id));
  await dropped(
    work,
    gone.toSorted((one, other) => number(one, 'number') - number(other, 'number')),
    { now, by, takenBack: true },
  );
  return { type: 'undone' };
}
