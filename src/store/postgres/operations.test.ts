// What an operator is shown of a store on a real PostgreSQL, and what a start refuses of the place that it is in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase as emptyDatabase } from '../../../test/postgres/database.ts';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { adviceOf, type Needs } from './advise.ts';
import { countingEntropy } from '../../../test/fakes/submission.ts';
import { connect, type Connection } from './connection.ts';
import { flawsOf } from './flaws.ts';
import { openPostgresStore } from './open.ts';
import { asStoreError } from './refusals.ts';
import { KNOWN, migrate } from './migration.ts';
import { postgresOperations } from './operations.ts';
import { freshDatabase, serverOf, withoutPostgres } from './postgres.contract-fixtures.ts';
import { assertPlace, placeFlaws } from './place-checks.ts';
import { breaking, steps } from './schema.ts';

const skip = withoutPostgres;
const clock = virtualClock(0);
const writerOptions = {
  ...{ clock, entropy: countingEntropy(), name: 'node/1', clockOffset: 0 },
  ...{ isTrusted: true as const },
  ...{ queuedMessagesMax: () => undefined, strangersMessagesMax: () => undefined },
};

test('the status of a store: version, sizes, nodes, and who holds an old snapshot', { skip }, async () => {
  await using database = await freshDatabase();
  const { server } = database;
  const other = await connect(server, { clock });
  await other.exec(
    `INSERT INTO life (node, incarnation, state, until, steady_since, facts) VALUES ('a', '1', 'alive', 9e15::bigint, 0, '{"version":"0.9.0"}'), ('b', '2', 'dead', 0, 0, NULL)`,
  );
  await other.exec('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM life');
  const status = await postgresOperations(server).status();
  assert.match(status.server, /^PostgreSQL \d+/);
  const { madeBy, ...schema } = status.schema;
  assert.match(madeBy ?? '', /^\d/);
  assert.deepEqual(schema, { version: KNOWN, known: KNOWN, oldestCode: KNOWN - 1, owner: server.user });
  assert.ok(
    status.octets.trail > 0 && status.octets.queue > 0 && status.octets.database > status.octets.trail,
  );
  const names = status.tables.map(({ name }) => name);
  assert.ok(names.includes('event') && !names.includes('event_0'), 'partitions count with their table');
  assert.deepEqual(
    status.nodes.map(({ node, state, version }) => [node, state, version]),
    [
      ['a', 'alive', '0.9.0'],
      ['b', 'dead', undefined],
    ],
  );
  assert.equal(status.oldestSnapshot?.processId, other.processId);
  assert.equal(status.oldestSnapshot?.state, 'idle in transaction');
  assert.deepEqual([status.standbys, status.missing], [[], []]);
  await other.close();
});

test(
  'a database without tables: what is missing is said, and roles have nothing to name',
  { skip },
  async () => {
    await using database = await emptyDatabase();
    const operations = postgresOperations(serverOf(database));
    const { schema, tables, missing } = await operations.status();
    assert.deepEqual([schema.version, tables], [0, []]);
    assert.match(missing.join(), /^there are no tables: /);
    await assert.rejects(operations.roles({ relay: 'r' }), /postern store migrate/);
  },
);

test(
  'a table that this Postern does not know is wrong, unless a later one has made it',
  { skip },
  async () => {
    await using database = await freshDatabase();
    const owner = await connect(database.server, { clock });
    await owner.exec('CREATE TABLE one (n int)');
    const { status } = postgresOperations(database.server);
    assert.deepEqual((await status()).missing, ['tables that this Postern does not know: one']);
    const later = { steps: [...steps, 'CREATE TABLE two (n int)'], breaking };
    assert.equal((await migrate(owner, { to: later })).to, KNOWN + 1);
    assert.deepEqual((await status()).missing, []);
    await owner.close();
  },
);

/** In a database of its own, with the tables. */
async function flawsAfter(sql: string): Promise<readonly string[]> {
  await using database = await freshDatabase();
  const connection = await connect(database.server, { clock });
  await connection.exec(sql);
  const flaws = await placeFlaws(connection);
  if (flaws.length > 0) await assert.rejects(assertPlace(connection), { name: 'ServerUnfit' });
  else await assertPlace(connection);
  await connection.close();
  return flaws;
}

const places: readonly { readonly why: string; readonly sql: string; readonly flaws: readonly RegExp[] }[] = [
  { why: 'as it was made', sql: '', flaws: [] },
  {
    why: 'everybody may put something beside the tables',
    sql: 'GRANT CREATE ON SCHEMA public TO PUBLIC',
    flaws: [/^PUBLIC may create in schema public, .*: REVOKE CREATE ON SCHEMA "public" FROM PUBLIC$/],
  },
  {
    why: 'another role may',
    sql: 'GRANT CREATE ON SCHEMA public TO pg_monitor',
    flaws: [/^pg_monitor may create in schema public, .* FROM "pg_monitor"$/],
  },
  {
    why: 'everybody may, in a schema that is looked into after ours',
    sql: 'CREATE SCHEMA later; GRANT CREATE ON SCHEMA later TO PUBLIC; SET search_path = public, later',
    flaws: [/^PUBLIC may create in schema later, /],
  },
  {
    why: 'in a schema that nobody looks into',
    sql: 'CREATE SCHEMA later; GRANT CREATE ON SCHEMA later TO PUBLIC',
    flaws: [],
  },
  {
    why: 'a table that a crash empties',
    sql: 'ALTER TABLE recipient SET UNLOGGED; ALTER TABLE term_0 SET UNLOGGED',
    flaws: [/^recipient is UNLOGGED, .*: ALTER TABLE "recipient" SET LOGGED$/, /^term_0 is UNLOGGED, /],
  },
  { why: 'a table of somebody else', sql: 'CREATE UNLOGGED TABLE mine (n int)', flaws: [] },
];

for (const { why, sql, flaws } of places)
  test(`where the tables are: ${why}`, { skip }, async () => {
    const found = await flawsAfter(sql);
    assert.equal(found.length, flaws.length, found.join('\n'));
    flaws.forEach((flaw, at) => assert.match(found[at] ?? '', flaw));
  });

const asWanted = {
  max_wal_size: ['8192', 'MB'],
  checkpoint_timeout: ['900', 's'],
  wal_compression: ['lz4', null],
  autovacuum: ['on', null],
  autovacuum_naptime: ['10', 's'],
  synchronous_standby_names: ['', null],
  max_connections: ['100', null],
  superuser_reserved_connections: ['3', null],
} as const;

const needs: Needs = { nodes: 3, fronts: 4, isReplicated: false };

const advised: readonly {
  readonly why: string;
  readonly is?: Readonly<Partial<Record<keyof typeof asWanted, readonly [string, string | null]>>>;
  readonly needs?: Partial<Needs>;
  readonly standbys?: number;
  readonly sql: readonly (readonly [setting: string, sql: string | undefined])[];
}[] = [
  { why: 'all as wanted', sql: [] },
  {
    why: 'as a server is by default',
    is: {
      max_wal_size: ['1024', 'MB'],
      checkpoint_timeout: ['300', 's'],
      wal_compression: ['off', null],
      autovacuum_naptime: ['60', 's'],
    },
    sql: [
      ['max_wal_size', "ALTER SYSTEM SET max_wal_size = '4GB';"],
      ['checkpoint_timeout', "ALTER SYSTEM SET checkpoint_timeout = '15min';"],
      ['wal_compression', 'ALTER SYSTEM SET wal_compression = lz4;'],
      ['autovacuum_naptime', "ALTER SYSTEM SET autovacuum_naptime = '10s';"],
    ],
  },
  {
    why: 'more nodes than it has connections for',
    needs: { nodes: 9 },
    sql: [['max_connections', 'ALTER SYSTEM SET max_connections = 112;']],
  },
  {
    why: 'one standby that each commit waits for',
    is: { synchronous_standby_names: ['db2', null] },
    standbys: 1,
    sql: [['synchronous_standby_names', undefined]],
  },
  {
    why: 'replicated, and nobody is named',
    needs: { isReplicated: true },
    sql: [['synchronous_standby_names', "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (db2, db3)';"]],
  },
  {
    why: 'replicated, with two standbys',
    needs: { isReplicated: true },
    is: { synchronous_standby_names: ['ANY 1 (db2, db3)', null] },
    standbys: 2,
    sql: [],
  },
];

for (const { why, is = {}, needs: more = {}, standbys = 0, sql } of advised)
  test(`advice: ${why}`, async () => {
    const rows = Object.entries({ ...asWanted, ...is }).map(([name, [setting, unit]]) => ({
      ...{ name, setting, unit, choices: name === 'wal_compression' ? '{pglz,lz4,on,off}' : null },
    }));
    const connection = {
      query: async (asked: string) => ({
        rows: asked.includes('pg_settings') ? rows : [{ count: standbys }],
      }),
    } as unknown as Connection;
    const advice = await adviceOf(connection, { ...needs, ...more });
    assert.deepEqual(
      advice.filter(({ good }) => !good).map((one) => [one.setting, one.sql]),
      sql,
    );
  });

test('advice is given by a real server, of each setting', { skip }, async () => {
  await using database = await freshDatabase();
  const advice = await postgresOperations(database.server).advise({ nodes: 2, fronts: 4 });
  assert.deepEqual(
    advice.map(({ setting }) => setting).toSorted(),
    Object.keys(asWanted)
      .filter((name) => !name.startsWith('superuser'))
      .toSorted(),
  );
  for (const { is, wanted } of advice) assert.doesNotMatch(`${is} ${wanted}`, /NaN|undefined|null/);
});

test('who does not own the tables may not keep them', { skip }, async () => {
  await using database = await freshDatabase();
  const owner = await connect(database.server, { clock });
  const name = `plain_of_${database.server.database}`;
  await owner.exec(`CREATE ROLE ${name} LOGIN; GRANT SELECT ON schema_version TO ${name}`);
  await assert.rejects(
    postgresOperations({ ...database.server, user: name }).keep({ retentionMs: 1, by: 'root' }),
    {
      name: 'ServerUnfit',
    },
  );
  assert.equal((await migrate(owner)).to, KNOWN);
  await owner.exec(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
  await owner.close();
});

const ofFlaws: readonly {
  readonly why: string;
  /** By the owner of the tables. */
  readonly sql: string;
  readonly by?: 'stranger';
  readonly told: RegExp;
}[] = [
  {
    why: 'a copy that is not done',
    sql: 'CREATE TABLE copying (name text)',
    told: /^the database holds a copy of another store that is not done: run `postern store copy`/,
  },
  {
    why: 'a newer store',
    sql: 'UPDATE schema_version SET version = 1000000, oldest_code = 1000000',
    told: /^the database was written by a newer Postern/,
  },
  {
    ...{ why: "another's tables", sql: '', by: 'stranger' },
    told: /^user "flaws_\w+" has no rights on the tables in database "test_\w+", which belong to "postern": is `store\.postgres\.user` right\? Log in as "postern"/,
  },
  {
    why: 'no tables, and no right to make them',
    sql: 'DROP SCHEMA public CASCADE; CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO PUBLIC',
    by: 'stranger',
    told: /^there are no tables, and the user may make none in schema "public": are user and database in `store\.postgres` right\?/,
  },
];

for (const { why, sql, by, told } of ofFlaws)
  test(`what a start would refuse is found without one: ${why}`, { skip }, async () => {
    await using database = await freshDatabase();
    const { server } = database;
    const owner = await connect(server, { clock });
    const user = `flaws_${server.database}`;
    await owner.exec(`CREATE ROLE ${user} LOGIN; ${sql}`);
    const asked = by === 'stranger' ? { ...server, user } : server;
    const flaws = await flawsOf(asked, clock);
    assert.ok(
      flaws.some((flaw) => told.test(flaw)) && !flaws.join().includes('ALTER TABLE'),
      flaws.join('\n'),
    );
    const refused = await openPostgresStore({ ...writerOptions, server: asked }).then(
      () => undefined,
      (error: unknown) => asStoreError(error, asked),
    );
    assert.match(String((refused as Error).message), told, 'a start says the same');
    await owner.exec(`DROP OWNED BY ${user}; DROP ROLE ${user}`);
    await owner.close();
  });
