// `durability: replicated` where commits wait for no standby: nothing is half accepted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptOf, Bench, started, virtualClock } from '../store.contract-fixtures.ts';
import type { NodeState } from './change.ts';
import type { Channel } from './channel.ts';
import type { Connection, Statement } from './connection.ts';
import { openCounters } from './counters.ts';
import { flow } from './group.ts';
import { InHand } from './in-hand.ts';
import type { OpenPostgresStore } from './open.ts';
import { freshDatabase, openIn, withoutPostgres } from './postgres.contract-fixtures.ts';
import { guard, NOT_REPLICATED } from './replication.ts';
import { NOT_CONFIRMED, StandbyWatch } from './standby-watch.ts';

const turns = async (): Promise<void> => {
  for (let n = 0; n < 5; n += 1) await new Promise(setImmediate);
};

test(
  'without a standby nothing is written, in a group and alone, and the reason is said',
  { skip: withoutPostgres },
  async () => {
    const database = await freshDatabase();
    const server = { ...database.server, isReplicated: true } as const;
    let inside: (() => OpenPostgresStore) | undefined;
    await using bench = await Bench.open((options) => {
      const both = openIn({ ...database, server }, options);
      ({ inside } = both);
      return both.opened();
    });
    const writer = inside?.().writer;
    assert.ok(writer);
    const now = 1;
    const changes = [
      acceptOf('01KB0000000000000000000000', now, { owner: 'a' }),
      acceptOf('01KB0000000000000000000001', now, {}),
      { type: 'record', events: [started(now)] },
    ] as const;
    for (const group of [changes, changes.slice(1, 2)])
      assert.deepEqual(
        await writer.apply(group, 0),
        group.map(({ type }) => ({ type: type === 'accept' ? 'unfit' : 'failed', cause: NOT_REPLICATED })),
      );
    assert.deepEqual(await bench.queued(), []);
  },
);

test('whether commits wait for a standby is asked right before the commit', async () => {
  const asked: string[] = [];
  const connection = {
    async flush(statements: readonly Statement[]) {
      asked.push(...statements.map(({ sql }) => sql));
      return statements.map(() => ({ rows: [], count: 1 }));
    },
  } as unknown as Connection;
  const nothing = (): void => undefined;
  const trail = {
    append: nothing,
    written: nothing,
    undone: nothing,
    statement: () => ({ sql: 'events', values: [] }),
  };
  const channel = { connection, trail, isReplicated: true, now: () => 0 } as unknown as Channel;
  const counters = openCounters('n', virtualClock(0));
  const node = { counters, inHand: new InHand(), queue: {}, queueLimits: {} } as unknown as NodeState;
  await flow(channel, [{ type: 'record', events: [started(1)] }], node);
  assert.deepEqual(asked, ['events', guard.sql]);
});

/** A connection whose answers the test gives. */
function waiting() {
  const asked: { resolve(): void; reject(error: Error): void }[] = [];
  const connection = {
    query: () =>
      new Promise<unknown>((resolve, reject) =>
        asked.push({ resolve: () => resolve({ rows: [], count: 1 }), reject }),
      ),
    destroy: () => undefined,
  } as unknown as Connection;
  const clock = virtualClock(0);
  return { asked, clock, watch: new StandbyWatch(connection, clock) };
}

test('a commit that waits for a standby is late after a while, and waited for until one confirms it', async () => {
  const { asked, clock, watch } = waiting();
  watch.look();
  clock.advance(1_499);
  assert.equal(watch.isLate, false);
  clock.advance(1);
  assert.equal(watch.isLate, true);
  clock.advance(600_000);
  watch.look();
  assert.equal(asked.length, 1, 'one at a time');
  asked[0]?.resolve();
  await turns();
  assert.equal(watch.isLate, false);
  watch.look();
  assert.equal(asked.length, 2);
});

test('what a look fails with is told by the next one', async () => {
  const { asked, watch } = waiting();
  watch.look();
  asked[0]?.reject(new Error('permission denied'));
  await turns();
  assert.throws(() => watch.look(), /permission denied/);
  assert.equal(asked.length, 2);
  assert.doesNotThrow(() => watch.look());
});

test('a start waits for a standby, and says so; a command does not wait', async () => {
  const start = waiting();
  const told: string[] = [];
  const confirmed = start.watch.confirmed((because) => void told.push(because));
  start.clock.advance(1_500);
  assert.deepEqual(told, [NOT_CONFIRMED]);
  start.asked[0]?.resolve();
  await confirmed;
  const command = waiting();
  const refused = assert.rejects(command.watch.confirmed(), {
    name: 'NotReplicated',
    message: NOT_CONFIRMED,
  });
  command.clock.advance(1_500);
  await refused;
});
