// Users with the rights of one role, on a real PostgreSQL: each does what it is for, and can't do what it must not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  acceptOf,
  countedEntropy,
  final,
  identityChange,
  identityOf,
  settleOf,
  virtualClock,
} from '../store.contract-fixtures.ts';
import type { SideWorkNotice } from '../side-work.ts';
import { type StoreRole, storeRoles } from '../operations.ts';
import { connect, type Connection, type PostgresServer } from './connection.ts';
import { openPostgresStore, type OpenPostgresStore } from './open.ts';
import { postgresOperations } from './operations.ts';
import { freshDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';
import { rules, tablesWithoutRule } from './rights.ts';

const skip = withoutPostgres;
const NOW = Date.UTC(2026, 0, 1);

test('each table has a rule, and each rule a table', { skip }, async () => {
  await using database = await freshDatabase();
  const connection = await connect(database.server, { clock: virtualClock(NOW) });
  assert.deepEqual(await tablesWithoutRule(connection), []);
  for (const name of Object.keys(rules)) {
    const { rows } = await connection.query('SELECT to_regclass($1) IS NOT NULL AS there', name);
    assert.deepEqual(rows, [{ there: true }], name);
  }
  await connection.close();
});

interface Users extends AsyncDisposable {
  readonly owner: Connection;
  readonly server: PostgresServer;
  as(role: StoreRole): PostgresServer;
  /** Rights, as it was done at first. */
  giveAgain(): Promise<void>;
  open(role: StoreRole): Promise<OpenPostgresStore & { readonly told: readonly SideWorkNotice[] }>;
}

/** A user of each role, as `postern store roles` makes them. */
async function users(): Promise<Users> {
  const database = await freshDatabase();
  const { server } = database;
  const clock = virtualClock(NOW);
  const owner = await connect(server, { clock });
  const nameOf = (role: StoreRole): string => `${role}_of_${server.database}`;
  const names = Object.fromEntries(storeRoles.map((role) => [role, nameOf(role)]));
  for (const name of Object.values(names)) await owner.exec(`CREATE ROLE ${name} LOGIN`);
  const give = async (): Promise<void> => {
    for (const { sql } of await postgresOperations(server).roles(names)) await owner.exec(sql.join('\n'));
  };
  await give();
  const as = (role: StoreRole): PostgresServer => ({ ...server, user: nameOf(role) });
  return {
    ...{ owner, server, as },
    giveAgain: give,
    async open(role) {
      const told: SideWorkNotice[] = [];
      const store = await openPostgresStore({
        ...{ server: as(role), clock, entropy: countedEntropy(), name: `${role}/1` },
        ...{ clockOffset: 0, isTrusted: true },
        ...{ queuedMessagesMax: () => undefined, strangersMessagesMax: () => undefined },
        onSideWork: (notice) => void told.push(notice),
      });
      return { ...store, told };
    },
    async [Symbol.asyncDispose]() {
      for (const name of Object.values(names)) await owner.exec(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
      await owner.close();
      await database.drop();
    },
  };
}

const ID = '01KB0000000000000000000000';
const alice = identityOf('alice@example.org', {
  credentials: [{ id: 'password', kind: 'password', label: 'password', verifiers: [], createdAt: NOW }],
});

test('who takes mail in, who relays and who administers, each as a user of their own', { skip }, async () => {
  await using all = await users();
  const admin = await all.open('admin');
  assert.deepEqual(await admin.store.commit([identityChange(alice, 0, NOW)]), [{ type: 'written' }]);
  assert.equal((await admin.lookups.identities({ max: 9 })).length, 1);

  const submission = await all.open('submission');
  assert.equal((await submission.lookups.identityByLogin(alice.login))?.id, alice.id);
  const life = { node: 's', incarnation: '1' };
  assert.equal((await submission.writer.pulse(life, true)).type, 'alive');
  const free = { type: 'free', ownerPrefix: 's/', dueAt: NOW } as const;
  assert.deepEqual(await submission.store.commit([free]), [{ type: 'freed', count: 0 }]);
  const accept = acceptOf(ID, NOW, { identityId: alice.id, charge: { identityId: alice.id, limits: {} } });
  assert.deepEqual(await submission.store.commit([accept]), [{ type: 'accepted' }]);
  assert.deepEqual(await submission.store.commit([{ ...accept, again: true }]), [{ type: 'accepted' }]);
  const stage = await submission.store.stage('01KB0000000000000000000001');
  await stage.append(Buffer.alloc(300_000, 'x'));
  await stage.finish();
  const large = acceptOf('01KB0000000000000000000001', NOW, { staged: true });
  assert.deepEqual(await submission.store.commit([large]), [{ type: 'accepted' }]);
  await submission.store.commit([
    { type: 'withdraw', messageId: '01KB0000000000000000000002', owner: 's', now: NOW, by: 'server' },
    {
      ...{
        type: 'credentialUsed',
        identityId: alice.id,
        credentialId: 'password',
        address: '192.0.2.1',
        at: NOW,
      },
    },
  ]);
  for (let piece = 0; piece < 9; piece += 1) await submission.writer.idle();
  await assert.rejects(async () => submission.lookups.content(ID), /permission denied/);

  const relay = await all.open('relay');
  assert.equal((await relay.writer.pulse({ node: 'r', incarnation: '1' }, true)).type, 'alive');
  const [claimed] = await relay.store.commit([
    { type: 'claim', owner: 'r/1', token: 't', shares: [{ max: 10 }] },
  ]);
  assert.ok(claimed.type === 'claimed');
  assert.equal(claimed.deliveries.length, 2);
  const pieces: Uint8Array[] = [];
  for await (const piece of (await relay.lookups.content(ID)) ?? []) pieces.push(piece);
  assert.match(Buffer.concat(pieces).toString(), /^From: alice@/);
  const [delivery] = claimed.deliveries;
  assert.ok(delivery);
  assert.deepEqual(
    (await relay.store.commit([settleOf('r/1', [delivery], final, NOW)])).map(({ type }) => type),
    ['settled'],
  );
  for (let piece = 0; piece < 9; piece += 1) await relay.writer.idle();
  assert.deepEqual(await relay.lookups.identityById(alice.id), {
    ...alice,
    credentials: { because: hiddenFrom(String(all.as('relay').user)) },
  });
  await assert.rejects(relay.lookups.sharedKey({ purpose: 'ticket', period: '1' }), /permission denied/);
  for (const { told } of [submission, relay, admin]) assert.deepEqual(told, []);
  await Promise.all([admin.close(), submission.close(), relay.close()]);
});

test(
  'who takes mail of strangers in knows who has an address, and not how they log in',
  { skip },
  async () => {
    await using all = await users();
    const admin = await all.open('admin');
    await admin.store.commit([identityChange(alice, 0, NOW)]);
    const mx = await all.open('mx');
    const shown = { ...alice, credentials: { because: hiddenFrom(String(all.as('mx').user)) } };
    assert.deepEqual(await mx.lookups.identityByAddress(alice.login), shown);
    assert.deepEqual(await mx.lookups.identityByLogin(alice.login), shown);
    assert.deepEqual(await mx.lookups.identityById(alice.id), shown);
    assert.deepEqual(await mx.lookups.identities({ max: 9 }), [shown]);
    const submission = await all.open('submission');
    assert.deepEqual(await submission.lookups.identityByAddress(alice.login), alice);
    assert.equal((await mx.store.commit([acceptOf(ID, NOW, { from: 'x@far.example' })]))[0].type, 'accepted');
    await Promise.all([admin.close(), mx.close(), submission.close()]);
  },
);

const hiddenFrom = (user: string): string =>
  `the store's user ${user} may not read credentials: it lacks SELECT on column record of table identity; \`postern store roles\` prints the rights of each role`;

/** Statements that take rights of a submission node, and what it sees of an account while it lacks them. */
const taken: readonly (readonly [
  why: string,
  sql: (user: string) => string,
  seen: (user: string) => { readonly shown: object } | { readonly refused: RegExp },
])[] = [
  [
    'that of credentials, as where its user was made for mail of strangers',
    (user) => `REVOKE ALL ON identity FROM ${user}; GRANT SELECT (id, login, state) ON identity TO ${user}`,
    (user) => ({ shown: { ...alice, credentials: { because: hiddenFrom(user) } } }),
  ],
  [
    'all, as between the statements of `store roles`',
    (user) => `REVOKE ALL ON ALL TABLES IN SCHEMA public FROM ${user}`,
    () => ({ refused: /permission denied/ }),
  ],
];

for (const [why, sql, seenBy] of taken)
  test(`who lacks a right for a while has it again once it is given: ${why}`, { skip }, async () => {
    await using all = await users();
    const admin = await all.open('admin');
    await admin.store.commit([identityChange(alice, 0, NOW)]);
    const submission = await all.open('submission');
    const user = String(all.as('submission').user);
    const look = () => submission.lookups.identityByLogin(alice.login);
    assert.deepEqual(await look(), alice);
    await all.owner.exec(sql(user));
    const seen = seenBy(user);
    if ('shown' in seen) assert.deepEqual(await look(), seen.shown);
    else await assert.rejects(look(), seen.refused);
    await all.giveAgain();
    assert.deepEqual(await look(), alice);
    await Promise.all([admin.close(), submission.close()]);
  });

const forbidden: readonly (readonly [StoreRole, string])[] = [
  ['submission', 'SELECT content FROM inflight'],
  ['submission', 'SELECT bytes FROM content'],
  ['submission', 'SELECT bytes FROM body'],
  ['submission', 'UPDATE content SET staged = true'],
  ['submission', 'COPY inflight TO STDOUT'],
  ['submission', 'UPDATE event SET payload = NULL'],
  ['submission', 'DELETE FROM event'],
  ['submission', 'UPDATE identity SET record = record'],
  ['mx', 'SELECT * FROM content'],
  ['mx', 'SELECT record FROM identity'],
  ['mx', 'SELECT * FROM identity_credential'],
  ['mx', 'INSERT INTO identity_name VALUES (1, 1)'],
  ['relay', 'SELECT record FROM identity'],
  ['relay', 'SELECT * FROM identity_credential'],
  ['relay', 'SELECT key FROM shared_key'],
  ['relay', "UPDATE identity SET state = 'active'"],
  ['relay', 'UPDATE event SET payload = NULL'],
  ['admin', 'UPDATE schema_version SET version = 1'],
  ['admin', 'DROP TABLE event'],
  ...storeRoles.map((role) => [role, 'CREATE TABLE mine (n int)'] as const),
  ...storeRoles.map((role) => [role, 'LOCK TABLE schema_version IN EXCLUSIVE MODE'] as const),
];

test('what a user of a role must not do', { skip }, async () => {
  await using all = await users();
  for (const [role, statement] of forbidden) {
    const connection = await connect(all.as(role), { clock: virtualClock(NOW) });
    await assert.rejects(
      connection.exec(`BEGIN; ${statement}`),
      /permission denied|must be owner/,
      `${role}: ${statement}`,
    );
    connection.destroy('done');
  }
});
