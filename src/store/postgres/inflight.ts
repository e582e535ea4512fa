// Messages in flight from the memory of the front that accepted them. Most are delivered at once, so each is one row beside the queue and goes with its
// delivery. Before anything else happens to it, it is filed: moved into the queue tables, as it stands. Every accept passes through this table, and every withdrawal
// leaves a row here: its key settles which of them came first.

import { messageIdBytes, type MessageId } from '../../base/message-id.ts';
import type { EnvelopeRecipient } from '../../protocol/envelope.ts';
import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import type { AcceptChange } from '../port.ts';
import type { SqlValue, Statement } from './connection.ts';
import type { Sql } from './sql.ts';
import { uuidOf } from './value-types.ts';

/** Names nobody: the row only says that its id must not be accepted. */
export const NOBODY = '';

/** As a parameter of type `uuid`; of what is no id, one that no message has. */
export function uuidOfId(id: MessageId): string {
  return uuidOf(messageIdBytes(id) ?? new Uint8Array(16));
}

const INSERT = `INSERT INTO inflight (id, owner, accepted_at, role, identity_id, credential_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit,
    due_at, attempt, forward_paths, domains, parameters, staged, content)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`;

/** Fails with a unique violation (23505) if a message of this id is in flight, or was withdrawn. `owner`: `NOBODY` for what is to be filed at once. */
export function insertOf(
  { message, recipients, content, dueAt, untried }: AcceptChange,
  owner: string,
): Statement {
  const { reversePath, ...envelope } = message.envelope;
  const values: readonly SqlValue[] = [
    ...[uuidOfId(message.id), owner, message.acceptedAt, message.role],
    ...[message.identityId ?? null, message.credentialId ?? null, reversePath, JSON.stringify(envelope)],
    ...[message.octets, message.headerOctets, message.headerUtf8, message.body8bit, dueAt],
    owner === NOBODY || untried === true ? 0 : 1,
    recipients.map(({ forwardPath }) => forwardPath),
    recipients.map(({ forwardPath }) => deliveryDomain(forwardPath)),
    recipients.map(parametersOf),
    ...(content.kind === 'staged' ? [true, content.header] : [false, content.bytes]),
  ];
  return { sql: INSERT, values };
}

function parametersOf({ forwardPath: _path, ...parameters }: EnvelopeRecipient): string | null {
  return Object.keys(parameters).length === 0 ? null : JSON.stringify(parameters);
}

/** Which rows are filed: `i` is the row. Each statement sees the same, so what another takes meanwhile is left to it. */
const fileWhere = (where: string, order = ''): string => `
  WITH taken AS (
    DELETE FROM inflight WHERE id IN (
      SELECT i.id FROM inflight i WHERE i.withdrawn_until IS NULL AND ${where} ${order} FOR UPDATE SKIP LOCKED
    ) RETURNING *
  ), into_message AS (
    INSERT INTO message (id, n, accepted_at, role, identity_id, credential_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit)
      SELECT id, n, accepted_at, role, identity_id, credential_id, reverse_path, envelope, octets, header_octets, header_utf8, body_8bit FROM taken
  ), into_content AS (
    INSERT INTO content (id, staged, bytes) SELECT id, staged, content FROM taken
  )
  INSERT INTO recipient (message_id, number, identity_id, forward_path, domain, parameters, due_at, owner, attempt)
    SELECT t.id, r.number - 1, t.identity_id, r.forward_path, r.domain, r.parameters, t.due_at, nullif(t.owner, ''), t.attempt
      FROM taken t, unnest(t.forward_paths, t.domains, t.parameters) WITH ORDINALITY AS r (forward_path, domain, parameters, number)`;

const FILE_ONE = fileWhere('i.id = $1');
const FILE_OF_OWNERS = fileWhere('starts_with(i.owner, $1)', 'ORDER BY i.id LIMIT $2');

/** Moves a message into the queue tables; 0: it is not in flight. */
export function file(sql: Sql, id: MessageId): Promise<number> {
  return sql.run(FILE_ONE, uuidOfId(id));
}

/** The same for up to `max` that owners of this prefix have in hand; 0: there are none left. */
export function fileOfOwners(sql: Sql, ownerPrefix: string, max: number): Promise<number> {
  return sql.run(FILE_OF_OWNERS, ownerPrefix, max);
}
