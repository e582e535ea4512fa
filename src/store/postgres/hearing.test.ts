// What a writer tells of the changes that another has made, and when it says that it may have missed some.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoreNotice } from '../port.ts';
import { Bench, changed, identityOf, virtualClock } from '../store.contract-fixtures.ts';
import { connect } from './connection.ts';
import { createHearing } from './hearing.ts';
import { freshDatabase, openIn, withoutPostgres } from './postgres.contract-fixtures.ts';
import { sqlOver } from './sql.ts';

const skip = withoutPostgres;

const told = (identityId: string, revision: number, state: 'active' | 'suspended'): StoreNotice => ({
  ...{ type: 'identityChanged', identityId, revision, state, gone: [] },
});

test('each hears of every change once, its own at once, that of another when it asks', { skip }, async () => {
  const database = await freshDatabase();
  await using bench = await Bench.open((options) => openIn(database, options).opened());
  const [, other] = await bench.both();
  const elsewhere: StoreNotice[] = [];
  other.subscribe((notice) => elsewhere.push(notice));
  const bot = identityOf('bot');
  await bench.written(bot);
  await bench.written(changed(bot, { state: 'suspended' }));
  const both = [told('id-bot', 1, 'active'), told('id-bot', 2, 'suspended')];
  assert.deepEqual([bench.notices, elsewhere], [both, []]);
  for (const when of ['asked', 'asked again']) {
    await bench.hear();
    assert.deepEqual([bench.notices, elsewhere], [both, both], when);
  }
  await bench.written({ ...bot, revision: 3 });
  await bench.hear();
  assert.deepEqual(elsewhere.slice(2), [told('id-bot', 3, 'active')]);
});

test('changes of old are not told, and too many at once only as such', { skip }, async (t) => {
  const database = await freshDatabase();
  const connection = await connect(database.server, { clock: virtualClock() });
  t.after(async () => {
    await connection.close();
    await database[Symbol.asyncDispose]();
  });
  const heard: StoreNotice[] = [];
  const hearing = createHearing((notice) => heard.push(notice));
  const sql = sqlOver(connection);
  const changes = (count: number, secondsAgo: number) =>
    sql.run(
      `INSERT INTO identity_change (changed_at, identity_id, revision, state, gone)
         SELECT statement_timestamp() - $2 * interval '1 second', 'i' || n, 1, 'active', '[]' FROM generate_series(1, $1) AS n`,
      ...[count, secondsAgo],
    );
  await changes(1, 60);
  await hearing.hear(sql);
  assert.deepEqual(heard, []);
  await changes(1001, 20);
  await hearing.hear(sql);
  assert.deepEqual(heard.splice(0), [{ type: 'unsure' }]);
  await hearing.hear(sql);
  assert.deepEqual(heard, [], 'nothing is new');
  // One that was written before others and committed after them: where there are so many, it may be out of sight.
  await changes(1, 25);
  await changes(1, 1);
  await hearing.hear(sql);
  assert.deepEqual(heard, [{ type: 'unsure' }]);
});
