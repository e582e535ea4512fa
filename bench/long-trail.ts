// A long trail for benchmarks: 30 days, 1,000 accounts, two events and seven words a message. On PostgreSQL as rows, like those that a server writes; on SQLite by the store's
// own commits.

import { messageIdSource } from '../src/base/message-id.ts';
import { systemClock } from '../src/platform/clock.ts';
import { systemEntropy } from '../src/platform/entropy.ts';
import type { Change, Store } from '../src/store/port.ts';
import type { Connection, PostgresServer } from '../src/store/postgres/connection.ts';
import { keepPartitions } from '../src/store/postgres/partitions.ts';
import type { OpenStore } from '../src/store/sqlite/open.ts';
import { acceptOf, DAY, final } from '../src/store/store.contract-fixtures.ts';

const DAYS = 30;
/** Of all messages one in so many is alice's. */
const ALICE_EACH = 4;
const ACCOUNTS = 1000;

/** A message's events and words, from those of one that the store wrote itself: `n` is its number, from 1 on. */
const FILL = `WITH numbers AS (
    SELECT n, '01' || lpad(n::text, 24, '0') AS id, CASE WHEN n % ${ALICE_EACH} = 0 THEN 'alice' ELSE 'user' || n % ${ACCOUNTS} END AS who
      FROM generate_series($1::bigint, $2::bigint) AS n
  ), accepted AS (
    INSERT INTO event (chain, sequence, time, type, message_id, identity_id, salt, payload, place_salt, place_content, content_hash, link)
      SELECT 1, 2 * n, $3::bigint, e.type, numbers.id, 'id-' || who, e.salt, e.payload, e.place_salt, e.place_content, e.content_hash, e.link
        FROM numbers, like_this e WHERE e.type = 'accepted' RETURNING place, sequence / 2 AS n, identity_id
  ), relayed AS (
    INSERT INTO event (chain, sequence, time, type, message_id, identity_id, salt, payload, place_salt, place_content, content_hash, link)
      SELECT 1, 2 * n + 1, $3::bigint + 1000, 'relayed', numbers.id, 'id-' || who, e.salt, '{"recipient":"bob@example.net","recipientNumber":0,"attempt":1,"status":"2.0.0","diagnostic":"OK"}', NULL, NULL, e.content_hash, e.link
        FROM numbers, like_this e WHERE e.type = 'accepted' RETURNING place, identity_id
  )
  INSERT INTO term
    SELECT word, place FROM accepted, unnest(ARRAY['identity:' || identity_id, 'address:' || substr(identity_id, 4) || '@example.org',
        'address:bob' || n || '@d' || n % 200 || '.example.net', 'mid:<m' || n || '@mail.example.org>', 'label:' || md5(n::text), 'net:10.0.' || n % 250 || '.0/24']) AS word
    UNION ALL SELECT 'identity:' || identity_id, place FROM relayed
    ORDER BY 1, 2`;
const GROUP = 20_000;

/** Alice's, whom the questions are about. */
export const ALICE = { login: 'alice@example.org', identityId: 'id-alice' } as const;

/** Rows, like those that a server writes. */
export async function fillPostgres(
  store: Store,
  connection: Connection,
  messages: number,
  now: number,
): Promise<void> {
  const id = idsFrom().next(now);
  const sample: Change = acceptOf(id, now, { from: ALICE.login, identityId: ALICE.identityId });
  await store.commit([sample]);
  await connection.exec("CREATE TABLE like_this AS SELECT * FROM event WHERE type = 'accepted'");
  const each = Math.ceil(messages / DAYS);
  for (let day = 0; day < DAYS; day += 1) {
    const at = now - (DAYS - day) * DAY;
    const keeper = keepPartitions(systemClock, (because) => console.error(because));
    await keeper.keep(connection, at);
    for (let from = day * each; from < (day + 1) * each; from += GROUP)
      await connection.query(FILL, from + 1, Math.min(from + GROUP, (day + 1) * each), at);
    process.stderr.write(`\r${((day + 1) * each).toLocaleString('en')} of ${messages.toLocaleString('en')}`);
  }
  process.stderr.write('\n');
  const last = 'SELECT sequence, place FROM event WHERE chain = 1 ORDER BY sequence DESC LIMIT 1';
  await connection.exec(
    `UPDATE chain SET head = e.sequence, indexed = e.sequence, indexed_place = e.place FROM (${last}) AS e WHERE id = 1`,
  );
  await connection.exec('VACUUM ANALYZE');
}

/** Each message accepted, and passed on in the same commit. */
export async function fillSqlite({ store, writer }: OpenStore, messages: number, now: number): Promise<void> {
  const ids = idsFrom();
  const [owner, group] = ['front 1', 2000];
  for (let from = 0; from < messages; from += group) {
    const changes: Change[] = [];
    for (let n = from; n < Math.min(from + group, messages); n += 1) {
      const at = now - DAYS * DAY + Math.floor((n / messages) * DAYS * DAY);
      const id = ids.next(at);
      const who = n % ALICE_EACH === 0 ? 'alice' : `user${n % ACCOUNTS}`;
      const to = `bob${n}@d${n % 200}.example.net`;
      const messageIdField = `<m${n}@mail.example.org>`;
      const said = { from: `${who}@example.org`, identityId: `id-${who}`, to: [to], owner, messageIdField };
      changes.push(acceptOf(id, at, said), {
        ...{ type: 'settle', owner, messageId: id },
        recipients: [
          {
            ...{ recipientNumber: 0, attempt: 1, fate: final },
            event: {
              ...{ type: 'relayed', time: at + 1000, messageId: id },
              payload: {
                ...{ recipient: to, recipientNumber: 0, attempt: 1 },
                ...{ status: '2.0.0', diagnostic: 'OK, queued', remote: 'smtp mta.internal:25' },
              },
            },
          },
        ],
      });
    }
    await store.commit(changes);
    while (writer.indexTail(1000));
    process.stderr.write(`\r${(from + group).toLocaleString('en')} of ${messages.toLocaleString('en')}`);
  }
  process.stderr.write('\n');
}

export function serverOf(address: string): PostgresServer {
  const url = new URL(address);
  return {
    hosts: [{ host: url.hostname, port: Number(url.port) }],
    ...{ database: url.pathname.slice(1), user: url.username },
  };
}

export const idsFrom = () => messageIdSource((length) => systemEntropy().bytes(length));
