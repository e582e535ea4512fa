// Several hosts: one that refuses or says nothing keeps nobody from the one that takes writes.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { type Address, connect, ConnectionLost } from './connection.ts';
import { SILENT_MS } from './hosts.ts';
import { playing, words } from './played-server.contract-fixtures.ts';
import { freshDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';

const skip = withoutPostgres;
const nowhere: Address = { host: '/nonexistent', port: 1 };
const clock = virtualClock(0);

/** As one that was built anew, with the `pg_hba.conf` it comes with. */
const refusing = (t: TestContext): Promise<Address> =>
  playing(t, (socket) => socket.once('data', () => socket.end(words('E', 'FATAL', '28000'))));

test('a host that refuses is passed over', { skip }, async (t) => {
  const database = await freshDatabase();
  t.after(() => database[Symbol.asyncDispose]());
  const { server } = database;
  const connection = await connect({ ...server, hosts: [await refusing(t), ...server.hosts] }, { clock });
  assert.equal(connection.lost, undefined);
  await connection.close();
});

test('a host that says nothing is waited for once, and not alone', { skip }, async (t) => {
  const database = await freshDatabase();
  t.after(() => database[Symbol.asyncDispose]());
  const turning = virtualClock(0);
  let asked = 0;
  const silent = await playing(t, () => {
    asked += 1;
    turning.advance(SILENT_MS);
  });
  const server = { ...database.server, hosts: [silent, ...database.server.hosts] };
  for (let times = 0; times < 3; times += 1) {
    const connection = await connect(server, { clock: turning });
    assert.equal(connection.lost, undefined);
    await connection.close();
  }
  assert.equal(asked, 1);
});

test('a refusal is told as one if all refuse; else another try may help', async (t) => {
  const hosts = [await refusing(t), await refusing(t)];
  const server = { hosts, database: 'd', user: 'u' };
  await assert.rejects(connect(server, { clock }), { name: 'SqlError', code: '28000' });
  await assert.rejects(connect({ ...server, hosts: [...hosts, nowhere] }, { clock }), (error) => {
    assert.ok(error instanceof ConnectionLost);
    assert.match(
      error.message,
      /: 127\.0\.0\.1:\d+: as it is; 127.*: as it is; \/nonexistent\/\.s\.PGSQL\.1: /,
    );
    return true;
  });
});
