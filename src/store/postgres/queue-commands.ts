// The operator's commands over the queue, a slice at a time, in the order of ids: how much one slice looks at and changes is bounded, so that nobody waits long
// for the rows that it holds. What it means is looked for first, then locked in that order, and changed as far as it is still meant.

import { messageIdFromBytes } from '../../base/message-id.ts';
import type { OutcomeOf } from '../port.ts';
import { eventOfCommand, type QueueChange, type QueuePosition, SLICE_MAX } from '../queue-change.ts';
import { holdBit } from '../held.ts';
import { bytes, number, optionalText, type Row } from '../row.ts';
import type { Work } from './change.ts';
import { DROP_COLUMNS, dropped } from './drop.ts';
import { lockMessages } from './finish.ts';
import { file, fileMeant, uuidOfId } from './inflight.ts';
import { keyOfRow, keyValues, OF_TAKEN, taken } from './recipient-key.ts';
import { ofMessage, Values, whereOf } from './selector.ts';
import type { Sql } from './sql.ts';

/** Recipients that one slice looks at: few of them may be meant. */
const LOOKED_AT_MAX = 2000;

/** What is leased is under way and left alone; hold reaches it when the attempt ends. */
export async function changeQueue(work: Work, change: QueueChange): Promise<OutcomeOf<QueueChange>> {
  const { sql, notice } = work;
  const { action } = change;
  const after = change.after ?? (await beginning(sql));
  if (action === 'hold' && !(await fileAllMeant(work, change, after)))
    return { type: 'changed', count: 0, next: after };
  const { meant, end } = await sliceOf(sql, change, after);
  const changed = await changeAll(work, change, meant);
  const [first] = changed;
  if (first !== undefined) tell(work, change, first);
  if (first !== undefined && (action === 'retry' || action === 'release')) {
    work.afterCommit(() => work.node.floors.bring(change.now));
    notice({ type: 'due' });
  }
  const next = end && { ...end, told: after.told || first !== undefined, until: after.until };
  return { type: 'changed', count: changed.length, ...(next === undefined ? {} : { next }) };
}

async function beginning(sql: Sql): Promise<QueuePosition> {
  const row = await sql.get('SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS until FROM message_n');
  return { messageId: '', recipientNumber: 0, told: false, until: number(row ?? {}, 'until') };
}

/** Only a hold reaches what is under way. False: not all of it is filed. */
async function fileAllMeant(work: Work, { selector }: QueueChange, after: QueuePosition): Promise<boolean> {
  if (selector.messageId === undefined)
    return (await fileMeant(work, selector, after, SLICE_MAX)) < SLICE_MAX;
  await file(work, selector.messageId);
  return true;
}

interface Slice {
  /** Keys of what the selector means and the command changes. */
  readonly meant: readonly Row[];
  /** Undefined: nothing is left after it. */
  readonly end: Pick<QueuePosition, 'messageId' | 'recipientNumber'> | undefined;
}

async function sliceOf(sql: Sql, change: QueueChange, after: QueuePosition): Promise<Slice> {
  const { selector, max = SLICE_MAX } = change;
  const values = new Values();
  const place = `(r.message_id, r.number) > (${values.add(uuidOfId(after.messageId))}, ${values.add(after.recipientNumber)})`;
  // What has an index of its own is walked by that.
  const { messageId, identityId, domain, acceptedSince, acceptedBefore } = selector;
  const narrow = whereOf(
    {
      ...(messageId === undefined ? {} : { messageId }),
      ...(identityId === undefined ? {} : { identityId }),
      ...(domain === undefined ? {} : { domain }),
      ...(acceptedSince === undefined ? {} : { acceptedSince }),
      ...(acceptedBefore === undefined ? {} : { acceptedBefore }),
    },
    values,
    'message',
  );
  const walk = `FROM recipient r WHERE ${place} AND ${narrow} ORDER BY r.message_id, r.number`;
  const walked = values.all.length;
  const most = Math.min(max, SLICE_MAX);
  const isOne = messageId !== undefined;
  const limits = isOne ? ['', ''] : [`LIMIT ${LOOKED_AT_MAX}`, `LIMIT ${values.add(most)}`];
  const meant = await sql.all(
    `SELECT r.message_id, r.number FROM (SELECT r.* ${walk} ${limits[0]}) AS r
       WHERE ${whereOf(selector, values, 'message')} AND ${ofMessage('n', 'message')} <= ${values.add(after.until)} AND ${hasEffect(change, 'r')}
       ORDER BY r.message_id, r.number ${limits[1]}`,
    ...values.all,
  );
  if (isOne) return { meant, end: undefined };
  const last =
    meant.length === most
      ? meant.at(-1)
      : await sql.get(
          `SELECT r.message_id, r.number ${walk} LIMIT 1 OFFSET ${LOOKED_AT_MAX - 1}`,
          ...values.all.slice(0, walked),
        );
  return { meant, end: last && { messageId: idOf(last), recipientNumber: number(last, 'number') } };
}

/** In SQL: whether the command changes what it means. */
function hasEffect({ action, reason = 'operator' }: QueueChange, row: 'r' | 'taken'): string {
  switch (action) {
    case 'hold':
      return `${row}.held & ${holdBit[reason]} = 0`;
    case 'release':
      return `${row}.held & ${holdBit[reason]} <> 0`;
    case 'retry':
    case 'drop':
      return `${row}.owner IS NULL`;
  }
}

const idOf = (row: Row): string => messageIdFromBytes(bytes(row, 'message_id'));

/** Gives what was changed, with `DROP_COLUMNS`, in the order of the keys. */
async function changeAll(work: Work, change: QueueChange, meant: readonly Row[]): Promise<readonly Row[]> {
  if (meant.length === 0) return [];
  const { sql } = work;
  if (change.action === 'drop') await lockMessages(work, [...new Set(meant.map(idOf))]);
  const values = new Values();
  for (const keys of keyValues(meant.map(keyOfRow))) values.add(keys);
  const rows = await sql.all(
    `${taken('FOR UPDATE')} ${changing(change, values)} AND ${hasEffect(change, 'taken')} RETURNING ${DROP_COLUMNS}`,
    ...values.all,
  );
  const changed = rows.toSorted(compareKeys);
  if (change.action === 'drop') await dropped(work, changed, change);
  return changed;
}

function compareKeys(one: Row, other: Row): number {
  return (
    Buffer.compare(bytes(one, 'message_id'), bytes(other, 'message_id')) ||
    number(one, 'number') - number(other, 'number')
  );
}

/** In SQL. */
function changing({ action, now, reason = 'operator' }: QueueChange, values: Values): string {
  const bit = holdBit[reason];
  switch (action) {
    case 'hold':
      return `UPDATE recipient r SET held = r.held | ${bit} ${OF_TAKEN}`;
    case 'release':
      return `UPDATE recipient r SET held = r.held & ~${bit}, due_at = ${values.add(now)} ${OF_TAKEN}`;
    case 'retry':
      return `UPDATE recipient r SET due_at = ${values.add(now)} ${OF_TAKEN}`;
    case 'drop':
      return `DELETE FROM recipient r ${OF_TAKEN.replace('FROM', 'USING')}`;
  }
}

function tell({ append }: Work, change: QueueChange, first: Row): void {
  const event = eventOfCommand(change, {
    messageId: idOf(first),
    identityId: optionalText(first, 'identity_id'),
  });
  if (event !== undefined) append(event);
}
