// Doubt: what a first connection has begun is not committed yet when its asker, who has lost it, asks again over a second one, or takes back. Whoever comes second
// waits for the key, and finds what the first has left.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { WITHDRAWN, type WithdrawChange } from '../withdrawals.ts';
import type { AcceptChange, Change, Outcome } from '../port.ts';
import { acceptOf, type Bench, countedEntropy } from '../store.contract-fixtures.ts';
import { accept } from './accept.ts';
import type { NodeState } from './change.ts';
import { openChannel } from './channel.ts';
import { connect } from './connection.ts';
import { openCounters } from './counters.ts';
import { Floors } from './floors.ts';
import { InHand } from './in-hand.ts';
import { openInside, type TestDatabase, withoutPostgres } from './postgres.contract-fixtures.ts';
import type { Sql } from './sql.ts';
import { withdraw } from './withdraw.ts';

const skip = withoutPostgres;
const to = ['b@x.example', 'c@y.example'];

interface Vector {
  readonly why: string;
  readonly first: 'accept' | 'withdraw';
  /** How the first one ends while the second waits for it. */
  readonly ends: 'commit' | 'rollback';
  readonly second: 'accept' | 'withdraw';
  /** Without: it is filed at once. */
  readonly owner?: string;
  readonly full?: true;
  readonly outcome: Outcome;
  /** Recipients in the queue afterwards. */
  readonly queued: number;
  readonly events: readonly string[];
}

const refused = { type: 'failed', cause: WITHDRAWN } as const;
const accepted = { type: 'accepted' } as const;
const again = { first: 'accept', second: 'accept', owner: 'a' } as const;
const back = { first: 'accept', second: 'withdraw', owner: 'a' } as const;
const there = { queued: 2, events: ['accepted'] } as const;
const nothing = { queued: 0, events: [] } as const;

const vectors: readonly Vector[] = [
  { ...again, ...there, why: 'it comes, and is there once', ends: 'commit', outcome: accepted },
  { ...again, ...there, why: 'it was undone, and comes now', ends: 'rollback', outcome: accepted },
  {
    ...{ first: 'accept', second: 'accept', ...there },
    ...{ why: 'it comes into the queue tables, and is there once', ends: 'commit', outcome: accepted },
  },
  {
    ...{ ...again, ...there, full: true },
    ...{ why: 'it comes, though there is no room for another', ends: 'commit', outcome: accepted },
  },
  {
    ...{ ...again, ...nothing, full: true },
    ...{
      why: 'it was undone, and there is no room',
      ends: 'rollback',
      outcome: { type: 'full', cause: 'full' },
    },
  },
  {
    ...{ ...back, queued: 0, events: ['accepted', 'dropped', 'dropped'] },
    ...{ why: 'it comes, and is taken out', ends: 'commit', outcome: { type: 'withdrawn', count: 2 } },
  },
  {
    ...{ ...back, ...nothing },
    ...{ why: 'it was undone, and there is nothing to take out', ends: 'rollback' },
    outcome: { type: 'withdrawn', count: 0 },
  },
  {
    ...{ first: 'withdraw', second: 'accept', owner: 'a', ...nothing },
    ...{ why: 'it was taken back, and comes no more', ends: 'commit', outcome: refused },
  },
  {
    ...{ first: 'withdraw', second: 'accept', owner: 'a', ...there },
    ...{ why: 'taking it back was undone', ends: 'rollback', outcome: accepted },
  },
];

for (const vector of vectors)
  test(
    `5321-y: postgres: ${vector.second} behind ${vector.first} in doubt: ${vector.why}`,
    { skip },
    async (t) => {
      const { bench, database, sql } = await openInside(t);
      const { owner } = vector;
      const id = bench.nextId();
      const accepting = acceptOf(id, bench.clock.now(), { to, ...(owner === undefined ? {} : { owner }) });
      const changes: Readonly<Record<Vector['first'], AcceptChange | WithdrawChange>> = {
        accept: { ...accepting, again: true },
        withdraw: {
          type: 'withdraw',
          messageId: id,
          owner: owner ?? 'a',
          now: bench.clock.now(),
          by: 'server',
        },
      };
      const inDoubt = await begun(t, bench, database, changes[vector.first]);
      if (vector.full === true) bench.full = 'full';
      const second = bench.one(changes[vector.second]);
      await waiting(second, sql);
      await inDoubt(vector.ends);
      assert.deepEqual(await second, vector.outcome);
      assert.equal((await bench.queued()).length, vector.queued);
      assert.deepEqual((await bench.eventTypes()).toSorted(), vector.events);
      bench.full = undefined;
      const isOff = vector.first === 'withdraw' ? vector.ends === 'commit' : vector.second === 'withdraw';
      if (isOff) assert.deepEqual(await bench.one(changes.accept), refused, 'and that is so from then on');
    },
  );

/** Does all of it but the commit, over a connection of its own. */
async function begun(
  t: TestContext,
  bench: Bench,
  { server }: TestDatabase,
  change: AcceptChange | WithdrawChange,
): Promise<(ends: Vector['ends']) => Promise<void>> {
  const { clock } = bench;
  const connection = await connect(server, { clock });
  t.after(() => connection.close());
  const node: NodeState = {
    ...{
      clock,
      counters: openCounters('first', clock),
      queueLimits: {},
      inHand: new InHand(),
      floors: new Floors(),
    },
    ...{ queue: { messages: 0, ofStrangers: 0 }, figures: { redone: {} }, fullBecause: () => undefined },
  };
  const channel = await openChannel({
    ...{ connection, node, name: 'first', entropy: countedEntropy(), onNotice: () => undefined },
    ...{ now: () => clock.now(), isReplicated: false },
  });
  const done = Promise.withResolvers<undefined>();
  const end = Promise.withResolvers<undefined>();
  const first = channel.transact(async (work) => {
    await (change.type === 'accept' ? accept(work, change) : withdraw(work, change));
    done.resolve(undefined);
    await end.promise;
  });
  await Promise.race([done.promise, first]);
  return async (ends) => {
    if (ends === 'commit') {
      end.resolve(undefined);
      return first;
    }
    end.reject(new Error('undone'));
    await assert.rejects(first, /undone/);
  };
}

/** Resolves when it waits for a lock. */
async function waiting(asked: Promise<Outcome>, sql: Sql): Promise<void> {
  let isDone = false;
  void asked.then(() => (isDone = true));
  while (!isDone && (await sql.run('SELECT 1 FROM pg_locks WHERE NOT granted')) === 0);
  assert.ok(!isDone, 'it waits for the first');
}

test('a key that was taken back stays for ten minutes, and is swept then', { skip }, async (t) => {
  const { bench, sql, inside } = await openInside(t);
  const keys = (): Promise<number> => sql.run('SELECT 1 FROM inflight');
  const change: Change = { type: 'withdraw', owner: 'a', now: 0, by: 'server', messageId: bench.nextId() };
  await bench.one(change);
  bench.clock.advance(599_999);
  await inside().writer.idle();
  assert.equal(await keys(), 1);
  bench.clock.advance(60_000);
  await inside().writer.idle();
  assert.equal(await keys(), 0);
});
