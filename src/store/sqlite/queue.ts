// The way out in the store: claim leases what is due, settle ends an attempt, free gives back.

import { invariant } from '../../base/assert.ts';
import { messageIdBytes } from '../../base/message-id.ts';
import type {
  ClaimChange,
  Delivery,
  Fate,
  FreeChange,
  OutcomeOf,
  QueuedMessage,
  SettleChange,
} from '../port.ts';
import type { Owner } from '../owner.ts';
import { countMessage } from '../depth.ts';
import { type Lanes, sameNext, takeShares } from '../lanes.ts';
import { type Database, type Row } from './database.ts';
import { number, optionalText, text } from '../row.ts';
import { holdBit } from '../held.ts';
import { finish } from './finish.ts';
import { keepNotices } from './notices.ts';
import { type Key, openParking, type Parking, unpark } from './parked.ts';
import { type Counted, countGone, countKept } from './queue-totals.ts';
import { deliveryOfRow, MESSAGE_COLUMNS, messageOfRow, RECIPIENT_COLUMNS } from './rows.ts';
import type { Writer } from './writer.ts';
import type { Inflight } from './inflight.ts';

export function claim(writer: Writer, change: ClaimChange): OutcomeOf<ClaimChange> {
  const { db } = writer;
  const now = writer.clock.now();
  const before = db.get('SELECT token, deliveries FROM claim WHERE owner = ?', change.owner);
  if (before !== undefined && text(before, 'token') === change.token) {
    const keys = (JSON.parse(text(before, 'deliveries')) as Key[]).filter(
      (key) => !takeBack(writer, change.owner, key),
    );
    return { ...claimed(db, change.owner, keys), ...sameNext(change), more: true };
  }
  const isPartlyBack = unpark(writer);
  const parking = openParking(writer);
  const keys: Key[] = [];
  const round = takeShares(lanesOf(db, { ...change, now }, parking, keys), change, now);
  if (keys.length > 0)
    db.run('INSERT OR REPLACE INTO claim VALUES (?, ?, ?)', change.owner, change.token, JSON.stringify(keys));
  const isCut = isPartlyBack || parking.isCut();
  return { ...claimed(db, change.owner, keys), ...round, ...(isCut ? { more: true, cut: true } : {}) };
}

/** What is leased is added to `keys`. */
function lanesOf(
  db: Database,
  { owner, now }: { readonly owner: Owner; readonly now: number },
  parking: Parking,
  keys: Key[],
): Lanes {
  return {
    firstAfter(domain) {
      const isFirst = domain === undefined;
      for (;;) {
        const row = db.get(
          `SELECT domain, due_at, message_n, number FROM recipient INDEXED BY recipient_lane WHERE ${WAITING}${isFirst ? '' : ' AND domain > ?'} ORDER BY domain, due_at LIMIT 1`,
          ...(isFirst ? [] : [domain]),
        );
        if (row === undefined) return undefined;
        const lane = { domain: text(row, 'domain'), dueAt: number(row, 'due_at') };
        if (lane.dueAt > now || !parking.isKept(keyOf(row))) return lane;
        // What is due in this lane is found by a later claim.
        if (parking.isCut()) return { ...lane, dueAt: Infinity };
      }
    },
    take(domain, max) {
      let taken = 0;
      for (let isDone = false; !isDone;) {
        const due = db.all(
          `SELECT message_n, number FROM recipient INDEXED BY recipient_lane WHERE ${WAITING} AND domain = ? AND due_at <= ? ORDER BY due_at LIMIT ?`,
          domain,
          now,
          max - taken,
        );
        const free = due.map((row) => keyOf(row)).filter((key) => !parking.isKept(key));
        for (const key of free) lease(db, owner, key);
        keys.push(...free);
        taken += free.length;
        isDone = free.length === due.length || parking.isCut();
      }
      return taken;
    },
  };
}

/** What nobody has in hand, as the index has it. */
const WAITING = 'owner IS NULL AND held = 0';

function keyOf(row: Row): Key {
  return [number(row, 'message_n'), number(row, 'number')];
}

function lease(db: Database, owner: string, key: Key): void {
  const leased = db.run(
    'UPDATE recipient SET owner = ?, attempt = attempt + 1 WHERE message_n = ? AND number = ? AND owner IS NULL',
    owner,
    ...key,
  );
  invariant(leased === 1, 'a delivery is leased that another has in hand');
}

/** Its identity was suspended since the claim was asked first: who asks again may not have heard of it. True: it is nobody's again. */
function takeBack({ db, mayNotSend }: Writer, owner: Owner, [n, recipientNumber]: Key): boolean {
  const { identity_id: identityId } = db.get('SELECT identity_id FROM message WHERE n = ?', n) ?? {};
  if (typeof identityId !== 'string' || !mayNotSend.has(identityId)) return false;
  db.run(
    'UPDATE recipient SET owner = NULL WHERE message_n = ? AND number = ? AND owner = ?',
    ...[n, recipientNumber, owner],
  );
  return true;
}

type Claimed = Extract<OutcomeOf<ClaimChange>, { type: 'claimed' }>;

function claimed(db: Database, owner: string, keys: readonly Key[]): Omit<Claimed, 'next' | 'more'> {
  const deliveries: Delivery[] = [];
  const messages = new Map<number, QueuedMessage>();
  for (const [n, recipientNumber] of keys) {
    const row = db.get(
      `SELECT ${RECIPIENT_COLUMNS} FROM recipient r WHERE r.message_n = ? AND r.number = ? AND r.owner = ?`,
      n,
      recipientNumber,
      owner,
    );
    if (row === undefined) continue;
    let message = messages.get(n);
    if (message === undefined) {
      message = messageOfRow(db.get(`SELECT ${MESSAGE_COLUMNS} FROM message m WHERE m.n = ?`, n) ?? {});
      messages.set(n, message);
    }
    deliveries.push(deliveryOfRow(row, message.id));
  }
  return { type: 'claimed', deliveries, messages: [...messages.values()] };
}

export function settle(writer: Writer, change: SettleChange): OutcomeOf<SettleChange> {
  const ended = writer.messages.endWhole(change);
  if (ended !== undefined) return settleWhole(writer, change, ended);
  writer.messages.file(change.messageId);
  const leased = leasedOf(writer.db, change);
  const settled = change.recipients.map(({ recipientNumber }) => leased.get(recipientNumber));
  const [first] = settled;
  if (first === undefined || settled.some((row, at) => row?.attempt !== change.recipients[at]?.attempt))
    return change.again === true ? { type: 'stale', again: true } : { type: 'stale' };
  const { n, unsettled } = first;
  let finals = 0;
  for (const { recipientNumber, fate, event } of change.recipients) {
    const row = leased.get(recipientNumber);
    // Named twice, it ends once.
    const kept = row && endOne(writer, row, recipientNumber, fate);
    if (kept !== undefined) leased.set(recipientNumber, kept);
    else if (leased.delete(recipientNumber)) finals += 1;
    writer.trail.append(event);
  }
  const noticesDue = keepNotices(writer, first, change);
  const messageDone = finals > 0 && finish(writer, change.messageId, n, unsettled - finals);
  return { type: 'settled', messageDone, ...(noticesDue ? { noticesDue } : {}) };
}

/** What is kept of the recipient, if it is. */
function endOne(
  { db, queueTally }: Writer,
  row: Leased,
  recipientNumber: number,
  fate: Fate,
): Leased | undefined {
  const key = [row.n, recipientNumber];
  switch (fate.type) {
    case 'final':
      db.run('DELETE FROM recipient WHERE message_n = ? AND number = ?', ...key);
      countGone(queueTally, row);
      return undefined;
    case 'deferred':
      db.run(
        'UPDATE recipient SET owner = NULL, due_at = ?, delay_reported = ? WHERE message_n = ? AND number = ?',
        fate.dueAt,
        fate.delayReported ? 1 : 0,
        ...key,
      );
      return row;
    case 'held':
      db.run(
        `UPDATE recipient SET owner = NULL, held = held | ${holdBit.operator} WHERE message_n = ? AND number = ?`,
        ...key,
      );
      countKept(queueTally, row);
      return { ...row, held: row.held | holdBit.operator };
  }
}

function settleWhole(
  { queue, queueTally, trail }: Writer,
  { recipients }: SettleChange,
  whole: Inflight,
): OutcomeOf<SettleChange> {
  for (const domain of whole.domains) queueTally.count(domain, -1);
  for (const { event } of recipients) trail.append(event);
  countMessage(queue, whole, -1);
  return { type: 'settled', messageDone: true };
}

interface Leased extends Counted {
  readonly n: number;
  /** Unsettled recipients of the message. */
  readonly unsettled: number;
  readonly attempt: number;
}

/** The recipients of the message that its owner has leased, by number. */
function leasedOf(db: Database, { messageId, owner }: SettleChange): Map<number, Leased> {
  const rows = db.all(
    'SELECT m.n, m.unsettled, m.identity_id, r.number, r.attempt, r.domain, r.held FROM message m JOIN recipient r ON r.message_n = m.n WHERE m.id = ? AND r.owner = ?',
    messageIdBytes(messageId) ?? null,
    owner,
  );
  return new Map(
    rows.map((row) => [
      number(row, 'number'),
      {
        ...{ n: number(row, 'n'), unsettled: number(row, 'unsettled'), attempt: number(row, 'attempt') },
        ...{ domain: text(row, 'domain'), identityId: optionalText(row, 'identity_id') },
        held: number(row, 'held'),
      },
    ]),
  );
}

export function free(writer: Writer, change: FreeChange): OutcomeOf<FreeChange> {
  const { db, messages } = writer;
  const { ownerPrefix, only, dueAt } = change;
  let count = 0;
  if (only === undefined) {
    messages.fileWhere(({ owner }) => owner.startsWith(ownerPrefix));
    count = db.run(
      'UPDATE recipient SET owner = NULL, due_at = ? WHERE owner IS NOT NULL AND substr(owner, 1, ?) = ?',
      dueAt,
      ownerPrefix.length,
      ownerPrefix,
    );
    db.run('DELETE FROM claim WHERE substr(owner, 1, ?) = ?', ownerPrefix.length, ownerPrefix);
  } else {
    for (const { messageId, recipientNumber, attempt } of only) {
      messages.file(messageId);
      count += db.run(
        'UPDATE recipient SET owner = NULL, due_at = ? WHERE message_n = (SELECT n FROM message WHERE id = ?) AND number = ? AND owner = ? AND attempt = ?',
        dueAt,
        messageIdBytes(messageId) ?? null,
        recipientNumber,
        ownerPrefix,
        attempt,
      );
    }
  }
  if (count > 0) writer.notice({ type: 'due' });
  return { type: 'freed', count };
}
