// A copy into a PostgreSQL whose role is no superuser, as it should be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshDatabase as emptyDatabase } from '../../../test/postgres/database.ts';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { countingEntropy } from '../../../test/fakes/submission.ts';
import { connect } from './connection.ts';
import { freshDatabase, serverOf, withoutPostgres } from './postgres.contract-fixtures.ts';
import { postgresTransfer } from './transfer.ts';
import { START, started } from '../store.contract-fixtures.ts';

test('the owner of a database, and no more, ends a copy into it', { skip: withoutPostgres }, async () => {
  await using database = await emptyDatabase();
  const server = serverOf(database);
  const role = `owner_of_${server.database}`;
  const admin = await connect(server, { clock: virtualClock(0) });
  await admin.exec(`CREATE ROLE ${role} LOGIN; ALTER DATABASE ${server.database} OWNER TO ${role}`);
  try {
    // Whoever may connect could hold this.
    await admin.query('SELECT pg_advisory_lock($1)', 0x636f7079);
    const target = await postgresTransfer({ ...server, user: role }, { isTrusted: true }).target('origin');
    await target.finish(started(START), countingEntropy());
    await target.close();
  } finally {
    await admin.exec(
      `ALTER DATABASE ${server.database} OWNER TO current_user; DROP OWNED BY ${role} CASCADE; DROP ROLE ${role}`,
    );
    await admin.close();
  }
});

test('what a copy would be refused for is found without writing', { skip: withoutPostgres }, async () => {
  const clock = virtualClock(0);
  const asked = (server: ReturnType<typeof serverOf>): Promise<void> =>
    postgresTransfer(server, { isTrusted: true }).assertTarget('origin');
  await using empty = await emptyDatabase();
  const nothing = serverOf(empty);
  await asked(nothing);
  const looking = await connect(nothing, { clock });
  const { rows } = await looking.query(
    "SELECT count(*) AS tables FROM pg_tables WHERE schemaname = 'public'",
  );
  assert.deepEqual(rows, [{ tables: 0 }]);
  await looking.close();
  await assert.rejects(asked({ ...nothing, database: 'nowhere' }), { name: 'ServerUnfit' });

  await using database = await freshDatabase();
  const { server } = database;
  const other = await connect(server, { clock });
  await asked(server);
  await other.exec(
    "INSERT INTO life (node, incarnation, state, until, steady_since) VALUES ('a', '1', 'alive', 9e15::bigint, 0)",
  );
  await assert.rejects(asked(server), { name: 'StoreLocked', message: /node a works on it/ });
  await other.exec("DELETE FROM life; INSERT INTO shared_key VALUES ('ticket', '1', 'x')");
  await assert.rejects(asked(server), { name: 'NotEmpty', message: /holds a store already.*drop it/ });
  await other.exec('BEGIN; LOCK TABLE schema_version IN EXCLUSIVE MODE');
  await assert.rejects(asked(server), { name: 'StoreLocked', message: /another copy is at work/ });
  await other.close();
});
