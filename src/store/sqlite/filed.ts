// The tables of the queue as one of its places: what is deferred, given back, held by a command, large, or to many.

import { type MessageId, messageIdBytes, messageIdFromBytes } from '../../base/message-id.ts';
import type { QueueEntry } from '../lookups.ts';
import type { QueueSelector } from '../selector.ts';
import { readBody } from './bodies.ts';
import { type Database, type Row } from './database.ts';
import { leasedBy } from '../owner.ts';
import { bytes, number, optionalText } from '../row.ts';
import { mayNotSend, reasonsOf } from '../held.ts';
import type { QueuePage, QueuePlace } from './queue-place.ts';
import { deliveryOfRow, MESSAGE_COLUMNS, messageOfRow, RECIPIENT_COLUMNS } from './rows.ts';
import { whereOf } from './selector.ts';

const OLDEST_AMONG = 1000;

export function filedPlace(db: Database, dataDirectory: string): QueuePlace {
  return {
    message(id) {
      const row = db.get(
        `SELECT ${MESSAGE_COLUMNS} FROM message m WHERE m.id = ?`,
        messageIdBytes(id) ?? null,
      );
      return row && messageOfRow(row);
    },
    content: (id) => contentOf(db, dataDirectory, id),
    entries: (selector, page) => entriesOf(db, selector, page),
    entriesOfMessages: (ids, max) => ids.flatMap((messageId) => entriesOf(db, { messageId }, { max })),
    count: (selector, max) => countOf(db, selector, max),
    countHeldByIdentity() {
      const row = db.get(
        `SELECT coalesce(sum(m.deliveries - m.held), 0) AS count FROM queue_identity m WHERE ${mayNotSend('m')}`,
      );
      return number(row ?? {}, 'count');
    },
    depth() {
      const row =
        db.get("SELECT count(*) AS messages, coalesce(sum(role = 'mx'), 0) AS strangers FROM message") ?? {};
      return { messages: number(row, 'messages'), ofStrangers: number(row, 'strangers') };
    },
    oldest() {
      // Ids grow with time: the oldest is among the first of them.
      const { oldest } =
        db.get(
          'SELECT min(accepted_at) AS oldest FROM (SELECT accepted_at FROM message ORDER BY id LIMIT ?)',
          OLDEST_AMONG,
        ) ?? {};
      return typeof oldest === 'number' ? oldest : undefined;
    },
  };
}

function contentOf(
  db: Database,
  dataDirectory: string,
  id: MessageId,
): AsyncIterable<Uint8Array> | undefined {
  const row = db.get(
    'SELECT m.id, c.staged, c.content FROM message m JOIN content c ON c.n = m.n WHERE m.id = ?',
    messageIdBytes(id) ?? null,
  );
  if (row === undefined) return undefined;
  // The file is named by the id as first given, whatever spelling is asked for now.
  const body =
    number(row, 'staged') === 1 ? readBody(dataDirectory, messageIdFromBytes(bytes(row, 'id'))) : undefined;
  return pieces(bytes(row, 'content'), body);
}

async function* pieces(first: Uint8Array, rest?: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  if (rest !== undefined) yield* rest;
}

/** An age is a range of ids: the messages are gone through first, by their index. */
const joined = ({ acceptedSince, acceptedBefore }: QueueSelector): string =>
  `message m ${acceptedSince === undefined && acceptedBefore === undefined ? '' : 'CROSS'} JOIN recipient r ON r.message_n = m.n`;

function entriesOf(db: Database, selector: QueueSelector, { after, max }: QueuePage): readonly QueueEntry[] {
  const { sql, values } = whereOf(selector);
  const from = after === undefined ? '' : ' AND (m.id, r.number) > (?, ?)';
  const fromValues =
    after === undefined ? [] : [messageIdBytes(after.messageId) ?? null, after.recipientNumber];
  return db
    .all(
      `SELECT ${MESSAGE_COLUMNS}, ${RECIPIENT_COLUMNS}, ${mayNotSend('m')} AS may_not_send FROM ${joined(selector)} WHERE ${sql}${from} ORDER BY m.id, r.number LIMIT ?`,
      ...values,
      ...fromValues,
      max,
    )
    .map((row) => entryOfRow(row));
}

function entryOfRow(row: Row): QueueEntry {
  const message = messageOfRow(row);
  return {
    message,
    delivery: deliveryOfRow(row, message.id),
    dueAt: number(row, 'due_at'),
    heldBy: reasonsOf(number(row, 'held'), number(row, 'may_not_send') === 1),
    ...leasedBy(optionalText(row, 'owner')),
  };
}

/** Those of one identity are counted already. */
function countOf(db: Database, selector: QueueSelector, max: number): number {
  const { identityId, held, ...others } = selector;
  if (identityId !== undefined && Object.values(others).every((value) => value === undefined))
    return countOfIdentity(db, identityId, held);
  const { sql, values } = whereOf(selector);
  const row = db.get(
    `SELECT count(*) AS count FROM (SELECT 1 FROM ${joined(selector)} WHERE ${sql} LIMIT ?)`,
    ...values,
    max,
  );
  return number(row ?? {}, 'count');
}

function countOfIdentity(db: Database, identityId: string, held: boolean | undefined): number {
  const row =
    db.get(
      `SELECT deliveries, iif(${mayNotSend('m')}, deliveries, held) AS held FROM queue_identity m WHERE identity_id = ?`,
      identityId,
    ) ?? {};
  const [all, ofThem] = [number(row, 'deliveries'), number(row, 'held')];
  return held === undefined ? all : held ? ofThem : all - ofThem;
}
