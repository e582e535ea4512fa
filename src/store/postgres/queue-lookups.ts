// Look-ups of the queue, in hand or in its tables: the views give both.

import { messageIdBytes } from '../../base/message-id.ts';
import type { Lookups, QueueEntry, QueueTotals } from '../lookups.ts';
import { COMMANDED, mayNotSend, reasonsOf } from '../held.ts';
import type { QueueSelector } from '../selector.ts';
import { leasedBy } from '../owner.ts';
import { number, optionalText, type Row } from '../row.ts';
import { contentOf } from './bodies.ts';
import { uuidOfId } from './inflight.ts';
import { domainTotals, hopCount, identityTotals, messagesIn } from './queue-totals.ts';
import type { Reader } from './reader.ts';
import { deliveryOfRow, MESSAGE_COLUMNS, messageOfRow, RECIPIENT_COLUMNS } from './rows.ts';
import { Values, whereOf } from './selector.ts';
import type { Sql } from './sql.ts';

type QueueLookups = Pick<
  Lookups,
  'message' | 'content' | 'queue' | 'queueOfMessages' | 'queueCount' | 'queueTotals' | 'queueByIdentity'
>;

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
    async queueOfMessages(ids, max) {
      const rows = await reader.all(OF_MESSAGES, ids.map(uuidOfId), max);
      return rows.map((row) => entryOfRow(row));
    },
    async queueCount(selector, max) {
      const { held, nextHop, ...others } = selector;
      if (held === true) {
        const count = await reader.inOneView((sql) =>
          heldCount(sql, { ...others, ...(nextHop && { nextHop }) }),
        );
        return Math.min(count, max ?? count);
      }
      if (
        nextHop !== undefined &&
        Object.values(selector).every((value) => value === undefined || value === nextHop)
      ) {
        const count = await hopCount(reader, nextHop);
        return Math.min(count, max ?? count);
      }
      return max === undefined
        ? countOf(reader, 'queued_recipient r WHERE', selector)
        : countUpTo(reader, selector, max);
    },
    queueTotals: () => reader.inOneView(totalsOf),
    queueByIdentity: (page) => identityTotals(reader, page),
  };
}

const ENTRY_COLUMNS = `${MESSAGE_COLUMNS}, ${RECIPIENT_COLUMNS}, ${mayNotSend('r')} AS may_not_send`;
const ITS_MESSAGE = 'LATERAL (SELECT * FROM queued_message m WHERE m.id = r.message_id LIMIT 1) AS m';

const OF_MESSAGES = `SELECT ${ENTRY_COLUMNS} FROM unnest($1::uuid[]) AS i (id), LATERAL (
    SELECT * FROM queued_recipient r WHERE r.message_id = i.id ORDER BY r.number LIMIT $2
  ) AS r, ${ITS_MESSAGE} ORDER BY r.message_id, r.number`;

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
    `SELECT ${ENTRY_COLUMNS} FROM (
       SELECT * FROM queued_recipient r WHERE ${where} ${from} ORDER BY r.message_id, r.number LIMIT ${values.add(max)}
     ) AS r, ${ITS_MESSAGE} ORDER BY r.message_id, r.number`,
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
    ...leasedBy(optionalText(row, 'owner')),
  };
}

/** Ids grow with time: the oldest message is among the first of them. */
const OLDEST_AMONG = 1000;

async function countOf(sql: Sql, among: string, selector: QueueSelector): Promise<number> {
  const values = new Values();
  const where = whereOf(selector, values, 'queued_message');
  const row = await sql.get(`SELECT count(*) AS count FROM ${among} ${where}`, ...values.all);
  return number(row ?? {}, 'count');
}

async function countUpTo(sql: Sql, selector: QueueSelector, max: number): Promise<number> {
  const values = new Values();
  const where = whereOf(selector, values, 'queued_message');
  const row = await sql.get(
    `SELECT count(*) AS count FROM (SELECT 1 FROM queued_recipient r WHERE ${where} LIMIT ${values.add(max)}) AS few`,
    ...values.all,
  );
  return number(row ?? {}, 'count');
}

/** Those who may not send, by the index of them. */
const SILENCED = "SELECT i.id FROM identity i WHERE i.state <> 'active' AND i.id > ''";

/** By the index of what commands hold, and by the identities that may not send: to ask each row of the queue takes seconds. */
async function heldCount(sql: Sql, selector: QueueSelector): Promise<number> {
  const commanded = `recipient r WHERE r.held & ${COMMANDED} <> 0 AND`;
  const ofSilenced = `queued_recipient r WHERE r.identity_id = ANY (ARRAY(${SILENCED})) AND r.held & ${COMMANDED} = 0 AND`;
  return (await countOf(sql, commanded, selector)) + (await countOf(sql, ofSilenced, selector));
}

const UNREPORTED = `
  SELECT count(DISTINCT o.message_id) AS count FROM notice o WHERE NOT EXISTS (SELECT 1 FROM recipient r WHERE r.message_id = o.message_id)`;

async function totalsOf(sql: Sql): Promise<QueueTotals> {
  const unreported = number((await sql.get(UNREPORTED)) ?? {}, 'count');
  const oldest = await sql.get(
    `SELECT min(accepted_at) AS oldest FROM (SELECT accepted_at FROM queued_message ORDER BY id LIMIT ${OLDEST_AMONG}) AS first`,
  );
  return {
    ...{ messages: await messagesIn(sql), ...(await domainTotals(sql)) },
    held: await heldCount(sql, {}),
    ...(unreported === 0 ? {} : { unreported }),
    ...(oldest?.['oldest'] === null ? {} : { oldestAcceptedAt: number(oldest ?? {}, 'oldest') }),
  };
}
