// The operator's commands over the queue in memory, a slice at a time, in the order of ids.

import type { OutcomeOf } from '../port.ts';
import { eventOfCommand, type QueueChange, type QueueOutcome, SLICE_MAX } from '../queue-change.ts';
import { drop, update } from './queue.ts';
import { matches, type QueueRow, queueRows } from './selector.ts';
import { compareBytes, type State } from './state.ts';
import type { DeliveryKey } from './tables.ts';

/** What is leased is under way and left alone; hold reaches it when the attempt ends. */
export function changeQueue(state: State, change: QueueChange): OutcomeOf<QueueChange> {
  const { tables } = state;
  const { selector, after } = change;
  const until = after?.until ?? tables.events.size;
  const max = selector.messageId === undefined ? Math.min(change.max ?? SLICE_MAX, SLICE_MAX) : Infinity;
  const rows = queueRows(tables)
    .toSorted((one, other) => compareBytes(one.id, other.id))
    .filter(({ row }) => row.n <= until)
    .filter((row) => isBehind(row, after) && matches(tables, row, selector) && hasEffect(change, row))
    .slice(0, max);
  for (const row of rows) changeOne(state, change, row);
  const [first] = rows;
  const event =
    first && eventOfCommand(change, { messageId: first.id, identityId: first.row.message.identityId });
  if (event !== undefined) state.append(event);
  if (first !== undefined && (change.action === 'retry' || change.action === 'release'))
    state.notice({ type: 'due' });
  const outcome: QueueOutcome = { type: 'changed', count: rows.length };
  const last = rows.length === max ? rows.at(-1) : undefined;
  if (last === undefined) return outcome;
  // The last of this slice was changed: it is told.
  return {
    ...outcome,
    next: { messageId: last.id, recipientNumber: last.recipient.number, told: true, until },
  };
}

function isBehind({ id, recipient }: QueueRow, after: QueueChange['after']): boolean {
  if (after === undefined) return true;
  return id > after.messageId || (id === after.messageId && recipient.number > after.recipientNumber);
}

/** Whether the command changes what it means. */
function hasEffect({ action, reason = 'operator' }: QueueChange, { recipient }: QueueRow): boolean {
  switch (action) {
    case 'hold':
      return !recipient.heldBy.has(reason);
    case 'release':
      return recipient.heldBy.has(reason);
    case 'retry':
    case 'drop':
      return recipient.owner === undefined;
  }
}

function changeOne(state: State, change: QueueChange, one: QueueRow): void {
  const { id, recipient } = one;
  const { action, now, reason = 'operator' } = change;
  const key: DeliveryKey = [id, recipient.number];
  const others = [...recipient.heldBy].filter((held) => held !== reason);
  switch (action) {
    case 'hold':
      return update(state.tables, key, () => ({ heldBy: new Set([...others, reason]) }));
    case 'release':
      return update(state.tables, key, () => ({ heldBy: new Set(others), dueAt: now }));
    case 'retry':
      return update(state.tables, key, () => ({ dueAt: now }));
    case 'drop':
      return drop(state, one, change);
  }
}
