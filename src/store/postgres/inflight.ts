// Messages in flight from the memory of the front that accepted them. Most are delivered at once, so each is one row beside the queue and goes with its
// delivery. Before anything else happens to it, it is filed: moved into the queue tables, as it stands. Every accept passes through this table, and every withdrawal
// leaves a row here: its key settles which of them came first.

import { firstIdOf, messageIdBytes, messageIdFromBytes, type MessageId } from '../../base/message-id.ts';
import type { EnvelopeRecipient } from '../../protocol/envelope.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import type { AcceptChange, SettleChange } from '../port.ts';
import type { QueueSelector } from '../selector.ts';
import type { QueuePosition } from '../queue-change.ts';
import { bytes } from '../row.ts';
import { begins } from './begins.ts';
import type { Work } from './change.ts';
import type { SqlValue, Statement } from './connection.ts';
import type { Sql } from './sql.ts';
import { uuidOf } from './value-types.ts';

/** Names nobody: the row only says that its id must not be accepted. */
export const NOBODY = '';

/** As a parameter of type `uuid`; of what is no id, one that no message has. */
export function uuidOfId(id: MessageId): string {
  return uuidOf(messageIdBytes(id) ?? new Uint8Array(16));
}

/** In their order: what is kept of a message, its recipients and its content. */
function valuesOf({ message, recipients, content }: AcceptChange) {
  const { reversePath, ...envelope } = message.envelope;
  return {
    message: [
      ...[message.acceptedAt, message.role],
      ...[message.identityId ?? null, message.credentialId ?? null, reversePath, JSON.stringify(envelope)],
      ...[message.octets, message.headerOctets, message.headerUtf8, message.body8bit],
    ],
    recipients: [
      recipients.map(({ forwardPath }) => forwardPath),
      recipients.map(({ forwardPath }) => deliveryDomain(forwardPath)),
      recipients.map(parametersOf),
    ],
    content: content.kind === 'staged' ? [true, content.header] : [false, content.bytes],
  } as const;
}

const INSERT = `INSERT INTO inflight (id, owner, accepted_at, role, identity_id, credential_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit,
    due_at, attempt, forward_paths, domains, parameters, staged, content)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`;

/**
 * Fails with a unique violation (23505) if a message of this id is in flight, or was withdrawn; waits for one of whom nobody knows yet whether it will be. `owner`:
 * `NOBODY` for what is to be filed at once.
 */
export function insertOf(change: AcceptChange, owner: string): Statement {
  const { message, recipients, content } = valuesOf(change);
  const attempt = owner === NOBODY || change.untried === true ? 0 : FIRST_ATTEMPT;
  return {
    sql: INSERT,
    values: [
      uuidOfId(change.message.id),
      owner,
      ...message,
      change.dueAt,
      attempt,
      ...recipients,
      ...content,
    ],
  };
}

/** What nobody has in hand: straight into the queue tables, by who need not be able to read it. */
export async function fileAtOnce(sql: Sql, change: AcceptChange): Promise<void> {
  const { message, recipients, content } = valuesOf(change);
  const id = uuidOfId(change.message.id);
  await sql.run(
    `INSERT INTO message (id, n, accepted_at, role, identity_id, credential_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit)
      VALUES ($1, nextval('message_n'), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    ...[id, ...message],
  );
  await sql.run('INSERT INTO content (id, staged, bytes) VALUES ($1, $2, $3)', id, ...content);
  await sql.run(
    `INSERT INTO recipient (message_id, number, identity_id, forward_path, domain, parameters, due_at, attempt)
      SELECT $1, r.number - 1, $2, r.forward_path, r.domain, r.parameters, $3, 0
        FROM unnest($4::text[], $5::text[], $6::text[]) WITH ORDINALITY AS r (forward_path, domain, parameters, number)`,
    ...[id, change.message.identityId ?? null, change.dueAt, ...recipients],
  );
}

/** Takes the key alone: for what will not be accepted, and must know whether it was. */
export function keyOf(id: MessageId): Statement {
  return { sql: 'INSERT INTO inflight (id, owner) VALUES ($1, $2)', values: [uuidOfId(id), NOBODY] };
}

/** Inserts the row, waiting for who has its key in doubt. False: a message of this id is in flight, or was withdrawn. */
export async function takeKey({ sql, now }: Work, id: MessageId, row: Statement): Promise<boolean> {
  const insert = `${row.sql} ON CONFLICT (id) DO NOTHING`;
  if ((await sql.run(insert, ...row.values)) > 0) return true;
  const isForgotten =
    (await sql.run('DELETE FROM inflight WHERE id = $1 AND withdrawn_until <= $2', uuidOfId(id), now)) > 0;
  return isForgotten && (await sql.run(insert, ...row.values)) > 0;
}

/** What was inserted in this transaction is not to stay. */
export async function leaveKey({ sql }: Work, id: MessageId): Promise<void> {
  await sql.run('DELETE FROM inflight WHERE id = $1', uuidOfId(id));
}

const FORGOTTEN_MAX = 500;

/** Removes some of the rows of withdrawals that are long past. True: there may be more. */
export async function forgetWithdrawn(sql: Sql, now: number): Promise<boolean> {
  const count = await sql.run(
    `DELETE FROM inflight WHERE id IN (
       SELECT id FROM inflight WHERE withdrawn_until <= $1 ORDER BY withdrawn_until LIMIT ${FORGOTTEN_MAX} FOR UPDATE SKIP LOCKED)`,
    now,
  );
  return count === FORGOTTEN_MAX;
}

export function parametersOf({ forwardPath: _path, ...parameters }: EnvelopeRecipient): string | null {
  return Object.keys(parameters).length === 0 ? null : JSON.stringify(parameters);
}

/** Number of the only attempt that a message in flight gets. */
export const FIRST_ATTEMPT = 1;

/** Whether the message ends with it if it is in flight and has as many recipients: each ends for good, and nobody is to be told. */
export function isWholeEnd({ recipients }: Pick<SettleChange, 'recipients'>): boolean {
  const ended = new Set(recipients.map(({ recipientNumber }) => recipientNumber));
  return (
    ended.size > 0 &&
    ended.size === recipients.length &&
    recipients.every(
      ({ attempt, fate, notice, recipientNumber }) =>
        attempt === FIRST_ATTEMPT &&
        fate.type === 'final' &&
        notice === undefined &&
        recipientNumber < ended.size,
    )
  );
}

/** Waits for who has locked a row, or leaves it to them. */
type Lock = 'FOR UPDATE' | 'FOR UPDATE SKIP LOCKED';

/** Which rows are filed: `i` is the row. What another deletes meanwhile is left to it. */
const fileWhere = (where: string, taken: string): string => `
  WITH taken AS (
    DELETE FROM inflight WHERE id IN (
      SELECT i.id FROM inflight i WHERE i.withdrawn_until IS NULL AND ${where} ORDER BY i.id ${taken}
    ) RETURNING *
  ), into_message AS (
    INSERT INTO message (id, n, accepted_at, role, identity_id, credential_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit)
      SELECT id, n, accepted_at, role, identity_id, credential_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit FROM taken
  ), into_content AS (
    INSERT INTO content (id, staged, bytes) SELECT id, staged, content FROM taken
  ), into_recipient AS (
    INSERT INTO recipient (message_id, number, identity_id, forward_path, domain, parameters, due_at, owner, attempt)
      SELECT t.id, r.number - 1, t.identity_id, r.forward_path, r.domain, r.parameters, t.due_at, nullif(t.owner, ''), t.attempt
        FROM taken t, unnest(t.forward_paths, t.domains, t.parameters) WITH ORDINALITY AS r (forward_path, domain, parameters, number)
  )
  SELECT id FROM taken`;

const FILE = fileWhere('i.id = ANY($1::uuid[])', 'FOR UPDATE');
const fileOf = (lock: Lock): string => fileWhere(begins('i.owner', '$1'), `LIMIT $2 ${lock}`);
const FILE_MEANT = fileWhere(
  `i.id >= $1 AND i.n <= $2 AND ($3::text IS NULL OR i.identity_id = $3) AND ($4::text IS NULL OR i.credential_id = $4)
    AND ($5::text IS NULL OR $5 = ANY(i.domains)) AND ($6::text[] IS NULL OR i.domains && $6) AND ($7::text[] IS NULL OR NOT i.domains <@ $7)
    AND i.id >= $8 AND i.id < $9`,
  'LIMIT $10 FOR UPDATE',
);

/** Moves messages into the queue tables, those of them that are in flight. */
export async function file(work: Work, ...ids: readonly MessageId[]): Promise<void> {
  notInHand(work, await filed(work.sql, FILE, ids.map(uuidOfId)));
}

/** The same for up to `max` that owners of this prefix have in hand; fewer: there are none left, or others have locked them. */
export async function fileOfOwners(
  sql: Sql,
  ownerPrefix: string,
  max: number,
  lock: Lock,
): Promise<readonly MessageId[]> {
  // Who may not read mail may ask this all the same, and finds nothing of his.
  if ((await sql.get(HAS_IN_HAND, ownerPrefix)) === undefined) return [];
  return filed(sql, fileOf(lock), ownerPrefix, max);
}

const HAS_IN_HAND = `SELECT 1 AS found FROM inflight WHERE withdrawn_until IS NULL AND ${begins('owner', '$1')} LIMIT 1`;

/** The same for up to `max` that a command may mean, from an id on. Gives how many; fewer: there are none left. */
export async function fileMeant(
  work: Work,
  { identityId, credentialId, domain, nextHop, acceptedSince = 0, acceptedBefore = Infinity }: QueueSelector,
  { messageId, until }: Pick<QueuePosition, 'messageId' | 'until'>,
  max: number,
): Promise<number> {
  const ids = await filed(
    work.sql,
    FILE_MEANT,
    ...[uuidOfId(messageId), until, identityId ?? null, credentialId ?? null, domain?.toLowerCase() ?? null],
    nextHop?.takes === 'these' ? nextHop.domains : null,
    nextHop?.takes === 'others' ? nextHop.domains : null,
    ...[uuidOfId(firstIdOf(acceptedSince)), uuidOfId(firstIdOf(acceptedBefore)), max],
  );
  notInHand(work, ids);
  return ids.length;
}

async function filed(
  sql: Sql,
  statement: string,
  ...values: readonly SqlValue[]
): Promise<readonly MessageId[]> {
  const rows = await sql.all(statement, ...values);
  return rows.map((row) => messageIdFromBytes(bytes(row, 'id')));
}

/** Something has happened to them: their ends fit into no group any more. */
export function notInHand({ node, afterCommit }: Work, ids: readonly MessageId[]): void {
  afterCommit(() => node.inHand.letGo(ids));
}
