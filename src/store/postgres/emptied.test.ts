import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from './connection.ts';
import { freshStateOf } from './emptied.contract-fixtures.ts';
import { freshDatabase, openIn, withoutPostgres as skip } from './postgres.contract-fixtures.ts';
import { Bench, identityOf, virtualClock } from '../store.contract-fixtures.ts';

const clock = virtualClock();

test('a database that was used comes back as it was, though somebody is connected', { skip }, async () => {
  const first = await freshDatabase();
  const state = await freshStateOf(first.url);
  const connection = await connect(first.server, { clock });
  // Dropped with the bench.
  const bench = await Bench.open((options) => openIn(first, options).opened());
  await bench.written(identityOf('bot'));
  await bench.accepted({ identityId: 'id-bot' });
  await connection.exec("DELETE FROM mark; INSERT INTO mark VALUES ('purged', 7)");
  assert.notDeepEqual(await freshStateOf(first.url), state);
  await bench[Symbol.asyncDispose]();

  await using second = await freshDatabase();
  assert.equal(second.url, first.url);
  assert.deepEqual(await freshStateOf(second.url), state);
  await assert.rejects(connection.query('SELECT 1'), { name: 'ConnectionLost' });
  const beside = await connect(second.server, { clock });
  const { rows } = await beside.query("SELECT nextval('event_place')::int AS place");
  assert.deepEqual(rows, [{ place: 1 }]);
  await beside.close();
});

for (const change of [
  'ALTER TABLE mark ADD COLUMN more int',
  'ALTER TABLE mark ALTER COLUMN value DROP NOT NULL',
  'CREATE INDEX more ON mark (value)',
  'DROP VIEW queued_message',
  'CREATE FUNCTION more() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
  'CREATE SCHEMA more',
  'ANALYZE mark',
  "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = on', current_database()); END $$",
])
  test(`a database is used no more after ${change}`, { skip }, async () => {
    const first = await freshDatabase();
    const connection = await connect(first.server, { clock });
    await connection.exec(change);
    await first.drop();
    await using second = await freshDatabase();
    assert.notEqual(second.url, first.url);
    await assert.rejects(connect(first.server, { clock }), { code: '3D000' });
  });
