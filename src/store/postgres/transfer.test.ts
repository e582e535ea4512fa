// A copy into a PostgreSQL whose role is no superuser, as it should be.

import { test } from 'node:test';
import { freshDatabase as emptyDatabase } from '../../../test/postgres/database.ts';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { countingEntropy } from '../../../test/fakes/submission.ts';
import { connect } from './connection.ts';
import { serverOf, withoutPostgres } from './postgres.contract-fixtures.ts';
import { postgresTransfer } from './transfer.ts';
import { START, started } from '../store.contract-fixtures.ts';

test('the owner of a database, and no more, ends a copy into it', { skip: withoutPostgres }, async () => {
  await using database = await emptyDatabase();
  const server = serverOf(database);
  const role = `owner_of_${server.database}`;
  const admin = await connect(server, { clock: virtualClock(0) });
  await admin.exec(`CREATE ROLE ${role} LOGIN; ALTER DATABASE ${server.database} OWNER TO ${role}`);
  try {
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
