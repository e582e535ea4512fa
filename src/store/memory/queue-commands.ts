// The operator's commands over the queue in memory, a slice at a time, in the order of ids.

import type { OutcomeOf } from '../port.ts';
import { type QueueChange, type QueueOutcome, changeDetail, SLICE_MAX } from '../queue-change.ts';
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
  const told = first === undefined ? after?.told === true : tell(state, change, first);
  if (first !== undefined && (change.action === 'retry' || change.action === 'release'))
    state.notice({ type: 'due' });
  const outcome: QueueOutcome = { type: 'changed', count: rows.length };
  const last = rows.length === max ? rows.at(-1) : undefined;
  if (last === undefined) return outcome;
  return { ...outcome, next: { messageId: last.id, recipientNumber: last.recipient.number, told, until } };
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

/** The one event of a hold or a release. */
function tell({ append }: State, change: QueueChange, { id, row }: QueueRow): true {
  const { action, selector, now, by, because, after } = change;
  if (after?.told === true || (action !== 'hold' && action !== 'release')) return true;
  const { messageId, ...detail } = selector;
  const whose = messageId === undefined ? selector.identityId : row.message.identityId;
  append({
    type: action === 'hold' ? 'held' : 'released',
    time: now,
    ...(messageId === undefined ? {} : { messageId: id }),
    ...identityOf(whose),
    payload: { by, action, detail: changeDetail(detail, because) },
  });
  return true;
}

function identityOf(identityId: string | undefined): { readonly identityId?: string } {
  return identityId === undefined ? {} : { identityId };
}
