// The connections of a writer: none is left when it can't be opened, and it is told of each that is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase as emptyDatabase, STAYS } from '../../../test/postgres/database.ts';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { countingEntropy } from '../../../test/fakes/submission.ts';
import { connect, ConnectionLost } from './connection.ts';
import { openPostgresWriter, type PostgresWriterOptions } from './open.ts';
import { migrate } from './migration.ts';
import { freshDatabase, type TestDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';

const skip = withoutPostgres;

const optionsFor = ({ server }: TestDatabase): PostgresWriterOptions => ({
  ...{ server, clock: virtualClock(0), entropy: countingEntropy(), name: 'node/1' },
  ...{ clockOffset: 0, isTrusted: true, onNotice: () => undefined },
  ...{ queuedMessagesMax: () => undefined, strangersMessagesMax: () => undefined },
});

test('a writer that is refused leaves no connection open', { skip }, async () => {
  await using database = await freshDatabase();
  const other = await connect(database.server, { clock: virtualClock(0) });
  await other.exec('UPDATE schema_version SET version = 1000000, oldest_code = 1000000');
  await other.close();
  await assert.rejects(openPostgresWriter(optionsFor(database)), { name: 'StoreTooNew' });
  // A database to which somebody is connected can't be copied.
  await (await emptyDatabase(database)).drop();
});

test(
  'a schema that was made since, and comes first, gets no empty store in place of the one that is there',
  { skip },
  async () => {
    await using database = await freshDatabase();
    const other = await connect(database.server, { clock: virtualClock(0) });
    const { database: name } = database.server;
    await other.exec(`CREATE SCHEMA later; ALTER DATABASE ${name} SET search_path = later, public`);
    const told = /the tables are in schema public, and later comes before it in search_path: .*= "public"$/;
    await assert.rejects(openPostgresWriter(optionsFor(database)), told);
    await other.exec(`ALTER DATABASE ${name} SET search_path = nowhere`);
    await assert.rejects(openPostgresWriter(optionsFor(database)), /search_path names no schema/);
    await other.exec(`ALTER DATABASE ${name} SET search_path = public, later`);
    await (await openPostgresWriter(optionsFor(database))).close();
    await other.close();
  },
);

test(
  'who may connect and no more, and holds an advisory lock, keeps no node from starting',
  { skip },
  async () => {
    await using database = await freshDatabase();
    const other = await connect(database.server, { clock: virtualClock(0) });
    // The one that starts once asked for.
    await other.query('SELECT pg_advisory_lock($1)', 0x706f7374);
    await (await openPostgresWriter(optionsFor(database))).close();
    await other.close();
  },
);

test('several that make the tables at once wait for each other', { skip }, async () => {
  await using database = await freshDatabase();
  const { server } = database;
  const clock = virtualClock(0);
  const all = await Promise.all([0, 1, 2].map(() => connect(server, { clock })));
  // How far the one has come when the other begins is chance.
  for (let time = 0; time < 3; time += 1) {
    await all[0]?.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await Promise.all(all.map((connection) => migrate(connection)));
    const { rows } = (await all[0]?.query('SELECT count(*) AS versions FROM schema_version')) ?? {};
    assert.deepEqual(rows, [{ versions: 1 }]);
  }
  await Promise.all(all.map((connection) => connection.close()));
});

test(
  'a writer whose tables were brought beyond what it knows ends; one whom they serve goes on',
  { skip },
  async () => {
    await using database = await freshDatabase();
    const other = await connect(database.server, { clock: virtualClock(0) });
    const failures: unknown[] = [];
    const writer = await openPostgresWriter({
      ...optionsFor(database),
      failed: (error) => failures.push(error),
    });
    const life = { node: 'n', incarnation: '1' };
    await other.exec('UPDATE schema_version SET version = version + 1');
    assert.equal((await writer.pulse(life, true)).type, 'alive');
    await other.exec("UPDATE schema_version SET oldest_code = version, made_by = '9.9.9'");
    await assert.rejects(writer.pulse(life, false), /install Postern 9\.9\.9 or later/);
    assert.equal(failures.length, 1);
    await writer.close();
    await other.close();
  },
);

test('whichever connection of a writer is lost, it is told', { skip }, async () => {
  await using database = await freshDatabase();
  const other = await connect(database.server, { clock: virtualClock(0) });
  for (const which of [0, 1, 2]) {
    const { promise: lost, resolve: failed } = Promise.withResolvers<unknown>();
    const writer = await openPostgresWriter({ ...optionsFor(database), failed });
    await other.query(
      `SELECT pg_terminate_backend(pid, 10000) FROM (SELECT pid FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> '${STAYS}' ORDER BY backend_start OFFSET $1 LIMIT 1) AS one`,
      which,
    );
    assert.ok((await lost) instanceof ConnectionLost);
    await writer.close().catch(() => undefined);
  }
  await other.close();
});
