// The queue on PostgreSQL beyond the contract: what several do at once, and what a writer counts in its memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../port.ts';
import {
  acceptOf,
  type Bench,
  changed,
  deferred,
  final,
  HOUR,
  identityChange,
  identityOf,
  keyOf,
  MINUTE,
  type Said,
  settleOf,
  started,
  withNotices,
} from '../store.contract-fixtures.ts';
import { claimAll, parkedContract } from '../store.contract-parked.ts';
import { PARKED_MAX } from './parked.ts';
import { openInside, openPostgres, withoutPostgres } from './postgres.contract-fixtures.ts';

const skip = withoutPostgres;

if (skip === false) parkedContract('postgres', openPostgres, PARKED_MAX);

/** Attempts that are under way, as their owner has them. */
async function underWay(bench: Bench, messageId: string) {
  const entries = await bench.lookups.queue({ messageId }, { max: 99 });
  return entries.map(({ delivery }) => delivery);
}

const to = ['a@x.example', 'b@y.example'];
const drop = { type: 'queue', action: 'drop', now: 0, by: 'root' } as const;

/** How messages leave; each gives the changes that end what was accepted. */
const ends: readonly {
  readonly why: string;
  readonly said: Said;
  end(bench: Bench, messageId: string): Promise<readonly Change[]> | readonly Change[];
}[] = [
  {
    why: 'delivered from the hands of a front',
    said: { owner: 'a', to },
    end: async (bench, id) => [settleOf('a', await underWay(bench, id), final, bench.clock.now())],
  },
  {
    why: 'the same, asked again',
    said: { owner: 'a', to },
    async end(bench, id) {
      const settle = settleOf('a', await underWay(bench, id), final, bench.clock.now());
      return [
        { ...settle, again: true },
        { ...settle, again: true },
      ];
    },
  },
  {
    why: 'delivered one by one',
    said: { owner: 'a', to },
    end: async (bench, id) =>
      (await underWay(bench, id)).map((one) => settleOf('a', [one], final, bench.clock.now())),
  },
  {
    why: 'delivered at the second attempt',
    said: { owner: 'a', to },
    async end(bench, id) {
      const now = bench.clock.now();
      await bench.one(settleOf('a', await underWay(bench, id), deferred(now), now));
      return [settleOf('b', await bench.claim('b'), final, now)];
    },
  },
  {
    why: 'its sender was told',
    said: { to },
    async end(bench) {
      const now = bench.clock.now();
      await bench.one(withNotices(settleOf('a', await bench.claim('a'), final, now), now));
      const [due] = await bench.store.commit([{ type: 'dueNotices', putOffMs: MINUTE, max: 9 }]);
      assert.ok(due.type === 'dueNotices');
      return due.due.map(({ message, notices }) => ({
        ...{ type: 'report', messageId: message.id, notices, event: started(now) },
      }));
    },
  },
  { why: 'dropped', said: { to }, end: (_, messageId) => [{ ...drop, selector: { messageId } }] },
];

test('postgres: a writer knows how many messages wait, however they leave', { skip }, async (t) => {
  const { bench, inside } = await openInside(t);
  const counted = async () => [inside().writer.queued(), (await bench.lookups.queueTotals()).messages];
  for (const from of ['', 'mx@example.org']) await bench.accepted({ from, dueAt: bench.clock.now() + HOUR });
  for (const { why, said, end } of ends) {
    const { message } = await bench.accepted(said);
    assert.deepEqual(await counted(), [3, 3], why);
    for (const change of await end(bench, message.id)) {
      const failing = { type: 'record', events: [started(Number.NaN)] } as const;
      await bench.store.commit([change, failing]);
    }
    assert.deepEqual(await counted(), [2, 2], why);
  }
  await bench.restart();
  assert.deepEqual(await counted(), [2, 2], 'counted anew');
});

test(
  'postgres: two at once: what is held is held, whichever of hold and deferral came first',
  { skip },
  async (t) => {
    const { bench } = await openInside(t);
    const both = await bench.both();
    for (let round = 0; round < 10; round += 1) {
      const now = bench.clock.now();
      const { message } = await bench.accepted({ owner: 'a', to });
      const settle = settleOf('a', await underWay(bench, message.id), deferred(now), now);
      const hold = { type: 'queue', action: 'hold', selector: {}, now, by: 'root' } as const;
      const [[settled], [held]] = await Promise.all([both[0].commit([settle]), both[1].commit([hold])]);
      assert.deepEqual([settled.type, held.type], ['settled', 'changed']);
      assert.deepEqual(await bench.claim('b'), []);
    }
    assert.equal(await bench.lookups.queueCount({ held: true }), 20);
  },
);

test('postgres: two at once: an attempt ends or is given back, never both', { skip }, async (t) => {
  const { bench } = await openInside(t);
  const both = await bench.both();
  for (let round = 0; round < 10; round += 1) {
    const now = bench.clock.now();
    const { message } = await bench.accepted({ owner: 'a', to });
    const settle = settleOf('a', (await underWay(bench, message.id)).slice(0, 1), final, now);
    const free = { type: 'free', ownerPrefix: 'a', dueAt: now } as const;
    const [[settled], [freed]] = await Promise.all([both[0].commit([settle]), both[1].commit([free])]);
    assert.ok(freed.type === 'freed');
    const left = (await bench.claim('b')).map(keyOf);
    const isSettled = settled.type === 'settled';
    assert.ok(isSettled || settled.type === 'stale');
    assert.equal(left.length, isSettled ? 1 : 2);
    await bench.one({ ...drop, selector: {} });
    await bench.one({ type: 'free', ownerPrefix: 'b', dueAt: now });
    await bench.one({ ...drop, selector: {} });
    assert.deepEqual(await bench.queued(), []);
  }
});

test('postgres: two at once: notices are given to one of them', { skip }, async (t) => {
  const { bench } = await openInside(t);
  const both = await bench.both();
  const now = bench.clock.now();
  for (let count = 0; count < 9; count += 1) await bench.accepted();
  for (const one of await bench.claim('a'))
    await bench.one(withNotices(settleOf('a', [one], final, now), now));
  const told: string[] = [];
  for (let round = 0; round < 9 && told.length < 9; round += 1) {
    const asked = { type: 'dueNotices', putOffMs: MINUTE, max: 3 } as const;
    const outcomes = await Promise.all(both.map((store) => store.commit([asked])));
    for (const [outcome] of outcomes)
      if (outcome.type === 'dueNotices') told.push(...outcome.due.map(({ message }) => message.id));
  }
  assert.equal(new Set(told).size, 9);
  assert.equal(told.length, 9);
});

test(
  'postgres: two at once: mail of an identity that may send again while it is put aside comes back',
  { skip },
  async (t) => {
    const { bench } = await openInside(t);
    const both = await bench.both();
    let identity = identityOf('bot');
    await bench.written(identity);
    const now = bench.clock.now();
    const many = Array.from({ length: 30 }, () => acceptOf(bench.nextId(), now, { identityId: identity.id }));
    await bench.store.commit(many);
    for (let round = 0; round < 10; round += 1) {
      for (const state of ['suspended', 'active'] as const) {
        const next = changed(identity, { state });
        const write = identityChange(next, identity.revision, now);
        identity = next;
        const asked = {
          type: 'claim',
          owner: 'b',
          token: `${state} ${round}`,
          shares: [{ max: 9 }],
        } as const;
        const [[written]] = await Promise.all([both[0].commit([write]), both[1].commit([asked])]);
        assert.equal(written.type, 'written');
        await bench.one({ type: 'free', ownerPrefix: 'b', dueAt: now });
      }
    }
    assert.equal((await claimAll(bench)).length, 30);
  },
);

test('postgres: what another has locked while the rest is put back comes back later', { skip }, async (t) => {
  const { bench, sql } = await openInside(t);
  const bot = identityOf('bot');
  const suspended = changed(bot, { state: 'suspended' });
  await bench.written(bot);
  for (let count = 0; count < 3; count += 1) await bench.accepted({ identityId: bot.id });
  await bench.written(suspended);
  await claimAll(bench);
  await bench.written(changed(suspended, { state: 'active' }));
  await sql.run('BEGIN');
  await sql.run('SELECT 1 FROM recipient ORDER BY message_id LIMIT 1 FOR UPDATE');
  assert.equal((await claimAll(bench)).length, 2);
  await sql.run('COMMIT');
  assert.equal((await claimAll(bench)).length, 1);
});

test('postgres: a claim goes on where another has locked what it would take', { skip }, async (t) => {
  const { bench, sql } = await openInside(t);
  await bench.accepted({ to: ['a@x.example', 'b@x.example', 'a@y.example'] });
  const lock = (where: string) => sql.run(`SELECT 1 FROM recipient WHERE ${where} FOR UPDATE`);
  const shares = [{ max: 1 }];
  const [first] = (await bench.lookups.queue({}, { max: 1 })).map(({ delivery }) => delivery);
  assert.ok(first);
  await sql.run('BEGIN');
  await lock('number = 0');
  assert.deepEqual((await bench.claim('a', { shares })).map(keyOf), [`${first.messageId}/1`], 'in its lane');
  assert.deepEqual((await bench.claim('b', { shares })).map(keyOf), [`${first.messageId}/2`], 'and beyond');
  assert.deepEqual(await bench.claim('c', { shares }), []);
  await sql.run('COMMIT');
  assert.deepEqual((await bench.claim('c', { shares })).map(keyOf), [keyOf(first)]);
});
