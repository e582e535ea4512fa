// Tables that are brought forward, on a real PostgreSQL: whom they serve then, who may do it, and who is waited for, what is told of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { countingEntropy } from '../../../test/fakes/submission.ts';
import { freshDatabase as emptyDatabase } from '../../../test/postgres/database.ts';
import { ServerUnfit, StoreTooNew } from '../engine-errors.ts';
import { connect, type Connection, type PostgresServer } from './connection.ts';
import { KNOWN, migrate, schemaIn, type Steps, tooNewBecause } from './migration.ts';
import { openPostgresStore } from './open.ts';
import {
  freshDatabase,
  openInside,
  serverOf,
  type TestDatabase,
  withoutPostgres,
} from './postgres.contract-fixtures.ts';
import { breaking, steps } from './schema.ts';

const skip = withoutPostgres;
const clock = virtualClock(0);
const writerOptions = {
  ...{ clock, entropy: countingEntropy(), name: 'node/1', clockOffset: 0, isTrusted: true as const },
  ...{ queuedMessagesMax: () => undefined, strangersMessagesMax: () => undefined },
};

/** As a later code would have them. */
const later = (sql: string, breaks = false): Steps => ({
  steps: [...steps, sql],
  breaking: breaks ? new Set([...breaking, KNOWN + 1]) : breaking,
});

interface TwoRoles extends AsyncDisposable {
  readonly owner: Connection;
  readonly other: Connection;
}

/** Another role of the server, which goes with the test. */
async function withRole({ server }: TestDatabase, name: string): Promise<TwoRoles> {
  const owner = await connect(server, { clock });
  await owner.exec(`DROP ROLE IF EXISTS ${name}; CREATE ROLE ${name} LOGIN`);
  await owner.exec(`GRANT SELECT ON schema_version TO ${name}`);
  const other = await connect({ ...server, user: name }, { clock });
  return {
    ...{ owner, other },
    async [Symbol.asyncDispose]() {
      await other.close();
      await owner.exec(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
      await owner.close();
    },
  };
}

const served: readonly {
  readonly why: string;
  readonly schema: { readonly version: number; readonly oldestCode: number; readonly madeBy?: string };
  readonly because?: RegExp;
}[] = [
  { why: 'its own version', schema: { version: 3, oldestCode: 3 } },
  { why: 'an older one, which will be brought forward', schema: { version: 2, oldestCode: 1 } },
  { why: 'the next one', schema: { version: 4, oldestCode: 3 } },
  { why: 'a much later one that serves it', schema: { version: 9, oldestCode: 3 } },
  {
    why: 'the next one, which breaks with it',
    schema: { version: 4, oldestCode: 4, madeBy: '0.4.0' },
    because: /schema 4, this one knows 3\): install Postern 0\.4\.0 or later$/,
  },
  {
    why: 'one of which nobody says who made it',
    schema: { version: 5, oldestCode: 4 },
    because: /: install that version$/,
  },
];

for (const { why, schema, because } of served)
  test(`code that knows schema 3, on ${why}`, () => {
    const told = tooNewBecause({ madeBy: undefined, ...schema }, 3);
    if (because === undefined) assert.equal(told, undefined);
    else assert.match(told ?? '', because);
  });

test(
  'the next schema serves this code too, one later does not, nor one that breaks with it',
  { skip },
  async () => {
    for (const { to, serves } of [
      { to: [later('CREATE TABLE one (n int)')], serves: true },
      { to: [later('CREATE TABLE one (n int)', true)], serves: false },
      {
        to: [{ steps: [...steps, 'CREATE TABLE one (n int)', 'CREATE TABLE two (n int)'], breaking }],
        serves: false,
      },
    ]) {
      await using database = await freshDatabase();
      const connection = await connect(database.server, { clock });
      for (const each of to)
        assert.deepEqual(await migrate(connection, { to: each }), { from: KNOWN, to: each.steps.length });
      const again = migrate(connection);
      if (serves) assert.deepEqual(await again, { from: KNOWN + 1, to: KNOWN + 1 });
      else
        await assert.rejects(
          again,
          (error) => error instanceof StoreTooNew && /install Postern \d/.test(error.message),
        );
      await connection.close();
    }
  },
);

test('a step that fails leaves the tables as they were', { skip }, async () => {
  await using database = await freshDatabase();
  const connection = await connect(database.server, { clock });
  await assert.rejects(
    migrate(connection, { to: later('CREATE TABLE one (n int); SELECT 1 / 0') }),
    /division by zero/,
  );
  assert.equal((await schemaIn(connection)).version, KNOWN);
  await connection.exec('CREATE TABLE one (n int)');
  await connection.close();
});

test('who does not own the tables hears who does', { skip }, async () => {
  await using database = await freshDatabase();
  await using roles = await withRole(database, 'migration_plain');
  const { other } = roles;
  // As they are they serve it.
  assert.deepEqual(await migrate(other), { from: KNOWN, to: KNOWN });
  await assert.rejects(
    migrate(other, { to: later('CREATE TABLE one (n int)') }),
    (error) =>
      error instanceof ServerUnfit &&
      new RegExp(
        `needs ${KNOWN + 1}: let their owner "${database.server.user}" .*postern store migrate`,
      ).test(error.message),
  );
});

test('what a member of the owner makes belongs to the owner', { skip }, async () => {
  await using database = await freshDatabase();
  await using roles = await withRole(database, 'migration_member');
  const { owner, other } = roles;
  await owner.exec(`GRANT ${database.server.user} TO migration_member`);
  assert.deepEqual(await migrate(other, { to: later('CREATE TABLE one (n int)') }), {
    from: KNOWN,
    to: KNOWN + 1,
  });
  const { rows } = await owner.query(
    "SELECT tableowner::text AS owner FROM pg_tables WHERE tablename = 'one'",
  );
  assert.deepEqual(rows, [{ owner: database.server.user }]);
});

test(
  'a table that is in use is waited for, and meanwhile those who came first work on',
  { skip },
  async () => {
    await using database = await freshDatabase();
    const [user, other] = [
      await connect(database.server, { clock }),
      await connect(database.server, { clock, settings: { lock_timeout: '100ms' } }),
    ];
    await user.exec('BEGIN; INSERT INTO notice VALUES (gen_random_uuid(), 1, 1, 1, 1)');
    let done = false;
    const migrated = migrate(other, { to: later('ALTER TABLE notice ADD COLUMN one int') }).finally(
      () => (done = true),
    );
    // Two tries of two seconds.
    for (let waits = 0; waits < 30; waits += 1) {
      await user.exec('SELECT pg_sleep(0.1)');
      assert.equal(done, false);
    }
    await user.exec('COMMIT');
    assert.equal((await migrated).to, KNOWN + 1);
    await Promise.all([user.close(), other.close()]);
  },
);

test('who brings the tables forward is told in the transaction that does it', { skip }, async (t) => {
  const { database, bench } = await openInside(t);
  const { server } = database;
  const connection = await connect(server, { clock });
  const to = { steps: [...steps, 'CREATE TABLE one (n int)'], breaking };
  const now = bench.clock.now();
  const actor = { by: 'root (command line)', now, entropy: countingEntropy() };
  for (let times = 0; times < 2; times += 1) await migrate(connection, { to, actor });
  await connection.close();
  const told = (await bench.events()).filter(({ type }) => type === 'storeChanged');
  const detail = { from: KNOWN, to: KNOWN + 1 };
  assert.deepEqual(
    told.map(({ time, payload }) => [time, payload]),
    [[now, { by: 'root (command line)', action: 'store migrate', detail }]],
  );
});

test(
  'a writer that brings the tables forward says so, and one that makes them does not',
  { skip },
  async () => {
    await using database = await emptyDatabase();
    await using empty = await emptyDatabase();
    const connection = await connect(serverOf(database), { clock });
    await migrate(connection, { to: { steps: steps.slice(0, -1), breaking } });
    await connection.close();
    const told = async (server: PostgresServer) => {
      const opened = await openPostgresStore({ ...writerOptions, server });
      const events = await opened.lookups.events({ max: 9 });
      await opened.close();
      return events.map(({ payload }) => payload);
    };
    const detail = { from: KNOWN - 1, to: KNOWN };
    const forward = { by: 'writer node/1', action: 'store migrate', detail };
    assert.deepEqual(await told(serverOf(database)), [forward]);
    assert.deepEqual(await told(serverOf(empty)), []);
  },
);
