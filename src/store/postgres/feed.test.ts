// What a pulse tells of identities, whatever the clocks of the nodes say and however late a change is committed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEED_MAX, FEED_MS } from '../freshness.ts';
import {
  countedEntropy,
  identityChange,
  identityOf,
  START,
  virtualClock,
} from '../store.contract-fixtures.ts';
import { connect } from './connection.ts';
import { openPostgresWriter } from './open.ts';
import { freshDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';

const skip = withoutPostgres;
const LIFE = { node: 'b', incarnation: '1' };

/** One who changes identities, by a wall clock of its own, and one who pulses. */
async function twoNodes() {
  const database = await freshDatabase();
  const clock = virtualClock(START);
  const { advance: _, ...ownClock } = clock;
  let offMs = 0;
  const open = (name: string, own: Pick<typeof clock, 'now'>) =>
    openPostgresWriter({
      ...{ server: database.server, clock: { ...ownClock, ...own }, entropy: countedEntropy(), name },
      ...{ clockOffset: 0, isTrusted: true, onNotice: () => undefined },
      ...{ queuedMessagesMax: () => undefined, strangersMessagesMax: () => undefined },
    });
  const a = await open('a/1', { now: () => clock.now() + offMs });
  const b = await open('b/1', clock);
  const other = await connect(database.server, { clock });
  await b.pulse(LIFE, true);
  return {
    ...{ clock, other },
    change: (login: string) => a.apply([identityChange(identityOf(login), 0, START)], 1),
    step: (ms: number) => {
      offMs = ms;
    },
    told: async () => {
      const answer = await b.pulse(LIFE, false);
      assert.ok(answer.type === 'alive');
      return answer.changed === 'many' ? 'many' : answer.changed.map(({ identityId }) => identityId);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([a.close(), b.close(), other.close()]);
      await database.drop();
    },
  };
}

test('a change is told though the clock of who wrote it was set back', { skip }, async () => {
  await using nodes = await twoNodes();
  nodes.step(-3_600_000);
  await nodes.change('alice');
  assert.deepEqual(await nodes.told(), [identityOf('alice').id]);
});

test('a change that is committed late is told to those who have pulsed meanwhile', { skip }, async () => {
  await using nodes = await twoNodes();
  const { other, clock } = nodes;
  await other.exec(`CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON identity_change DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()`);
  await other.exec('SELECT pg_advisory_lock(7)');
  const changed = nodes.change('alice');
  const waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
  while ((await other.query(waits)).rows.length === 0);
  for (let passed = 0; passed <= FEED_MS; passed += FEED_MS / 10) {
    assert.deepEqual(await nodes.told(), []);
    clock.advance(FEED_MS / 10);
  }
  await other.exec('SELECT pg_advisory_unlock(7)');
  assert.deepEqual(await changed, [{ type: 'written' }]);
  assert.deepEqual(await nodes.told(), [identityOf('alice').id]);
  clock.advance(FEED_MS - 1);
  assert.deepEqual(await nodes.told(), [identityOf('alice').id], 'an answer may have been lost');
  clock.advance(1);
  assert.deepEqual(await nodes.told(), []);
});

test('as many changes are kept as tell that there were too many', { skip }, async () => {
  await using nodes = await twoNodes();
  const { other } = nodes;
  await other.query(
    `INSERT INTO identity_change (changed_at, identity_id, revision, state, gone) SELECT 0, n, 1, 'active', '[]' FROM generate_series(1, $1::int) AS n`,
    3 * FEED_MAX,
  );
  await nodes.change('alice');
  const { rows } = await other.query('SELECT count(*) AS kept FROM identity_change');
  assert.deepEqual(rows, [{ kept: 2 * FEED_MAX }]);
  assert.equal(await nodes.told(), 'many');
  await other.exec('DELETE FROM identity_change WHERE n < (SELECT max(n) FROM identity_change)');
  assert.equal(await nodes.told(), 'many', 'who goes by time has let go of some');
});
