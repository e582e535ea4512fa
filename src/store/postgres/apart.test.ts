// Work beside mail that meets an unexpected error of the database: it is told and tried again, and mail goes on.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptOf, countedEntropy, started, virtualClock } from '../store.contract-fixtures.ts';
import type { SideWorkNotice } from '../side-work.ts';
import { connect } from './connection.ts';
import { openPostgresWriter } from './open.ts';
import { freshDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';

const skip = withoutPostgres;
const BUG = 'a bug (SQLSTATE P0001)';
const NOW = Date.UTC(2026, 0, 1);

/** A writer on tables of which some raise an error at each write. */
async function broken(...tables: readonly string[]) {
  const database = await freshDatabase();
  const clock = virtualClock(NOW);
  const told: SideWorkNotice[] = [];
  const failures: unknown[] = [];
  const other = await connect(database.server, { clock });
  await other.exec(
    "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'a bug' USING ERRCODE = 'P0001'; END $$",
  );
  for (const table of tables)
    await other.exec(
      `CREATE TRIGGER broken BEFORE INSERT OR UPDATE OR DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION broken()`,
    );
  const writer = await openPostgresWriter({
    ...{ server: database.server, clock, entropy: countedEntropy(), name: 'node/1' },
    ...{ clockOffset: 0, isTrusted: true, onNotice: () => undefined },
    ...{ queuedMessagesMax: () => undefined, strangersMessagesMax: () => undefined },
    failed: (error) => void failures.push(error),
    onSideWork: (notice) => void told.push(notice),
  });
  return {
    ...{ clock, told, failures, writer, other },
    repair: async () => {
      for (const table of tables) await other.exec(`DROP TRIGGER broken ON ${table}`);
    },
    async [Symbol.asyncDispose]() {
      await writer.close();
      await other.close();
      await database.drop();
    },
  };
}

const idle = async (writer: { idle(): Promise<boolean> }): Promise<void> => {
  for (let piece = 0; piece < 5; piece += 1) await writer.idle();
};

test(
  'words of the trail that can not be written: mail is accepted, and they are written when they can be',
  { skip },
  async () => {
    await using store = await broken('term');
    const { writer, told, clock } = store;
    const accepted = acceptOf('01KB0000000000000000000000', NOW, { owner: 'a' });
    assert.deepEqual(await writer.apply([accepted, { type: 'record', events: [started(NOW)] }], 0), [
      { type: 'accepted' },
      { type: 'recorded' },
    ]);
    await idle(writer);
    assert.deepEqual(told, [{ type: 'sideWork', work: 'index', because: BUG }]);
    assert.deepEqual(writer.figures().sideWorks, { index: { failures: 1, because: BUG } });
    assert.deepEqual(await writer.apply([acceptOf('01KB0000000000000000000001', NOW, { owner: 'a' })], 0), [
      { type: 'accepted' },
    ]);
    await store.repair();
    clock.advance(1_000);
    await idle(writer);
    assert.deepEqual(told.slice(1), [{ type: 'sideWork', work: 'index' }]);
    const { rows } = await store.other.query('SELECT count(*) > 0 AS written FROM term');
    assert.deepEqual(rows, [{ written: true }]);
    assert.deepEqual(store.failures, []);
  },
);

test('a sweep that fails keeps neither words nor the lease', { skip }, async () => {
  await using store = await broken('guess', 'mark');
  const { writer, told } = store;
  const life = { node: 'n', incarnation: '1' };
  await writer.apply([acceptOf('01KB0000000000000000000000', NOW, { owner: 'a' })], 0);
  await idle(writer);
  assert.equal((await writer.pulse(life, true)).type, 'alive');
  assert.deepEqual(
    told.map(({ work }) => work),
    ['sweep'],
  );
  const { rows } = await store.other.query('SELECT count(*) > 0 AS written FROM term');
  assert.deepEqual(rows, [{ written: true }]);
  await store.repair();
});

test('what is taken over from others can not be given back: the own lease stands', { skip }, async () => {
  await using store = await broken('recipient');
  const { writer, told, other } = store;
  await other.exec(
    "INSERT INTO life (node, incarnation, state, until, steady_since) VALUES ('m', '9', 'dead', 9e15::bigint, 0)",
  );
  const answer = await writer.pulse({ node: 'n', incarnation: '1' }, true);
  assert.equal(answer.type, 'alive');
  assert.deepEqual(told, [{ type: 'sideWork', work: 'takeover', because: BUG }]);
  const { rows } = await other.query("SELECT state FROM life WHERE node = 'n'");
  assert.deepEqual(rows, [{ state: 'alive' }]);
  await store.repair();
});
