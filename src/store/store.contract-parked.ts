// Contract of engines whose claims put mail of identities that may not send aside, a part at a time: none waits for all of it, and nothing is lost of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClaimChange, OutcomeOf } from './port.ts';
import {
  acceptOf,
  Bench,
  changed,
  deferred,
  identityOf,
  type Open,
  settleOf,
} from './store.contract-fixtures.ts';

const bot = identityOf('bot');
const suspended = changed(bot, { state: 'suspended' });
const active = changed(suspended, { state: 'active' });

/** Much mail of one identity is due, then one message of somebody else, all to one domain. */
export async function acceptMany(bench: Bench, many: number): Promise<string> {
  await bench.written(bot);
  const now = bench.clock.now();
  await bench.store.commit(
    Array.from({ length: many }, () => acceptOf(bench.nextId(), now, { identityId: bot.id })),
  );
  bench.clock.advance(1);
  return (await bench.accepted({ identityId: 'other' })).message.id;
}

let claims = 0;
export async function claim(
  bench: Bench,
  max = 1000,
): Promise<Extract<OutcomeOf<ClaimChange>, { type: 'claimed' }>> {
  claims += 1;
  const outcome = await bench.one({ type: 'claim', owner: 'a', token: String(claims), shares: [{ max }] });
  assert.ok(outcome.type === 'claimed');
  return outcome;
}

/** Until no claim meets more than it may put aside. Gives what was claimed meanwhile. */
export async function claimAll(bench: Bench): Promise<readonly string[]> {
  const found: string[] = [];
  for (;;) {
    const { deliveries, more, cut } = await claim(bench);
    found.push(...deliveries.map(({ messageId }) => messageId));
    if (cut !== true) return found;
    assert.ok(more, 'asked again at once');
  }
}

export const bySuspension = { suspended, active };

/** `partMax`: recipients that one claim puts aside, and that one puts back. */
export function parkedContract(name: string, open: Open, partMax: number): void {
  const many = 2 * partMax + 50;
  asideContract(name, open, many);
  backContract(name, open, many, partMax);
  commandsContract(name, open, many);
}

function asideContract(name: string, open: Open, many: number): void {
  test(`E-Q-8: ${name}: claims put aside what is held by its identity, a part at a time, and come to what is due after it`, async () => {
    await using bench = await Bench.open(open);
    const other = await acceptMany(bench, many);
    await bench.written(suspended);
    const first = await claim(bench);
    assert.deepEqual([first.more, first.cut], [true, true]);
    const found = [...first.deliveries.map(({ messageId }) => messageId), ...(await claimAll(bench))];
    assert.deepEqual(found, [other]);
    const { deliveries, more, cut } = await claim(bench);
    assert.deepEqual([deliveries, more, cut], [[], false, undefined], 'met once only');
    assert.equal((await bench.lookups.queueTotals()).held, many);
  });

  test(`E-Q-8: ${name}: lanes of others are claimed from while one is put aside`, async () => {
    await using bench = await Bench.open(open);
    await acceptMany(bench, many);
    const elsewhere = await bench.accepted({ identityId: 'other', to: ['x@zz.example'] });
    await bench.written(suspended);
    const { deliveries, cut } = await claim(bench);
    assert.ok(deliveries.some(({ messageId }) => messageId === elsewhere.message.id));
    assert.equal(cut, true);
  });

  test(`E-Q-8: ${name}: an attempt that ends under a suspension is put aside when it is due, not before`, async () => {
    await using bench = await Bench.open(open);
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
}

function backContract(name: string, open: Open, many: number, partMax: number): void {
  test(`E-Q-8: ${name}: what was put aside comes back a part at a time, over restarts and another suspension, each once`, async () => {
    await using bench = await Bench.open(open);
    await acceptMany(bench, many);
    await bench.written(suspended);
    await claimAll(bench);
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
    assert.equal(sent.size, partMax);
    await bench.restart();
    assert.ok(await some());
    const again = changed(active, { state: 'suspended' });
    await bench.written(again);
    await some();
    assert.equal(sent.size, 2 * partMax);
    await bench.written(changed(again, { state: 'active' }));
    assert.equal(await some(), false);
    assert.equal(sent.size, many);
  });
}

function commandsContract(name: string, open: Open, many: number): void {
  test(`E-Q-8: ${name}: what is put aside can be dropped, released and retried, and is counted once`, async () => {
    await using bench = await Bench.open(open);
    await acceptMany(bench, many);
    await bench.written(suspended);
    await claimAll(bench);
    const command = {
      type: 'queue',
      selector: { identityId: bot.id },
      now: bench.clock.now(),
      by: 'root',
    } as const;
    for (const action of ['hold', 'release', 'retry'] as const) {
      await bench.one({ ...command, action });
      assert.deepEqual((await claim(bench)).deliveries, [], action);
      assert.equal((await bench.lookups.queueTotals()).held, many, action);
    }
    await bench.one({ ...command, action: 'drop' });
    assert.equal(await bench.lookups.queueCount({ identityId: bot.id }), 0);
    await bench.written(active);
    const { deliveries, cut } = await claim(bench);
    assert.deepEqual([deliveries, cut], [[], undefined]);
  });
}
