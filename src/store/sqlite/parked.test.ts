import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { Change, ClaimChange, OutcomeOf } from '../port.ts';
import {
  acceptOf,
  type Bench,
  changed,
  deferred,
  identityChange,
  identityOf,
  settleOf,
  started,
} from '../store.contract-fixtures.ts';
import { PARKED_MAX } from './parked.ts';
import { openInside } from './sqlite.contract-fixtures.ts';

const MANY = 2 * PARKED_MAX + 50;
const bot = identityOf('bot');
const suspended = changed(bot, { state: 'suspended' });
const active = changed(suspended, { state: 'active' });

/** Much mail of one identity is due, then one message of somebody else, all to one domain. */
async function openWithMany(t: TestContext) {
  const { bench } = await openInside(t);
  await bench.written(bot);
  const now = bench.clock.now();
  await bench.store.commit(
    Array.from({ length: MANY }, () => acceptOf(bench.nextId(), now, { identityId: bot.id })),
  );
  bench.clock.advance(1);
  const other = await bench.accepted({ identityId: 'other' });
  return { bench, other };
}

let claims = 0;
async function claim(
  bench: Bench,
  max = 1000,
): Promise<Extract<OutcomeOf<ClaimChange>, { type: 'claimed' }>> {
  claims += 1;
  const shares = [{ max }];
  const outcome = await bench.one({
    ...{ type: 'claim', owner: 'a', token: String(claims), now: bench.clock.now(), shares },
  });
  assert.ok(outcome.type === 'claimed');
  return outcome;
}

test('E-Q-8: sqlite: claims put aside what is held by its identity, a part at a time, and come to what is due after it', async (t) => {
  const { bench, other } = await openWithMany(t);
  await bench.written(suspended);
  for (let count = 0; count < 2; count += 1) {
    const { deliveries, more, cut } = await claim(bench);
    assert.deepEqual([deliveries, more, cut], [[], true, true], 'asked again at once');
  }
  const { deliveries, cut } = await claim(bench);
  assert.deepEqual([deliveries[0]?.messageId, deliveries.length, cut], [other.message.id, 1, undefined]);
  const { more, ...none } = await claim(bench);
  assert.deepEqual([none.deliveries.length, more, none.cut], [0, false, undefined], 'met once only');
  assert.equal((await bench.lookups.queueTotals()).held, MANY);
});

test('E-Q-8: sqlite: lanes of others are claimed from while one is put aside', async (t) => {
  const { bench } = await openWithMany(t);
  const elsewhere = await bench.accepted({ identityId: 'other', to: ['x@zz.example'] });
  await bench.written(suspended);
  const { deliveries, cut } = await claim(bench);
  assert.deepEqual([deliveries.map(({ messageId }) => messageId), cut], [[elsewhere.message.id], true]);
});

test('E-Q-8: sqlite: what was put aside comes back a part at a time, over restarts and another suspension, each once', async (t) => {
  const { bench } = await openWithMany(t);
  await bench.written(suspended);
  while ((await claim(bench)).cut === true);
  await bench.written(active);
  assert.equal((await bench.lookups.queueTotals()).held, 0);
  const sent = new Set<string>();
  async function some(): Promise<boolean> {
    const { deliveries, cut = false } = await claim(bench);
    for (const { messageId } of deliveries) {
      assert.ok(!sent.has(messageId));
      sent.add(messageId);
    }
    return cut;
  }
  assert.ok(await some());
  assert.equal(sent.size, PARKED_MAX);
  await bench.restart();
  assert.ok(await some());
  const again = changed(active, { state: 'suspended' });
  await bench.written(again);
  await some();
  assert.equal(sent.size, 2 * PARKED_MAX);
  await bench.written(changed(again, { state: 'active' }));
  assert.equal(await some(), false);
  assert.equal(sent.size, MANY);
});

test('E-Q-8: sqlite: what is put aside can be dropped, released and retried, and is counted once', async (t) => {
  const { bench } = await openWithMany(t);
  await bench.written(suspended);
  while ((await claim(bench)).cut === true);
  const command = {
    type: 'queue',
    selector: { identityId: bot.id },
    now: bench.clock.now(),
    by: 'root',
  } as const;
  for (const action of ['hold', 'release', 'retry'] as const) {
    await bench.one({ ...command, action });
    assert.deepEqual((await claim(bench)).deliveries, [], action);
    assert.equal((await bench.lookups.queueTotals()).held, MANY, action);
  }
  await bench.one({ ...command, action: 'drop' });
  assert.equal(await bench.lookups.queueCount({ identityId: bot.id }), 0);
  await bench.written(active);
  const { deliveries, cut } = await claim(bench);
  assert.deepEqual([deliveries, cut], [[], undefined]);
});

test('E-Q-8: sqlite: what a rolled back group put aside or put back is put there again', async (t) => {
  const { bench } = await openWithMany(t);
  const failing = { type: 'record', events: [started(Number.NaN)] } as const;
  const now = bench.clock.now();
  const group = async (change: Change) => {
    const [done, failed] = await bench.store.commit([change, failing]);
    assert.deepEqual([done.type === 'failed', failed.type], [false, 'failed']);
    return done;
  };
  await group(identityChange(suspended, 1, now));
  while ((await claim(bench)).cut === true);
  await group(identityChange(active, 2, now));
  const part = await group({ type: 'claim', owner: 'b', token: 't', shares: [{ max: 1000 }] });
  assert.ok(part.type === 'claimed' && part.cut === true);
  let count = part.deliveries.length;
  for (let cut: boolean | undefined = true; cut === true;) {
    const next = await claim(bench);
    count += next.deliveries.length;
    ({ cut } = next);
  }
  assert.equal(count, MANY);
});

test('E-Q-8: sqlite: an attempt that ends under a suspension is put aside when it is due, not before', async (t) => {
  const { bench } = await openInside(t);
  await bench.written(bot);
  await bench.accepted({ identityId: bot.id, owner: 'a' });
  await bench.written(suspended);
  const [entry] = await bench.lookups.queue({}, { max: 1 });
  assert.ok(entry?.active && entry.heldBy.length === 1);
  const now = bench.clock.now();
  await bench.one(settleOf('a', [entry.delivery], deferred(now), now));
  assert.deepEqual((await claim(bench)).deliveries, []);
  await bench.written(active);
  assert.equal((await claim(bench)).deliveries[0]?.attempt, 2);
});
