// Contract, part three: the ends of attempts, fenced by owner and attempt, with the report that goes with them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcceptChange, Delivery, SettleChange } from './port.ts';
import { acceptOf, Bench, deferred, final, HOUR, type Open, settleOf } from './store.contract-fixtures.ts';

export function settleContract(name: string, open: Open): void {
  endContract(name, open);
  reportContract(name, open);
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

  test(`${name}: a recipient that a settle names twice ends once`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example'], owner: 'a' });
    const [first] = (await bench.lookups.queue({}, { max: 9 })).map(({ delivery }) => delivery);
    assert.ok(first);
    const settled = await bench.one(settleOf('a', [first, first], final, bench.clock.now()));
    assert.deepEqual(settled, { type: 'settled', messageDone: false });
    assert.deepEqual(await bench.queued(), [`${message.id}/1`]);
    const { deliveries, byDomain } = await bench.lookups.queueTotals();
    assert.deepEqual([deliveries, byDomain], [1, [{ domain: 'x.example', deliveries: 1 }]]);
  });

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

  for (const { why, settle } of stale) {
    test(`${name}: a stale settle does nothing at all: ${why}`, async () => {
      await using bench = await Bench.open(open);
      await bench.accepted({ to: ['a@x.example', 'b@x.example'] });
      const change = await settle(await bench.claim('a'), bench.clock.now(), bench);
      const report = acceptOf(bench.nextId(), bench.clock.now(), { from: '' });
      const queueBefore = await bench.lookups.queue({}, { max: 9 });
      const eventsBefore = await bench.eventTypes();
      assert.deepEqual(await bench.one({ ...change, report }), { type: 'stale' });
      assert.deepEqual(await bench.lookups.queue({}, { max: 9 }), queueBefore);
      assert.deepEqual(await bench.eventTypes(), eventsBefore);
    });
  }
}

function reportContract(name: string, open: Open): void {
  const failing = async (bench: Bench): Promise<{ change: SettleChange; report: AcceptChange }> => {
    await bench.accepted();
    const deliveries = await bench.claim('a');
    const report = acceptOf(bench.nextId(), bench.clock.now(), { from: '', to: ['alice@example.org'] });
    return { change: { ...settleOf('a', deliveries, final, bench.clock.now()), report }, report };
  };

  test(`5321-y: ${name}: a failure and the report about it are one change`, async () => {
    await using bench = await Bench.open(open);
    const { change, report } = await failing(bench);
    assert.deepEqual(await bench.one(change), { type: 'settled', messageDone: true });
    assert.deepEqual(await bench.queued(), [`${report.message.id}/0`]);
    assert.deepEqual(await bench.eventTypes(), ['accepted', 'relayed', 'accepted']);
    // Asked again because the answer was lost: nothing comes twice.
    assert.deepEqual(await bench.one(change), { type: 'stale' });
    assert.deepEqual(await bench.queued(), [`${report.message.id}/0`]);
    assert.deepEqual((await bench.eventTypes()).length, 3);
  });

  test(`5321-y: ${name}: where the report can't be accepted the failure is not written either`, async () => {
    await using bench = await Bench.open(open);
    const { change, report } = await failing(bench);
    const queueBefore = await bench.lookups.queue({}, { max: 9 });
    bench.full = 'no space';
    assert.equal((await bench.one(change)).type, 'failed');
    bench.full = undefined;
    const limits = { messagesPerHour: 0 };
    const charge = { at: bench.clock.now(), recipients: 1, nullSender: true };
    const limited = { ...report, charge: { identityId: 'i1', charge, limits } };
    assert.equal((await bench.one({ ...change, report: limited })).type, 'failed');
    assert.deepEqual(await bench.lookups.queue({}, { max: 9 }), queueBefore);
    assert.deepEqual(await bench.eventTypes(), ['accepted']);
    assert.deepEqual(await bench.one(change), { type: 'settled', messageDone: true });
  });
}
