// All that the store keeps as plain rows (`transfer.ts`), read a page at a time. What a front had in hand comes as what it is without that front: queued.

import { messageIdFromBytes, type MessageId } from '../../base/message-id.ts';
import type { ReportRecipient } from '../../message/report.ts';
import { summedCounter } from '../../policy/limits.ts';
import type { Identity } from '../../record/identity.ts';
import { unpackedCounter } from '../counter-row.ts';
import { linkOfRow } from '../event-row.ts';
import type { Lookups } from '../lookups.ts';
import type { MessageContent } from '../port.ts';
import { bytes, number, type Row, text } from '../row.ts';
import type { Asked, Counts, KeptMessage, KeptRecipient, Kind, Page, Rows } from '../transfer.ts';
import { uuidOfId } from './inflight.ts';
import { MESSAGE_COLUMNS, messageOfRow, RECIPIENT_COLUMNS, recipientOfRow } from './rows.ts';
import type { Sql } from './sql.ts';
import { EVENT_COLUMNS } from './term-index.ts';
import { uuidOf } from './value-types.ts';

type Read<K extends Kind> = (asked: Asked) => Promise<Page<K>>;

export function rowsOf(sql: Sql, lookups: Pick<Lookups, 'chains'>): { readonly [K in Kind]: Read<K> } {
  return {
    chain: async () => ({ rows: await lookups.chains() }),
    identity: (asked) => identitiesAfter(sql, asked),
    async sharedKey() {
      const rows = await sql.all('SELECT purpose, period, key FROM shared_key ORDER BY purpose, period');
      return {
        rows: rows.map((row) => ({
          ...{ purpose: text(row, 'purpose'), period: text(row, 'period'), key: bytes(row, 'key') },
        })),
      };
    },
    async event({ after = '-9223372036854775808', max }) {
      const rows = await sql.all(EVENTS, after, max);
      return { rows: rows.map(linkOfRow), ...nextOf(rows, max, (row) => String(number(row, 'at'))) };
    },
    message: (asked) => messagesAfter(sql, asked),
  };
}

/** Chains that were never written to are none. */
export async function countsOf(sql: Sql, chains: number): Promise<Counts> {
  const count = async (of: string): Promise<number> =>
    number((await sql.get(`SELECT count(*) AS count FROM ${of}`)) ?? {}, 'count');
  return {
    identity: await count('identity'),
    sharedKey: await count('shared_key'),
    chain: chains,
    event: await count('event'),
    message: await count('queued_message'),
  };
}

const EVENTS = `SELECT ${EVENT_COLUMNS}, e.salt, e.place_salt, e.content_hash, e.link FROM event e WHERE e.place > $1 ORDER BY e.place LIMIT $2`;

function nextOf(
  rows: readonly Row[],
  max: number,
  placeOf: (row: Row) => string,
): { readonly next?: string } {
  const last = rows.length < max ? undefined : rows.at(-1);
  return last === undefined ? {} : { next: placeOf(last) };
}

async function identitiesAfter(sql: Sql, { after = '', max }: Asked): Promise<Page<'identity'>> {
  const rows = await sql.all(
    'SELECT id, record FROM identity WHERE id > $1 ORDER BY id LIMIT $2',
    ...[after, max],
  );
  const ids = rows.map((row) => text(row, 'id'));
  const uses = await sql.all(
    `SELECT identity_id, credential_id, at, address FROM credential_use WHERE identity_id = ANY($1::text[])
       ORDER BY identity_id, address, credential_id`,
    ids,
  );
  const usesOf = Map.groupBy(uses, (row) => text(row, 'identity_id'));
  const counters = await sql.all(
    'SELECT identity_id, value FROM counter WHERE identity_id = ANY($1::text[]) ORDER BY identity_id, writer',
    ids,
  );
  const countersOf = Map.groupBy(counters, (row) => text(row, 'identity_id'));
  return {
    rows: rows.map((row) => {
      const identity = JSON.parse(text(row, 'record')) as Identity;
      return {
        identity,
        uses: (usesOf.get(identity.id) ?? []).map(useOf),
        counter: summedCounter(
          (countersOf.get(identity.id) ?? []).map((one) => unpackedCounter(bytes(one, 'value'))),
        ),
      };
    }),
    ...nextOf(rows, max, (row) => text(row, 'id')),
  };
}

function useOf(row: Row): Rows['identity']['uses'][number] {
  return { credentialId: text(row, 'credential_id'), at: number(row, 'at'), address: text(row, 'address') };
}

const OF_MESSAGES = 'WHERE message_id = ANY($1::uuid[]) ORDER BY message_id, number';

async function messagesAfter(sql: Sql, { after, max }: Asked): Promise<Page<'message'>> {
  const messages = await sql.all(
    `SELECT ${MESSAGE_COLUMNS} FROM queued_message m WHERE ($1::uuid IS NULL OR m.id > $1) ORDER BY m.id LIMIT $2`,
    ...[after === undefined ? null : uuidOfId(after), max],
  );
  const ids = messages.map((row) => uuidOf(bytes(row, 'id')));
  const contents = await sql.all(
    `SELECT id AS message_id, staged, bytes FROM content WHERE id = ANY($1::uuid[])
       UNION ALL SELECT id, staged, content FROM inflight WHERE id = ANY($1::uuid[]) AND withdrawn_until IS NULL`,
    ids,
  );
  const recipients = await sql.all(`SELECT ${RECIPIENT_COLUMNS} FROM queued_recipient r ${OF_MESSAGES}`, ids);
  const notices = await sql.all(
    `SELECT message_id, number, at, due_at, about FROM notice ${OF_MESSAGES}`,
    ids,
  );
  const [contentOf, recipientsOf, noticesOf] = [contents, recipients, notices].map((rows) =>
    Map.groupBy(rows, messageIn),
  );
  const rows = messages.map((row): KeptMessage => {
    const message = messageOfRow(row);
    return {
      message,
      content: contentOfRow(contentOf?.get(message.id)?.[0] ?? {}),
      recipients: (recipientsOf?.get(message.id) ?? []).map(recipientOf),
      notices: (noticesOf?.get(message.id) ?? []).map(noticeOf),
    };
  });
  return { rows, ...nextOf(messages, max, (row) => messageIdFromBytes(bytes(row, 'id'))) };
}

const messageIn = (row: Row): MessageId => messageIdFromBytes(bytes(row, 'message_id'));

function contentOfRow(row: Row): MessageContent {
  const octets = bytes(row, 'bytes');
  return row['staged'] === true ? { kind: 'staged', header: octets } : { kind: 'inline', bytes: octets };
}

function recipientOf(row: Row): KeptRecipient {
  return {
    recipientNumber: number(row, 'number'),
    recipient: recipientOfRow(row),
    dueAt: number(row, 'due_at'),
    held: number(row, 'held'),
    attempt: number(row, 'attempt'),
    delayReported: row['delay_reported'] === true,
  };
}

function noticeOf(row: Row): KeptMessage['notices'][number] {
  return {
    ...{ recipientNumber: number(row, 'number'), at: number(row, 'at'), dueAt: number(row, 'due_at') },
    about: JSON.parse(text(row, 'about')) as ReportRecipient,
  };
}
