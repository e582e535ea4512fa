// Reading the store over a connection of its own, in short statements, so that nobody's look-up holds up a commit.

import { messageIdBytes, messageIdFromBytes } from '../../base/message-id.ts';
import type { TrailEvent } from '../../record/events.ts';
import { idTerm } from '../../record/terms.ts';
import type { Identity } from '../../record/identity.ts';
import type { ChainLink, Lookups, QueueEntry } from '../lookups.ts';
import type { QueueSelector } from '../port.ts';
import { indexTerm } from '../terms.ts';
import { readBody } from './bodies.ts';
import { bytes, type Database, number, optionalBytes, optionalText, type Row, text } from './database.ts';
import { deliveryOfRow, MESSAGE_COLUMNS, messageOfRow, RECIPIENT_COLUMNS } from './rows.ts';
import { type Where, whereOf } from './selector.ts';
import { findSequences, newestSequences } from './term-index.ts';

const DOMAINS_MAX = 50;
const OLDEST_AMONG = 1000;
const EVENT_COLUMNS = 'sequence, time, type, message_id, identity_id, payload';

export function createSqliteLookups(db: Database, dataDirectory: string): Lookups {
  return { ...identityLookups(db), ...queueLookups(db, dataDirectory), ...trailLookups(db) };
}

type IdentityLookups = Pick<
  Lookups,
  | 'identityByLogin'
  | 'identityById'
  | 'identityByAddress'
  | 'identityByCredential'
  | 'identities'
  | 'credentialUses'
>;

function identityLookups(db: Database): IdentityLookups {
  const one = (row: Row | undefined): Identity | undefined =>
    row === undefined ? undefined : (JSON.parse(text(row, 'record')) as Identity);
  return {
    identityByLogin: async (login) =>
      one(
        db.get(
          'SELECT i.record FROM identity_name a JOIN identity i ON i.id = a.identity_id WHERE a.name = ? AND i.login = ?',
          login,
          login,
        ),
      ),
    identityById: async (id) => one(db.get('SELECT record FROM identity WHERE id = ?', id)),
    identityByAddress: async (address) =>
      one(
        db.get(
          'SELECT i.record FROM identity_name a JOIN identity i ON i.id = a.identity_id WHERE a.name = ?',
          address,
        ),
      ),
    identityByCredential: async (credentialId) =>
      one(
        db.get(
          'SELECT i.record FROM identity_credential c JOIN identity i ON i.id = c.identity_id WHERE c.credential_id = ?',
          credentialId,
        ),
      ),
    async identities({ after, max }) {
      const from =
        after === undefined ? undefined : db.get('SELECT state, login FROM identity WHERE login = ?', after);
      const removed = from !== undefined && text(from, 'state') === 'removed' ? 1 : 0;
      return db
        .all(
          "SELECT record FROM identity WHERE ? = '' OR ((state = 'removed'), login) > (?, ?) ORDER BY (state = 'removed'), login LIMIT ?",
          after ?? '',
          removed,
          after ?? '',
          max,
        )
        .map((row) => JSON.parse(text(row, 'record')) as Identity);
    },
    credentialUses: async (id) =>
      db
        .all(
          'SELECT credential_id, at, address FROM credential_use WHERE identity_id = ? ORDER BY at DESC, address, credential_id',
          id,
        )
        .map((row) => ({
          credentialId: text(row, 'credential_id'),
          at: number(row, 'at'),
          address: text(row, 'address'),
        })),
  };
}

type QueueLookups = Pick<Lookups, 'message' | 'content' | 'queue' | 'queueCount' | 'queueTotals'>;

function queueLookups(db: Database, dataDirectory: string): QueueLookups {
  return {
    async message(id) {
      const row = db.get(
        `SELECT ${MESSAGE_COLUMNS} FROM message m WHERE m.id = ?`,
        messageIdBytes(id) ?? null,
      );
      return row === undefined ? undefined : messageOfRow(row);
    },
    async content(id) {
      const row = db.get(
        'SELECT m.id, c.staged, c.content FROM message m JOIN content c ON c.n = m.n WHERE m.id = ?',
        messageIdBytes(id) ?? null,
      );
      if (row === undefined) return undefined;
      // The file bears the id as it was given, however it was asked for now.
      const body =
        number(row, 'staged') === 1
          ? readBody(dataDirectory, messageIdFromBytes(bytes(row, 'id')))
          : undefined;
      return pieces(bytes(row, 'content'), body);
    },
    async queue(selector, { after, max }) {
      const { sql, values } = whereOf(selector);
      const from = after === undefined ? '' : ' AND (m.id, r.number) > (?, ?)';
      const fromValues =
        after === undefined ? [] : [messageIdBytes(after.messageId) ?? null, after.recipientNumber];
      return db
        .all(
          `SELECT ${MESSAGE_COLUMNS}, ${RECIPIENT_COLUMNS} FROM recipient r JOIN message m ON m.n = r.message_n WHERE ${sql}${from} ORDER BY m.id, r.number LIMIT ?`,
          ...values,
          ...fromValues,
          max,
        )
        .map((row) => entryOfRow(row));
    },
    async queueCount(selector) {
      const { sql, values } = isTotal(selector) ? totalOf(selector) : countOf(selector);
      return number(db.get(sql, ...values) ?? {}, 'count');
    },
    async queueTotals() {
      const deliveries =
        db.get(
          'SELECT coalesce(sum(deliveries), 0) AS count, coalesce(sum(held), 0) AS held FROM queue_domain',
        ) ?? {};
      // Ids grow with time: the oldest is among the first of them.
      const { oldest } =
        db.get(
          'SELECT min(accepted_at) AS oldest FROM (SELECT accepted_at FROM message ORDER BY id LIMIT ?)',
          OLDEST_AMONG,
        ) ?? {};
      return {
        messages: number(db.get('SELECT count(*) AS count FROM message') ?? {}, 'count'),
        deliveries: number(deliveries, 'count'),
        held: number(deliveries, 'held'),
        ...(typeof oldest === 'number' ? { oldestAcceptedAt: oldest } : {}),
        byDomain: db
          .all(
            'SELECT domain, deliveries FROM queue_domain ORDER BY deliveries DESC, domain LIMIT ?',
            DOMAINS_MAX,
          )
          .map((row) => ({ domain: text(row, 'domain'), deliveries: number(row, 'deliveries') })),
      };
    },
  };
}

/** Asks for no more than the kept totals know. */
function isTotal(selector: QueueSelector): boolean {
  return Object.entries(selector).every(
    ([key, value]) => key === 'domain' || key === 'held' || value === undefined,
  );
}

function totalOf({ domain, held }: QueueSelector): Where {
  const counted = held === undefined ? 'deliveries' : held ? 'held' : 'deliveries - held';
  return {
    sql: `SELECT coalesce(sum(${counted}), 0) AS count FROM queue_domain${domain === undefined ? '' : ' WHERE domain = ?'}`,
    values: domain === undefined ? [] : [domain.toLowerCase()],
  };
}

function countOf(selector: QueueSelector): Where {
  const { sql, values } = whereOf(selector);
  return {
    sql: `SELECT count(*) AS count FROM recipient r JOIN message m ON m.n = r.message_n WHERE ${sql}`,
    values,
  };
}

async function* pieces(
  first: Uint8Array,
  rest: AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  yield first;
  if (rest !== undefined) yield* rest;
}

function entryOfRow(row: Row): QueueEntry {
  const message = messageOfRow(row);
  return {
    message,
    delivery: deliveryOfRow(row, message.id),
    dueAt: number(row, 'due_at'),
    held: number(row, 'held') !== 0,
    active: row['owner'] !== null,
  };
}

type TrailLookups = Pick<Lookups, 'findMessages' | 'eventsOfMessage' | 'events' | 'chain' | 'dayKey'>;

function trailLookups(db: Database): TrailLookups {
  return {
    async findMessages(term, max) {
      const ids = new Set<string>();
      for (const sequence of newestSequences(db, indexTerm(term))) {
        const id = db.get('SELECT message_id FROM event WHERE sequence = ?', sequence)?.['message_id'];
        if (typeof id === 'string') ids.add(id);
        if (ids.size >= max) break;
      }
      return [...ids];
    },
    async eventsOfMessage(id, max) {
      return findSequences(db, idTerm(id))
        .slice(0, max)
        .flatMap((sequence) => db.all(`SELECT ${EVENT_COLUMNS} FROM event WHERE sequence = ?`, sequence))
        .map((row) => eventOfRow(row));
    },
    events: async ({ afterSequence, max }) =>
      db
        .all(
          `SELECT ${EVENT_COLUMNS} FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?`,
          afterSequence,
          max,
        )
        .map((row) => eventOfRow(row)),
    chain: async ({ afterSequence, max }) =>
      db
        .all(
          'SELECT sequence, time, type, message_id, identity_id, salt, payload, content_hash, link FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?',
          afterSequence,
          max,
        )
        .map((row) => linkOfRow(row)),
    dayKey: async (day) => optionalBytes(db.get('SELECT key FROM day_key WHERE day = ?', day) ?? {}, 'key'),
  };
}

function eventOfRow(row: Row): TrailEvent {
  const messageId = optionalText(row, 'message_id');
  const identityId = optionalText(row, 'identity_id');
  const payload = optionalBytes(row, 'payload');
  return {
    sequence: number(row, 'sequence'),
    type: text(row, 'type'),
    time: number(row, 'time'),
    ...(messageId === undefined ? {} : { messageId }),
    ...(identityId === undefined ? {} : { identityId }),
    payload: payload === undefined ? undefined : (JSON.parse(Buffer.from(payload).toString()) as unknown),
  } as TrailEvent;
}

function linkOfRow(row: Row): ChainLink {
  return {
    sequence: number(row, 'sequence'),
    time: number(row, 'time'),
    type: text(row, 'type'),
    subject: optionalText(row, 'message_id') ?? optionalText(row, 'identity_id') ?? '',
    salt: optionalBytes(row, 'salt'),
    payload: optionalBytes(row, 'payload'),
    contentHash: bytes(row, 'content_hash'),
    link: bytes(row, 'link'),
  };
}
