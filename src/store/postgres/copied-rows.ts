// Plain rows (`transfer.ts`) into a database that nobody uses yet. Places of events and numbers of messages are given anew, in the order in which they come.

import { deliveryDomain } from '../../protocol/wire/mailbox.ts';
import { packedCounter } from '../counter-row.ts';
import { holdBit } from '../held.ts';
import { appPasswordIds, ownNames } from '../identity-names.ts';
import type { Kind, Rows } from '../transfer.ts';
import { octetsArray } from './arrays.ts';
import type { SqlValue, Statement } from './connection.ts';
import { parametersOf, uuidOfId } from './inflight.ts';

/** What writes a page of them. */
type Write<K extends Kind> = (rows: readonly Rows[K][]) => readonly Statement[];

export const writers: { readonly [K in Kind]: Write<K> } = {
  identity: writeIdentities,
  sharedKey: (rows) => [
    insert(
      'shared_key',
      ['purpose text', 'period text', 'key bytea'],
      [
        rows.map(({ purpose }) => purpose),
        rows.map(({ period }) => period),
        octetsArray(rows.map(({ key }) => key)),
      ],
    ),
  ],
  chain: (rows) => [
    insert(
      'chain',
      [
        ...['id int', 'name text', 'started_at bigint', 'head bigint', 'head_link bytea'],
        ...['checkpoint bigint', 'checkpoint_link bytea'],
      ],
      [
        rows.map(({ chain }) => chain),
        rows.map(({ name }) => name),
        rows.map(({ startedAt }) => startedAt),
        rows.map(({ head }) => (head.sequence === 0 ? null : head.sequence)),
        octetsArray(rows.map(({ head }) => (head.sequence === 0 ? null : head.link))),
        rows.map(({ checkpoint }) => checkpoint?.sequence ?? null),
        octetsArray(rows.map(({ checkpoint }) => checkpoint?.link ?? null)),
      ],
    ),
  ],
  event: writeEvents,
  message: writeMessages,
};

/** A row of each place in the arrays. `columns`: name and type. `more`: a column that is worked out, and from what. */
function insert(
  table: string,
  columns: readonly string[],
  values: readonly SqlValue[],
  more?: readonly [column: string, from: string],
): Statement {
  const names = columns.map((column) => column.slice(0, column.indexOf(' ')));
  const arrays = columns.map((column, at) => `$${at + 1}::${column.slice(column.indexOf(' ') + 1)}[]`);
  const [also, from] = more === undefined ? ['', ''] : [`, ${more[0]}`, `, ${more[1]}`];
  return {
    sql: `INSERT INTO ${table} (${names.join(', ')}${also}) OVERRIDING SYSTEM VALUE
      SELECT u.*${from} FROM unnest(${arrays.join(', ')}) AS u (${names.join(', ')})`,
    values,
  };
}

function writeIdentities(rows: readonly Rows['identity'][]): readonly Statement[] {
  const names = rows.flatMap(({ identity }) =>
    [...ownNames(identity)].map((name) => [name, identity.id] as const),
  );
  const credentials = rows.flatMap(({ identity }) =>
    appPasswordIds(identity).map((credential) => [credential, identity.id] as const),
  );
  const uses = rows.flatMap(({ identity, uses: its }) =>
    its.map((use) => ({ identityId: identity.id, ...use })),
  );
  const counters = rows.flatMap(({ identity: { id }, counter }) =>
    counter === undefined ? [] : [{ id, counter }],
  );
  return [
    insert(
      'identity',
      ['id text', 'login text', 'state text', 'revision int', 'removed_at bigint', 'record text'],
      [
        rows.map(({ identity }) => identity.id),
        rows.map(({ identity }) => identity.login),
        rows.map(({ identity }) => identity.state),
        rows.map(({ identity }) => identity.revision),
        rows.map(({ identity }) => identity.removedAt ?? null),
        rows.map(({ identity }) => JSON.stringify(identity)),
      ],
    ),
    insert(
      'identity_name',
      ['name text', 'identity_id text'],
      [names.map(([name]) => name), names.map(([, id]) => id)],
    ),
    insert(
      'identity_credential',
      ['credential_id text', 'identity_id text'],
      [credentials.map(([credential]) => credential), credentials.map(([, id]) => id)],
    ),
    insert(
      'credential_use',
      ['identity_id text', 'address text', 'credential_id text', 'at bigint'],
      [
        uses.map(({ identityId }) => identityId),
        uses.map(({ address }) => address),
        uses.map(({ credentialId }) => credentialId),
        uses.map(({ at }) => at),
      ],
    ),
    insert(
      'counter',
      ['identity_id text', 'writer text', 'charges bigint', 'value bytea'],
      [
        counters.map(({ id }) => id),
        counters.map(() => WRITER),
        counters.map(() => 1),
        octetsArray(counters.map(({ counter }) => packedCounter(counter))),
      ],
    ),
  ];
}

/** Of counters that no node writes any more. */
const WRITER = 'copy';

const EVENT_COLUMNS = [
  ...['chain int', 'sequence bigint', 'time bigint', 'type text', 'message_id text', 'identity_id text'],
  ...[
    'salt bytea',
    'payload bytea',
    'place_salt bytea',
    'place_content bytea',
    'content_hash bytea',
    'link bytea',
  ],
];

function writeEvents(rows: readonly Rows['event'][]): readonly Statement[] {
  return [
    insert('event', EVENT_COLUMNS, [
      rows.map(({ chain }) => chain),
      rows.map(({ sequence }) => sequence),
      rows.map(({ time }) => time),
      rows.map(({ type }) => type),
      rows.map(({ messageId }) => messageId ?? null),
      rows.map(({ identityId }) => identityId ?? null),
      octetsArray(rows.map(({ salt }) => salt ?? null)),
      octetsArray(rows.map(({ payload }) => payload ?? null)),
      octetsArray(rows.map(({ placeSalt }) => placeSalt ?? null)),
      octetsArray(rows.map(({ place }) => place ?? null)),
      octetsArray(rows.map(({ partHashes }) => partHashes)),
      octetsArray(rows.map(({ link }) => link)),
    ]),
  ];
}

const MESSAGE_COLUMNS = [
  ...[
    'id uuid',
    'accepted_at bigint',
    'role text',
    'identity_id text',
    'credential_id text',
    'reverse_path text',
  ],
  ...['envelope text', 'octets bigint', 'header_octets bigint', 'header_utf8 bool', 'body_8bit bool'],
];
const RECIPIENT_COLUMNS = [
  ...[
    'message_id uuid',
    'number int',
    'identity_id text',
    'forward_path text',
    'domain text',
    'parameters text',
  ],
  ...['due_at bigint', 'held int', 'attempt int', 'delay_reported bool'],
];

function writeMessages(rows: readonly Rows['message'][]): readonly Statement[] {
  const messages = rows.map(({ message }) => message);
  const ids = messages.map(({ id }) => uuidOfId(id));
  return [
    insert(
      'message',
      MESSAGE_COLUMNS,
      [
        ids,
        messages.map(({ acceptedAt }) => acceptedAt),
        messages.map(({ role }) => role),
        messages.map(({ identityId }) => identityId ?? null),
        messages.map(({ credentialId }) => credentialId ?? null),
        messages.map(({ envelope }) => envelope.reversePath),
        messages.map(({ envelope: { reversePath: _path, ...envelope } }) => JSON.stringify(envelope)),
        messages.map(({ octets }) => octets),
        messages.map(({ headerOctets }) => headerOctets),
        messages.map(({ headerUtf8 }) => headerUtf8),
        messages.map(({ body8bit }) => body8bit),
      ],
      ['n', "nextval('message_n')"],
    ),
    insert(
      'content',
      ['id uuid', 'staged bool', 'bytes bytea'],
      [
        ids,
        rows.map(({ content }) => content.kind === 'staged'),
        octetsArray(rows.map(({ content }) => (content.kind === 'staged' ? content.header : content.bytes))),
      ],
    ),
    ...writeRecipients(rows),
    writeNotices(rows),
  ];
}

function writeRecipients(rows: readonly Rows['message'][]): readonly Statement[] {
  const recipients = rows.flatMap(({ message: { id, identityId = null }, recipients: its }) =>
    its.map((one) => ({ id: uuidOfId(id), identityId, ...one })),
  );
  const parked = recipients.filter(({ held }) => (held & holdBit.identity) !== 0);
  return [
    insert('recipient', RECIPIENT_COLUMNS, [
      recipients.map(({ id }) => id),
      recipients.map(({ recipientNumber }) => recipientNumber),
      recipients.map(({ identityId }) => identityId),
      recipients.map(({ recipient }) => recipient.forwardPath),
      recipients.map(({ recipient }) => deliveryDomain(recipient.forwardPath)),
      recipients.map(({ recipient }) => parametersOf(recipient)),
      recipients.map(({ dueAt }) => dueAt),
      recipients.map(({ held }) => held),
      recipients.map(({ attempt }) => attempt),
      recipients.map(({ delayReported }) => delayReported),
    ]),
    {
      sql: 'UPDATE identity SET parked = true WHERE id = ANY($1::text[]) AND NOT parked',
      values: [parked.map(({ identityId }) => identityId)],
    },
  ];
}

function writeNotices(rows: readonly Rows['message'][]): Statement {
  const notices = rows.flatMap(({ message, notices: its }) =>
    its.map((one) => ({ id: uuidOfId(message.id), ...one })),
  );
  return insert(
    'notice',
    ['message_id uuid', 'number int', 'at bigint', 'due_at bigint', 'about text'],
    [
      notices.map(({ id }) => id),
      notices.map(({ recipientNumber }) => recipientNumber),
      notices.map(({ at }) => at),
      notices.map(({ dueAt }) => dueAt),
      notices.map(({ about }) => JSON.stringify(about)),
    ],
  );
}
