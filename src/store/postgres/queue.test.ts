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
import { acceptMany, bySuspension, claim, claimAll, parkedContract } from '../store.contract-parked.ts';
import { PARKED_MAX } from './parked.ts';
import { openInside, openPostgres, withoutPostgres } from './postgres.contract-fixtures.ts';
import { createFold, FOLD_EVERY_MS } from './queue-totals.ts';

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
  await inside().writer.idle();
  await inside().writer.pulse({ node: 'one', incarnation: '2' }, true);
  assert.deepEqual(await counted(), [2, 2], 'with the first pulse of a new life');
});

test('postgres: a change that commits late is folded too', { skip }, async (t) => {
  const { bench, sql } = await openInside(t);
  const fold = createFold(bench.clock);
  const change = (n: number) =>
    sql.run(
      "INSERT INTO queue_change (n, kind, key, count) OVERRIDING SYSTEM VALUE VALUES ($1, 'role', 'mx', 1)",
      n,
    );
  await change(100);
  await fold(sql);
  bench.clock.advance(FOLD_EVERY_MS);
  await change(7);
  await fold(sql);
  assert.deepEqual(await sql.all('SELECT key, count FROM queue_total'), [{ key: 'mx', count: 2 }]);
  assert.deepEqual(await sql.all('SELECT n FROM queue_change'), []);
});

test('postgres: what a next hop puts off goes another way than what is accepted', { skip }, async (t) => {
  const { bench, inside } = await openInside(t);
  const { laneOf } = inside().writer;
  const now = bench.clock.now();
  const { message } = await bench.accepted({ owner: 'a', to });
  const both = await underWay(bench, message.id);
  const accept = acceptOf(message.id, now, {});
  assert.equal(laneOf([accept, settleOf('a', both, final, now)]), laneOf([accept]));
  assert.notEqual(laneOf([settleOf('a', both, deferred(now), now)]), laneOf([accept]));
});

test('postgres: a writer hears with a pulse of what others took out of the queue', { skip }, async (t) => {
  const { bench, inside } = await openInside(t);
  const { writer } = inside();
  const [, other] = await bench.both();
  const { message } = await bench.accepted({ to, dueAt: bench.clock.now() + HOUR });
  await bench.accepted({ from: 'mx@example.org', owner: 'a', to });
  await other.commit([{ ...drop, selector: { messageId: message.id } }]);
  assert.equal(writer.queued(), 2);
  await writer.idle();
  await writer.pulse({ node: 'one', incarnation: '1' }, true);
  assert.equal(writer.queued(), 1);
});

test('postgres: totals are the same before and after they are folded', { skip }, async (t) => {
  const { bench, sql } = await openInside(t);
  const filed = { dueAt: bench.clock.now() + HOUR };
  for (const to of [['a@x.example', 'b@y.example'], ['c@x.example'], ['d@z.example']])
    await bench.accepted({ to, ...filed });
  await bench.accepted({ to: ['in-hand@w.example'], owner: 'a' });
  const fold = createFold(bench.clock);
  const counted = async () => {
    const { messages, deliveries, byDomain } = await bench.lookups.queueTotals();
    return { messages, deliveries, byDomain };
  };
  const before = await counted();
  assert.deepEqual(before, {
    ...{ messages: 4, deliveries: 5 },
    byDomain: [
      { domain: 'x.example', deliveries: 2 },
      { domain: 'w.example', deliveries: 1 },
      { domain: 'y.example', deliveries: 1 },
      { domain: 'z.example', deliveries: 1 },
    ],
  });
  assert.equal(await fold(sql), false);
  assert.deepEqual(await sql.all('SELECT n FROM queue_change'), []);
  assert.deepEqual(await counted(), before);

  await bench.one({ ...drop, selector: { domain: 'x.example' } });
  bench.clock.advance(FOLD_EVERY_MS);
  await fold(sql);
  assert.deepEqual(await counted(), {
    ...{ messages: 3, deliveries: 3 },
    byDomain: before.byDomain.slice(1),
  });
  assert.deepEqual(await sql.all("SELECT key FROM queue_total WHERE count = 0 OR key = 'x.example'"), []);
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

test(
  'postgres: each claim serves who waits while mail of another to more domains than it takes from is put aside',
  { skip },
  async (t) => {
    const { bench } = await openInside(t);
    const { suspended } = bySuspension;
    await bench.written(identityOf('bot'));
    const domains = Array.from({ length: 30 }, (_, n) => `d${String(n).padStart(2, '0')}.example`);
    const now = bench.clock.now();
    await bench.store.commit(
      Array.from({ length: 3 * PARKED_MAX }, (_, n) =>
        acceptOf(bench.nextId(), now, { identityId: suspended.id, to: [`x@${domains[n % 30]}`] }),
      ),
    );
    for (let count = 0; count < 6; count += 1) await bench.accepted({ to: ['x@waiting.example'] });
    await bench.written(suspended);
    for (let claims = 1; claims <= 2; claims += 1) {
      const { deliveries, cut } = await claim(bench, 3);
      assert.deepEqual(
        [deliveries.map(({ domain }) => domain), cut],
        [Array(3).fill('waiting.example'), true],
      );
    }
    await claimAll(bench);
    assert.equal((await bench.lookups.queueTotals()).held, 3 * PARKED_MAX);
  },
);

test(
  'postgres: the row of who may not send is written once, in however many parts its mail is put aside',
  { skip },
  async (t) => {
    const { bench, sql } = await openInside(t);
    await acceptMany(bench, 3 * PARKED_MAX);
    await bench.written(bySuspension.suspended);
    const versionOf = async (): Promise<unknown> =>
      (await sql.get("SELECT ctid::text AS at FROM identity WHERE state = 'suspended'"))?.['at'];
    assert.equal((await claim(bench)).cut, true);
    const version = await versionOf();
    assert.equal((await claim(bench)).cut, true);
    await claimAll(bench);
    assert.equal(await versionOf(), version);
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
