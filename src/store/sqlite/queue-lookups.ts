// Look-ups of the queue: its tables, and the young messages beside it.

import { type MessageId, messageIdBytes, messageIdFromBytes } from '../../base/message-id.ts';
import { keptId } from '../kept-id.ts';
import type { Lookups, QueueEntry, QueueTotals } from '../lookups.ts';
import type { QueuedMessage, QueueSelector } from '../port.ts';
import { readBody } from './bodies.ts';
import { bytes, type Database, inOneView, number, type Row, text } from './database.ts';
import { MAY_NOT_SEND, reasonsOf } from './held.ts';
import { deliveryOfRow, MESSAGE_COLUMNS, messageOfRow, RECIPIENT_COLUMNS } from './rows.ts';
import { countAll, countHeld, countOf } from './queue-counts.ts';
import { whereOf } from './selector.ts';
import {
  compareEntries,
  countYoung,
  oldestYoung,
  youngContent,
  youngEntries,
  youngMessage,
} from './young-lookups.ts';

const DOMAINS_MAX = 50;
const OLDEST_AMONG = 1000;

type QueueLookups = Pick<Lookups, 'message' | 'content' | 'queue' | 'queueCount' | 'queueTotals'>;

export function queueLookups(db: Database, dataDirectory: string): QueueLookups {
  return {
    // A message that is filed meanwhile goes from the young ones into the queue tables, never back.
    message: async (id) => queuedMessage(db, id) ?? youngMessage(db, id) ?? queuedMessage(db, id),
    async content(id) {
      const filed = queuedContent(db, dataDirectory, id);
      if (filed !== undefined) return filed;
      const young = youngContent(db, id);
      return young === undefined ? queuedContent(db, dataDirectory, id) : pieces(young);
    },
    queue: async (selector, { after, max }) =>
      inOneView(db, () => {
        const filed = filedEntries(db, selector, after, max);
        const young = youngEntries(db, selector).filter((entry) => isBehind(entry, after));
        return young.length === 0 ? filed : [...filed, ...young].toSorted(compareEntries).slice(0, max);
      }),
    queueCount: async (selector) => inOneView(db, () => countOf(db, selector)),
    queueTotals: async () => inOneView(db, () => totalsOf(db)),
  };
}

function queuedMessage(db: Database, id: MessageId): QueuedMessage | undefined {
  const row = db.get(`SELECT ${MESSAGE_COLUMNS} FROM message m WHERE m.id = ?`, messageIdBytes(id) ?? null);
  return row === undefined ? undefined : messageOfRow(row);
}

function queuedContent(
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

type Position = Parameters<Lookups['queue']>[1]['after'];

function filedEntries(
  db: Database,
  selector: QueueSelector,
  after: Position,
  max: number,
): readonly QueueEntry[] {
  const { sql, values } = whereOf(selector);
  const from = after === undefined ? '' : ' AND (m.id, r.number) > (?, ?)';
  const fromValues =
    after === undefined ? [] : [messageIdBytes(after.messageId) ?? null, after.recipientNumber];
  return db
    .all(
      `SELECT ${MESSAGE_COLUMNS}, ${RECIPIENT_COLUMNS}, ${MAY_NOT_SEND} AS may_not_send FROM recipient r JOIN message m ON m.n = r.message_n WHERE ${sql}${from} ORDER BY m.id, r.number LIMIT ?`,
      ...values,
      ...fromValues,
      max,
    )
    .map((row) => entryOfRow(row));
}

/** No entry comes after what is no id. */
function isBehind({ message, delivery }: QueueEntry, after: Position): boolean {
  if (after === undefined) return true;
  const id = keptId(after.messageId);
  return (
    id !== undefined &&
    (message.id > id || (message.id === id && delivery.recipientNumber > after.recipientNumber))
  );
}

function totalsOf(db: Database): QueueTotals {
  // Ids grow with time: the oldest is among the first of them.
  const { oldest } =
    db.get(
      'SELECT min(accepted_at) AS oldest FROM (SELECT accepted_at FROM message ORDER BY id LIMIT ?)',
      OLDEST_AMONG,
    ) ?? {};
  const { unreported } =
    db.get(
      'SELECT count(*) AS unreported FROM message WHERE unsettled = 0 AND n IN (SELECT message_n FROM notice)',
    ) ?? {};
  const filed = typeof oldest === 'number' ? oldest : Infinity;
  const oldestAcceptedAt = Math.min(filed, oldestYoung(db) ?? Infinity);
  return {
    messages:
      countYoung(db).messages + number(db.get('SELECT count(*) AS count FROM message') ?? {}, 'count'),
    deliveries: countAll(db),
    held: countHeld(db),
    ...(typeof unreported === 'number' && unreported > 0 ? { unreported } : {}),
    ...(oldestAcceptedAt === Infinity ? {} : { oldestAcceptedAt }),
    byDomain: db
      .all(
        'SELECT domain, deliveries FROM queue_domain ORDER BY deliveries DESC, domain LIMIT ?',
        DOMAINS_MAX,
      )
      .map((row) => ({ domain: text(row, 'domain'), deliveries: number(row, 'deliveries') })),
  };
}

async function* pieces(first: Uint8Array, rest?: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield first;
  if (rest !== undefined) yield* rest;
}

function entryOfRow(row: Row): QueueEntry {
  const message = messageOfRow(row);
  return {
    message,
    delivery: deliveryOfRow(row, message.id),
    dueAt: number(row, 'due_at'),
    heldBy: reasonsOf(number(row, 'held'), number(row, 'may_not_send') === 1),
    active: row['owner'] !== null,
  };
}
