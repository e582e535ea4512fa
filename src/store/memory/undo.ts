// Undo in memory: a message is taken back by its sender, whole or not at all.

import { keptId } from '../kept-id.ts';
import type { OutcomeOf } from '../port.ts';
import { mayBeUndone, type UndoChange } from '../undo.ts';
import { drop } from './queue.ts';
import { isHeld, queueRows } from './selector.ts';
import type { State } from './state.ts';

export function undo(state: State, change: UndoChange): OutcomeOf<UndoChange> {
  const id = keptId(change.messageId);
  const rows = queueRows(state.tables).filter(
    (one) => one.id === id && one.row.message.identityId === change.identityId,
  );
  const waiting = rows.map((one) => {
    const { attempt, owner, dueAt } = one.recipient;
    return { attempt, isLeased: owner !== undefined, isHeld: isHeld(state.tables, one), dueAt };
  });
  if (!mayBeUndone(change, waiting, state.clock.now())) return { type: 'tooLate' };
  for (const one of rows) drop(state, one, { now: change.now, by: change.by, takenBack: true });
  return { type: 'undone' };
}
