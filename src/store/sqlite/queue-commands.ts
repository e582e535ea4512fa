// The operator's commands over the queue, a slice at a time, in the order of ids: how much one slice looks at and changes is bounded, so that what waits
// for a commit never waits for a walk through the queue.

import { firstIdOf, messageIdBytes, messageIdFromBytes } from '../../base/message-id.ts';
import { takesDomain } from '../hop-domains.ts';
import type { OutcomeOf } from '../port.ts';
import type { QueueSelector } from '../selector.ts';
import { eventOfCommand, type QueueChange, type QueuePosition, SLICE_MAX } from '../queue-change.ts';
import { type Database, type Row } from './database.ts';
import { bytes, number, optionalText, text } from '../row.ts';
import { DROP_COLUMNS, dropRecipient } from './drop.ts';
import { COMMANDED, holdBit } from '../held.ts';
import { whereOf } from './selector.ts';
import type { Writer } from './writer.ts';

/** Recipients that one slice looks at: few of them may be meant. */
const LOOKED_AT_MAX = 2000;

/** What is leased is under way and left alone; hold reaches it when the attempt ends. */
export function changeQueue(writer: Writer, change: QueueChange): OutcomeOf<QueueChange> {
  const { action, selector, after = beginning(writer) } = change;
  if (action === 'hold' && !fileSelected(writer, selector, after))
    return { type: 'changed', count: 0, next: after };
  const { rows, end } = sliceOf(writer.db, change, after);
  for (const row of rows) changeOne(writer, change, row);
  const [first] = rows;
  if (first !== undefined) tell(writer, change, first);
  if (first !== undefined && (action === 'retry' || action === 'release')) writer.notice({ type: 'due' });
  const next = end && { ...end, told: after.told || first !== undefined, until: after.until };
  return { type: 'changed', count: rows.length, ...(next === undefined ? {} : { next }) };
}

function beginning({ trail }: Writer): QueuePosition {
  return { messageId: '', recipientNumber: 0, told: false, until: trail.mark().place };
}

/** Only a hold reaches what is under way. False: not all of it is filed. */
function fileSelected(
  { messages }: Writer,
  { messageId, identityId, credentialId, domain, nextHop, acceptedSince, acceptedBefore }: QueueSelector,
  after: QueuePosition,
): boolean {
  if (messageId !== undefined) {
    messages.file(messageId);
    return true;
  }
  const wanted = domain?.toLowerCase();
  return messages.fileWhere(
    (one, id) =>
      id >= after.messageId &&
      one.n <= after.until &&
      (identityId === undefined || one.identityId === identityId) &&
      (credentialId === undefined || one.credentialId === credentialId) &&
      (wanted === undefined || one.domains.includes(wanted)) &&
      (nextHop === undefined || one.domains.some((name) => takesDomain(nextHop, name))) &&
      (acceptedSince === undefined || id >= firstIdOf(acceptedSince)) &&
      (acceptedBefore === undefined || id < firstIdOf(acceptedBefore)),
    SLICE_MAX,
  );
}

interface Slice {
  /** What the selector means and the command changes. */
  readonly rows: readonly Row[];
  /** Undefined: nothing is left after it. */
  readonly end: Pick<QueuePosition, 'messageId' | 'recipientNumber'> | undefined;
}

const BEHIND = 'm.id >= ? AND (m.id > ? OR r.number > ?)';
const IN_ORDER = 'FROM message m CROSS JOIN recipient r ON r.message_n = m.n';

function sliceOf(db: Database, change: QueueChange, after: QueuePosition): Slice {
  const { selector, max = SLICE_MAX } = change;
  const { acceptedSince, acceptedBefore } = selector;
  const where = whereOf(selector);
  // What is younger or older is not looked at.
  const ages = whereOf({
    ...(acceptedSince === undefined ? {} : { acceptedSince }),
    ...(acceptedBefore === undefined ? {} : { acceptedBefore }),
  });
  const isMeant = `${where.sql} AND m.n <= ? AND ${hasEffect(change)}`;
  const values = [...where.values, after.until];
  const id = messageIdBytes(after.messageId) ?? new Uint8Array(0);
  const place = [id, id, after.recipientNumber];
  if (selector.messageId !== undefined) {
    const one = `SELECT ${DROP_COLUMNS} ${IN_ORDER} WHERE ${isMeant} AND ${BEHIND} ORDER BY r.number`;
    return { rows: db.all(one, ...values, ...place), end: undefined };
  }
  const most = Math.min(max, SLICE_MAX);
  const rows = db.all(
    `SELECT * FROM (SELECT ${DROP_COLUMNS}, ${isMeant} AS is_meant ${IN_ORDER} WHERE ${BEHIND} AND ${ages.sql} ORDER BY m.id, r.number LIMIT ${LOOKED_AT_MAX}) WHERE is_meant LIMIT ?`,
    ...values,
    ...place,
    ...ages.values,
    most,
  );
  const last =
    rows.length === most
      ? rows.at(-1)
      : db.get(
          `SELECT m.id, r.number ${IN_ORDER} WHERE ${BEHIND} AND ${ages.sql} ORDER BY m.id, r.number LIMIT 1 OFFSET ${LOOKED_AT_MAX - 1}`,
          ...place,
          ...ages.values,
        );
  return { rows, end: last && { messageId: idOf(last), recipientNumber: number(last, 'number') } };
}

/** In SQL: whether the command changes what it means. */
function hasEffect({ action, reason = 'operator' }: QueueChange): string {
  switch (action) {
    case 'hold':
      return `r.held & ${holdBit[reason]} = 0`;
    case 'release':
      return `r.held & ${holdBit[reason]} <> 0`;
    case 'retry':
    case 'drop':
      return 'r.owner IS NULL';
  }
}

const idOf = (row: Row): string => messageIdFromBytes(bytes(row, 'id'));

function changeOne(writer: Writer, change: QueueChange, row: Row): void {
  const { db, queueTally } = writer;
  const { action, now, reason = 'operator' } = change;
  const key = [number(row, 'message_n'), number(row, 'number')];
  const whose = [text(row, 'domain'), optionalText(row, 'identity_id')] as const;
  const bit = holdBit[reason];
  const others = number(row, 'held') & COMMANDED & ~bit;
  switch (action) {
    case 'hold':
      if (others === 0) queueTally.countHeld(...whose, 1);
      db.run(`UPDATE recipient SET held = held | ${bit} WHERE message_n = ? AND number = ?`, ...key);
      break;
    case 'release':
      if (others === 0) queueTally.countHeld(...whose, -1);
      db.run(
        `UPDATE recipient SET held = held & ~${bit}, due_at = ? WHERE message_n = ? AND number = ?`,
        now,
        ...key,
      );
      break;
    case 'retry':
      db.run('UPDATE recipient SET due_at = ? WHERE message_n = ? AND number = ?', now, ...key);
      break;
    case 'drop':
      dropRecipient(writer, row, change);
  }
}

function tell({ trail }: Writer, change: QueueChange, first: Row): void {
  const event = eventOfCommand(change, {
    messageId: idOf(first),
    identityId: optionalText(first, 'identity_id'),
  });
  if (event !== undefined) trail.append(event);
}
