// Look-ups of the queue, in hand or in its tables: the views give both.

import { messageIdBytes } from '../../base/message-id.ts';
import type { Lookups, QueueEntry, QueueTotals } from '../lookups.ts';
import { COMMANDED, mayNotSend, reasonsOf } from '../held.ts';
import { number, type Row, text } from '../row.ts';
import { contentOf } from './bodies.ts';
import { uuidOfId } from './inflight.ts';
import type { Reader } from './reader.ts';
import { deliveryOfRow, MESSAGE_COLUMNS, messageOfRow, RECIPIENT_COLUMNS } from './rows.ts';
import { Values, whereOf } from './selector.ts';
import type { Sql } from './sql.ts';

type QueueLookups = Pick<Lookups, 'message' | 'content' | 'queue' | 'queueCount' | 'queueTotals'>;

export function queueLookups(reader: Reader): QueueLookups {
  return {
    async message(id) {
      const row = await reader.get(
        `SELECT ${MESSAGE_COLUMNS} FROM queued_message m WHERE m.id = $1`,
        uuidOfId(id),
      );
      return row && messageOfRow(row);
    },
    content: (id) => contentOf(reader, id),
    queue: (selector, page) => entriesOf(reader, selector, page),
    async queueCount(selector) {
      const values = new Values();
      const row = await reader.get(
        `SELECT count(*) AS count FROM queued_recipient r WHERE ${whereOf(selector, values, 'queued_message')}`,
        ...values.all,
      );
      return number(row ?? {}, 'count');
    },
    queueTotals: () => reader.inOneView(totalsOf),
  };
}

async function entriesOf(
  sql: Sql,
  selector: Parameters<Lookups['queue']>[0],
  { after, max }: Parameters<Lookups['queue']>[1],
): Promise<readonly QueueEntry[]> {
  // No entry comes after what is no id.
  if (after !== undefined && messageIdBytes(after.messageId) === undefined) return [];
  const values = new Values();
  const where = whereOf(selector, values, 'queued_message');
  const from =
    after === undefined
      ? ''
      : `AND (r.message_id, r.number) > (${values.add(uuidOfId(after.messageId))}, ${values.add(after.recipientNumber)})`;
  const rows = await sql.all(
    `SELECT ${MESSAGE_COLUMNS}, ${RECIPIENT_COLUMNS}, ${mayNotSend('r')} AS may_not_send FROM (
       SELECT * FROM queued_recipient r WHERE ${where} ${from} ORDER BY r.message_id, r.number LIMIT ${values.add(max)}
     ) AS r, LATERAL (SELECT * FROM queued_message m WHERE m.id = r.message_id LIMIT 1) AS m ORDER BY r.message_id, r.number`,
    ...values.all,
  );
  return rows.map((row) => entryOfRow(row));
}

function entryOfRow(row: Row): QueueEntry {
  return {
    message: messageOfRow(row),
    delivery: deliveryOfRow(row),
    dueAt: number(row, 'due_at'),
    heldBy: reasonsOf(number(row, 'held'), row['may_not_send'] === true),
    active: row['owner'] !== null,
  };
}

const DOMAINS_MAX = 50;
/** Ids grow with time: the oldest message is among the first of them. */
const OLDEST_AMONG = 1000;

const DOMAINS = `
  SELECT domain, count(*) AS deliveries, (sum(count(*)) OVER ())::bigint AS of_all FROM queued_recipient
    GROUP BY domain ORDER BY deliveries DESC, domain LIMIT ${DOMAINS_MAX}`;

const HELD_BY_IDENTITY = `
  SELECT count(*) AS count FROM identity i JOIN queued_recipient r ON r.identity_id = i.id WHERE i.state <> 'active' AND r.held & ${COMMANDED} = 0`;

async function totalsOf(sql: Sql): Promise<QueueTotals> {
  const count = async (of: string): Promise<number> => number((await sql.get(of)) ?? {}, 'count');
  const domains = await sql.all(DOMAINS);
  const unreported = await count(
    `SELECT count(DISTINCT o.message_id) AS count FROM notice o
       WHERE NOT EXISTS (SELECT 1 FROM recipient r WHERE r.message_id = o.message_id)`,
  );
  const oldest = await sql.get(
    `SELECT min(accepted_at) AS oldest FROM (SELECT accepted_at FROM queued_message ORDER BY id LIMIT ${OLDEST_AMONG}) AS first`,
  );
  return {
    messages: await count('SELECT count(*) AS count FROM queued_message'),
    deliveries: number(domains[0] ?? {}, 'of_all'),
    held:
      (await count(`SELECT count(*) AS count FROM recipient r WHERE r.held & ${COMMANDED} <> 0`)) +
      (await count(HELD_BY_IDENTITY)),
    ...(unreported === 0 ? {} : { unreported }),
    ...(oldest?.['oldest'] === null ? {} : { oldestAcceptedAt: number(oldest ?? {}, 'oldest') }),
    byDomain: domains.map((row) => ({ domain: text(row, 'domain'), deliveries: number(row, 'deliveries') })),
  };
}
