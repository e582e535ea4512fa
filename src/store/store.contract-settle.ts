// Contract, part three: the ends of attempts, fenced by owner and attempt.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery, Fate, SettleChange } from './port.ts';
import { Bench, deferred, final, HOUR, type Open, settleOf, withNotices } from './store.contract-fixtures.ts';

export function settleContract(name: string, open: Open): void {
  endContract(name, open);
  twiceContract(name, open);
  heldContract(name, open);
  staleContract(name, open);
}

function endContract(name: string, open: Open): void {
  test(`D-GDPR-2: ${name}: each recipient ends by itself, and with the last one the content goes`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({
      to: ['a@x.example', 'b@x.example', 'c@x.example'],
      owner: 'a',
    });
    const born = (await bench.lookups.queue({}, { max: 9 })).map(({ delivery }) => delivery);
    assert.deepEqual(
      born.map(({ attempt }) => attempt),
      [1, 1, 1],
    );
    assert.deepEqual(await bench.claim('b'), [], 'leased from birth');
    const now = bench.clock.now();
    const mixed: SettleChange = {
      ...settleOf('a', born.slice(0, 1), final, now),
      recipients: [
        ...settleOf('a', born.slice(0, 1), final, now).recipients,
        ...settleOf('a', born.slice(1, 2), deferred(now + HOUR, true), now).recipients,
      ],
    };
    assert.deepEqual(await bench.one(mixed), { type: 'settled', messageDone: false });
    assert.deepEqual(await bench.queued(), [`${message.id}/1`, `${message.id}/2`]);
    const [deferredOne, leased] = await bench.lookups.queue({}, { max: 2 });
    assert.deepEqual([deferredOne?.active, deferredOne?.dueAt, leased?.active], [false, now + HOUR, true]);
    assert.equal(deferredOne?.delivery.delayReported, true);

    bench.clock.advance(HOUR);
    const [second] = await bench.claim('b');
    assert.ok(second);
    assert.deepEqual([second.attempt, second.delayReported], [2, true]);
    const settled = await bench.one(settleOf('b', [second], final, bench.clock.now()));
    assert.deepEqual(settled, { type: 'settled', messageDone: false });
    assert.notEqual(await bench.text(message.id), undefined);
    const end = await bench.one(settleOf('a', born.slice(2), final, bench.clock.now()));
    assert.deepEqual(end, { type: 'settled', messageDone: true });
    assert.equal(await bench.lookups.message(message.id), undefined);
    assert.equal(await bench.lookups.content(message.id), undefined);
    assert.deepEqual(await bench.queued(), []);
    assert.deepEqual(await bench.lookups.queueTotals(), {
      messages: 0,
      deliveries: 0,
      held: 0,
      byDomain: [],
    });
    assert.deepEqual(await bench.eventTypes(), ['accepted', 'relayed', 'deferred', 'relayed', 'relayed']);
  });
}

const soon = deferred(HOUR);
const held: Fate = { type: 'held' };
/** Two fates of one recipient in one settle. Callers name each once; the kept totals must not drift should one not. */
const twice: readonly (readonly [first: Fate, second: Fate, kept: { deliveries: number; held: number }])[] = [
  [final, final, { deliveries: 1, held: 0 }],
  [soon, soon, { deliveries: 2, held: 0 }],
  [held, held, { deliveries: 2, held: 1 }],
  [soon, held, { deliveries: 2, held: 1 }],
  [held, final, { deliveries: 1, held: 0 }],
  [final, held, { deliveries: 1, held: 0 }],
];

function twiceContract(name: string, open: Open): void {
  for (const [first, second, kept] of twice) {
    test(`${name}: a recipient that a settle names twice is counted once: ${first.type}, ${second.type}`, async () => {
      await using bench = await Bench.open(open);
      await bench.accepted({ to: ['a@x.example', 'b@x.example'], owner: 'a', identityId: 'id-al' });
      const [one] = (await bench.lookups.queue({}, { max: 1 })).map(({ delivery }) => delivery);
      assert.ok(one);
      const now = bench.clock.now();
      const recipients = [first, second].flatMap((fate) => settleOf('a', [one], fate, now).recipients);
      const settled = await bench.one({ ...settleOf('a', [one], first, now), recipients });
      assert.deepEqual(settled, { type: 'settled', messageDone: false });
      const totals = await bench.lookups.queueTotals();
      assert.deepEqual({ deliveries: totals.deliveries, held: totals.held }, kept);
      assert.deepEqual(totals.byDomain, [{ domain: 'x.example', deliveries: kept.deliveries }]);
      const ofIdentity = { identityId: 'id-al', held: true };
      assert.equal(await bench.lookups.queueCount(ofIdentity), kept.held);
      assert.equal((await bench.queued(ofIdentity)).length, kept.held, 'as it stands in the queue');
    });
  }
}

function heldContract(name: string, open: Open): void {
  test(`${name}: what an attempt holds waits for an operator, and is counted as held`, async () => {
    await using bench = await Bench.open(open);
    await bench.accepted({ to: ['a@x.example', 'b@x.example'] });
    const [first, second] = await bench.claim('a');
    assert.ok(first && second);
    const now = bench.clock.now();
    await bench.one(settleOf('a', [first], { type: 'held' }, now));
    await bench.one(settleOf('a', [second], deferred(now), now));
    assert.deepEqual((await bench.claim('b')).length, 1, 'the other one');
    const held = await bench.lookups.queue({ held: true }, { max: 9 });
    assert.deepEqual(
      held.map(({ active, delivery }) => [active, delivery.recipientNumber]),
      [[false, 0]],
    );
    assert.deepEqual(
      [(await bench.lookups.queueTotals()).held, await bench.lookups.queueCount({ held: true })],
      [1, 1],
    );
    const release = { type: 'queue', action: 'release', selector: { held: true }, now, by: 'root' } as const;
    assert.deepEqual(await bench.one(release), { type: 'changed', count: 1 });
    const [again] = await bench.claim('c');
    assert.deepEqual([again?.recipientNumber, again?.attempt], [0, 2]);
  });
}

const stale: readonly {
  readonly why: string;
  settle(deliveries: readonly Delivery[], now: number, bench: Bench): SettleChange | Promise<SettleChange>;
}[] = [
  { why: 'another owner', settle: (all, now) => settleOf('b', all, final, now) },
  { why: 'an owner that only begins alike', settle: (all, now) => settleOf('a ', all, final, now) },
  {
    why: 'an older attempt of the same owner',
    async settle(all, now, bench) {
      await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: now });
      await bench.claim('a');
      return settleOf('a', all, final, now);
    },
  },
  {
    why: 'an attempt that was not begun yet',
    settle: (all, now) =>
      settleOf(
        'a',
        all.map((one) => ({ ...one, attempt: one.attempt + 1 })),
        final,
        now,
      ),
  },
  {
    why: 'the lease was given back',
    async settle(all, now, bench) {
      await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: now });
      return settleOf('a', all, final, now);
    },
  },
  {
    why: 'one of two is not ours',
    async settle(all, now, bench) {
      await bench.one(settleOf('a', all.slice(1), deferred(now), now));
      return settleOf('a', all, final, now);
    },
  },
  {
    why: 'no such recipient',
    settle: (all, now) =>
      settleOf(
        'a',
        all.map((one) => ({ ...one, recipientNumber: 7 })),
        final,
        now,
      ),
  },
  {
    why: 'no such message',
    settle: (all, now, bench) => ({ ...settleOf('a', all, final, now), messageId: bench.nextId() }),
  },
  {
    why: 'no message id at all',
    settle: (all, now) => ({ ...settleOf('a', all, final, now), messageId: '' }),
  },
];

function staleContract(name: string, open: Open): void {
  for (const { why, settle } of stale) {
    test(`${name}: a stale settle does nothing at all: ${why}`, async () => {
      await using bench = await Bench.open(open);
      await bench.accepted({ to: ['a@x.example', 'b@x.example'] });
      const change = await settle(await bench.claim('a'), bench.clock.now(), bench);
      const queueBefore = await bench.lookups.queue({}, { max: 9 });
      const eventsBefore = await bench.eventTypes();
      assert.deepEqual(await bench.one(withNotices(change, bench.clock.now())), { type: 'stale' });
      assert.deepEqual(await bench.lookups.queue({}, { max: 9 }), queueBefore);
      assert.deepEqual(await bench.eventTypes(), eventsBefore);
    });
  }
}
