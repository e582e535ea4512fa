// All that the store keeps as plain rows (`transfer.ts`), read a part at a time. What a front had in hand comes as what it is without that front: queued.

import { messageIdBytes } from '../../base/message-id.ts';
import type { ReportRecipient } from '../../message/report.ts';
import type { Identity, IdentityId } from '../../record/identity.ts';
import { unpackedCounter } from '../counter-row.ts';
import { linkOfRow } from '../event-row.ts';
import { keptId } from '../kept-id.ts';
import type { MessageContent } from '../port.ts';
import { bytes, number, text } from '../row.ts';
import type { Asked, Counts, KeptMessage, KeptRecipient, Kind, Page, Rows } from '../transfer.ts';
import { chainLookups } from './chain-lookups.ts';
import type { Database, Row } from './database.ts';
import { POSITION_COLUMNS } from './events.ts';
import { factsOfRow, FIRST_ATTEMPT, type InflightFacts } from './inflight.ts';
import { MESSAGE_COLUMNS, messageOfRow, RECIPIENT_COLUMNS, recipientOfRow } from './rows.ts';

type Read<K extends Kind> = (asked: Asked) => Page<K> | Promise<Page<K>>;

export function rowsOf(db: Database): { readonly [K in Kind]: Read<K> } {
  let inFlight: readonly InFlight[] | undefined;
  return {
    identity: ({ after = '', max }) =>
      paged(db.all('SELECT id, record FROM identity WHERE id > ? ORDER BY id LIMIT ?', after, max), {
        max,
        row: (row) => identityOf(db, row),
        place: (row) => text(row, 'id'),
      }),
    sharedKey: () => ({
      rows: db.all('SELECT purpose, period, key FROM shared_key ORDER BY purpose, period').map((row) => ({
        purpose: text(row, 'purpose'),
        period: text(row, 'period'),
        key: bytes(row, 'key'),
      })),
    }),
    chain: async () => ({ rows: await chainLookups(db).chains() }),
    event: ({ after = String(Number.MIN_SAFE_INTEGER), max }) =>
      paged(db.all(EVENTS, Number(after), max), {
        max,
        row: (row) => linkOfRow(row),
        place: (row) => String(number(row, 'sequence')),
      }),
    message(asked) {
      inFlight ??= allInFlight(db);
      return messagesAfter(db, inFlight, asked);
    },
  };
}

export function countsOf(db: Database): Counts {
  const count = (of: string): number => number(db.get(`SELECT count(*) AS count FROM ${of}`) ?? {}, 'count');
  return {
    identity: count('identity'),
    sharedKey: count('shared_key'),
    chain: count('chain'),
    event: count('event'),
    message: count('message') + count('inflight'),
  };
}

const EVENTS = `SELECT sequence, ${POSITION_COLUMNS}, time, type, message_id, identity_id, salt, payload, place_salt, place, content_hash, link
  FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?`;

function paged<R>(
  found: readonly Row[],
  { max, row, place }: { readonly max: number; row(row: Row): R; place(row: Row): string },
): { readonly rows: readonly R[]; readonly next?: string } {
  const last = found.length < max ? undefined : found.at(-1);
  return { rows: found.map(row), ...(last === undefined ? {} : { next: place(last) }) };
}

function identityOf(db: Database, row: Row): Rows['identity'] {
  const identity = JSON.parse(text(row, 'record')) as Identity;
  const uses = db
    .all(
      'SELECT credential_id, at, address FROM credential_use WHERE identity_id = ? ORDER BY address, credential_id',
      identity.id,
    )
    .map((use) => ({
      credentialId: text(use, 'credential_id'),
      at: number(use, 'at'),
      address: text(use, 'address'),
    }));
  return { identity, uses, counter: counterOf(db, identity.id) };
}

function counterOf(db: Database, identityId: IdentityId): Rows['identity']['counter'] {
  const row = db.get(
    'SELECT c.value FROM identity_number i JOIN counter c ON c.n = i.n WHERE i.identity_id = ?',
    identityId,
  );
  return row && unpackedCounter(bytes(row, 'value'));
}

/** There are a thousand at most. Their contents are read when their turn comes. */
type InFlight = InflightFacts & { readonly n: number };

function allInFlight(db: Database): readonly InFlight[] {
  return db.all('SELECT n, facts FROM inflight').map((row) => {
    const { message, ...facts } = factsOfRow(row);
    return { ...facts, n: number(row, 'n'), message: { ...message, id: keptId(message.id) ?? message.id } };
  });
}

/** By id: ids are written with growing letters, and sort as their octets do. */
function messagesAfter(db: Database, inFlight: readonly InFlight[], { after, max }: Asked): Page<'message'> {
  const filed = db
    .all(
      `SELECT ${MESSAGE_COLUMNS}, c.staged, c.content FROM message m JOIN content c ON c.n = m.n WHERE m.id > ? ORDER BY m.id LIMIT ?`,
      after === undefined ? new Uint8Array(0) : (messageIdBytes(after) ?? null),
      max,
    )
    .map((row) => filedOf(db, row));
  const others = inFlight
    .filter(({ message }) => message.id > (after ?? ''))
    .toSorted((one, other) => (one.message.id < other.message.id ? -1 : 1))
    .slice(0, max)
    .map((one) => inFlightOf(db, one));
  const rows = [...filed, ...others]
    .sort((one, other) => (one.message.id < other.message.id ? -1 : 1))
    .slice(0, max);
  const last = rows.length < max ? undefined : rows.at(-1);
  return { rows, ...(last === undefined ? {} : { next: last.message.id }) };
}

function filedOf(db: Database, row: Row): KeptMessage {
  const n = number(row, 'n');
  const octets = bytes(row, 'content');
  const content: MessageContent =
    number(row, 'staged') === 1 ? { kind: 'staged', header: octets } : { kind: 'inline', bytes: octets };
  return {
    ...{ message: messageOfRow(row), content },
    recipients: db
      .all(`SELECT ${RECIPIENT_COLUMNS} FROM recipient r WHERE message_n = ? ORDER BY number`, n)
      .map((one) => recipientOf(one)),
    notices: db
      .all('SELECT number, at, due_at, about FROM notice WHERE message_n = ? ORDER BY number', n)
      .map((one) => ({
        ...{ recipientNumber: number(one, 'number'), at: number(one, 'at'), dueAt: number(one, 'due_at') },
        about: JSON.parse(text(one, 'about')) as ReportRecipient,
      })),
  };
}

function recipientOf(row: Row): KeptRecipient {
  return {
    recipientNumber: number(row, 'number'),
    recipient: recipientOfRow(row),
    dueAt: number(row, 'due_at'),
    held: number(row, 'held'),
    attempt: number(row, 'attempt'),
    delayReported: number(row, 'delay_reported') === 1,
  };
}

function inFlightOf(db: Database, { n, message, recipients, dueAt }: InFlight): KeptMessage {
  const content = bytes(db.get('SELECT content FROM inflight WHERE n = ?', n) ?? {}, 'content');
  const state = { dueAt, held: 0, attempt: FIRST_ATTEMPT, delayReported: false };
  return {
    ...{ message, content: { kind: 'inline', bytes: content }, notices: [] },
    recipients: recipients.map((recipient, recipientNumber) => ({ recipientNumber, recipient, ...state })),
  };
}
