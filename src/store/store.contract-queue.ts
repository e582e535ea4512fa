// Contract, part two: the way out. Claims with tokens, settles fenced by owner and attempt, leases given back, queue commands.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcceptChange, Delivery, QueueSelector, SettleChange } from './port.ts';
import {
  acceptOf,
  Bench,
  deferred,
  final,
  HOUR,
  identityOf,
  keyOf,
  MINUTE,
  type Open,
  settleOf,
} from './store.contract-fixtures.ts';

export function queueContract(name: string, open: Open): void {
  claimContract(name, open);
  settleContract(name, open);
  reportContract(name, open);
  freeContract(name, open);
  commandContract(name, open);
  listContract(name, open);
}

function claimContract(name: string, open: Open): void {
  test(`${name}: a claim leases what is due, oldest due first, and leaves the rest alone`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    const later = await bench.accepted({ dueAt: now + 1 });
    const second = await bench.accepted({ to: ['b@two.example', 'b@dead.example'], dueAt: now });
    const third = await bench.accepted({ dueAt: now });
    const first = await bench.accepted({ dueAt: now - MINUTE });
    await bench.accepted({ owner: 'b', dueAt: now - HOUR });
    const held = await bench.accepted({ from: 'held@example.org', dueAt: now - HOUR });
    const hold = {
      type: 'queue',
      action: 'hold',
      selector: { from: 'held@example.org' },
      now,
      by: 'root',
    } as const;
    assert.deepEqual(await bench.one(hold), { type: 'changed', count: 1 });

    const claim = {
      type: 'claim',
      owner: 'a',
      token: 't1',
      now,
      max: 2,
      exceptDomains: ['dead.example'],
    } as const;
    const outcome = await bench.one(claim);
    assert.ok(outcome.type === 'claimed');
    assert.deepEqual(outcome.messages, [first.message, second.message]);
    const delivery = { attempt: 1, delayReported: false, recipientNumber: 0 };
    assert.deepEqual(outcome.deliveries, [
      {
        ...delivery,
        messageId: first.message.id,
        recipient: { forwardPath: 'bob@example.net' },
        domain: 'example.net',
      },
      {
        ...delivery,
        messageId: second.message.id,
        recipient: { forwardPath: 'b@two.example' },
        domain: 'two.example',
      },
    ]);
    const rest = await bench.claim('b', { exceptDomains: ['dead.example', 'elsewhere.example'] });
    assert.deepEqual(rest.map(keyOf), [`${third.message.id}/0`]);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${second.message.id}/1`]);
    assert.deepEqual(await bench.claim('b'), []);
    bench.clock.advance(1);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${later.message.id}/0`]);
    assert.deepEqual(await bench.queued({ held: true }), [`${held.message.id}/0`]);
  });

  test(`${name}: each message of a claim comes once, however many of its recipients do`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example', 'c@y.example'] });
    const claim = { owner: 'a', token: 't', now: bench.clock.now(), max: 9, exceptDomains: [] } as const;
    const outcome = await bench.one({ type: 'claim', ...claim });
    assert.ok(outcome.type === 'claimed');
    assert.deepEqual(outcome.messages, [message]);
    assert.deepEqual(
      outcome.deliveries.map(({ recipientNumber }) => recipientNumber),
      [0, 1, 2],
    );
  });

  test(`${name}: a claim asked again with its token gives the same, with another token something else`, async () => {
    await using bench = await Bench.open(open);
    for (let count = 0; count < 4; count += 1) await bench.accepted();
    const claim = {
      type: 'claim',
      owner: 'a',
      token: 't1',
      now: bench.clock.now(),
      max: 2,
      exceptDomains: [],
    } as const;
    const [once, twice] = await bench.store.commit([claim, claim]);
    assert.ok(once.type === 'claimed');
    assert.equal(once.deliveries.length, 2);
    assert.deepEqual(twice, once);
    await bench.restart();
    assert.deepEqual(await bench.one(claim), once);
    // The same word of another owner is another claim.
    const other = await bench.one({ ...claim, owner: 'b' });
    assert.ok(other.type === 'claimed');
    const taken = [...once.deliveries, ...other.deliveries].map(keyOf);
    assert.deepEqual(taken, await bench.queued());
    // What was settled since is not given out again.
    const [first, second] = once.deliveries;
    assert.ok(first && second);
    await bench.one(settleOf('a', [first], final, bench.clock.now()));
    assert.deepEqual(await bench.one(claim), {
      ...once,
      deliveries: [second],
      messages: once.messages.slice(1),
    });
    assert.deepEqual(await bench.claim('a'), []);
  });

  test(`${name}: a claim that found nothing looks again`, async () => {
    await using bench = await Bench.open(open);
    const claim = {
      type: 'claim',
      owner: 'a',
      token: 't1',
      now: bench.clock.now(),
      max: 2,
      exceptDomains: [],
    } as const;
    assert.deepEqual(await bench.one(claim), { type: 'claimed', deliveries: [], messages: [] });
    const { message } = await bench.accepted();
    const outcome = await bench.one(claim);
    assert.ok(outcome.type === 'claimed');
    assert.deepEqual(outcome.messages, [message]);
  });
}

function settleContract(name: string, open: Open): void {
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

function freeContract(name: string, open: Open): void {
  test(`${name}: times are whole milliseconds: a fraction fails its change and nothing else`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    await bench.accepted({ owner: 'a', dueAt: now });
    const broken = await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: now + 0.5 });
    assert.equal(broken.type, 'failed');
    const whole = await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: now });
    assert.deepEqual(whole, { type: 'freed', count: 1 });
  });

  test(`${name}: leases are given back by prefix, claims with them`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    const mine = await bench.accepted({ owner: 'node1/7/front1' });
    const others = await bench.accepted({ owner: 'node1/8/front1' });
    await bench.accepted({ dueAt: now - MINUTE });
    const claim = { owner: 'node1/7/front2', token: 't1', now, max: 9, exceptDomains: [] } as const;
    await bench.one({ type: 'claim', ...claim });
    const dueAt = now + MINUTE;
    bench.notices.length = 0;
    assert.deepEqual(await bench.one({ type: 'free', ownerPrefix: 'node1/7/', dueAt }), {
      type: 'freed',
      count: 2,
    });
    assert.deepEqual(bench.notices, [{ type: 'due' }]);
    const entries = await bench.lookups.queue({}, { max: 9 });
    const active = entries.filter((entry) => entry.active).map(({ message }) => message.id);
    assert.deepEqual(active, [others.message.id]);
    assert.deepEqual(
      entries.filter((entry) => !entry.active).map((entry) => entry.dueAt),
      [dueAt, dueAt],
    );
    assert.deepEqual(await bench.one({ type: 'claim', ...claim }), {
      type: 'claimed',
      deliveries: [],
      messages: [],
    });
    const again = await bench.one({ type: 'claim', ...claim, now: dueAt });
    assert.ok(again.type === 'claimed');
    assert.deepEqual(
      again.deliveries
        .map(({ messageId, attempt }) => [messageId, attempt])
        .find(([id]) => id === mine.message.id),
      [mine.message.id, 2],
    );
    assert.deepEqual(await bench.one({ type: 'free', ownerPrefix: '', dueAt: now }), {
      type: 'freed',
      count: 3,
    });
    bench.notices.length = 0;
    assert.deepEqual(await bench.one({ type: 'free', ownerPrefix: '', dueAt: now }), {
      type: 'freed',
      count: 0,
    });
    assert.deepEqual(bench.notices, []);
  });

  test(`${name}: single deliveries are given back by exactly their owner only`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example'], owner: 'front1' });
    const dueAt = bench.clock.now() + 5;
    const only = [
      { messageId: message.id, recipientNumber: 1, attempt: 1 },
      { messageId: bench.nextId(), recipientNumber: 0, attempt: 1 },
      { messageId: 'none', recipientNumber: 0, attempt: 1 },
    ];
    const none = await bench.one({ type: 'free', ownerPrefix: 'front', only, dueAt });
    assert.deepEqual(none, { type: 'freed', count: 0 });
    const one = await bench.one({ type: 'free', ownerPrefix: 'front1', only, dueAt });
    assert.deepEqual(one, { type: 'freed', count: 1 });
    const entries = await bench.lookups.queue({}, { max: 9 });
    assert.deepEqual(
      entries.map(({ active, dueAt: at }) => [active, at]),
      [
        [true, dueAt - 5],
        [false, dueAt],
      ],
    );
  });

  test(`E-Q-7: ${name}: asked twice to give an attempt back, it leaves alone what its owner has claimed since`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ owner: 'a' });
    const only = [{ messageId: message.id, recipientNumber: 0, attempt: 1 }];
    const free = { type: 'free', ownerPrefix: 'a', only, dueAt: bench.clock.now() } as const;
    assert.deepEqual(await bench.one(free), { type: 'freed', count: 1 });
    const deliveries = await bench.claim('a');
    assert.equal(deliveries.length, 1);
    assert.deepEqual(await bench.one(free), { type: 'freed', count: 0 });
    const settled = await bench.one(settleOf('a', deliveries, final, bench.clock.now()));
    assert.deepEqual(settled, { type: 'settled', messageDone: true });
  });
}

function commandContract(name: string, open: Open): void {
  const command = (
    bench: Bench,
    action: 'hold' | 'release' | 'retry' | 'drop',
    selector: QueueSelector = {},
  ) => bench.one({ type: 'queue', action, selector, now: bench.clock.now(), by: 'root' });
  const count = (changed: number) => ({ type: 'changed', count: changed });

  test(`${name}: hold and release, each told once; what is leased is held when its attempt ends`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example'], identityId: 'i1' });
    const [leased] = await bench.claim('a', { max: 1 });
    assert.ok(leased);
    assert.deepEqual(await command(bench, 'hold'), count(2));
    assert.deepEqual(await command(bench, 'hold'), count(0));
    assert.deepEqual(await bench.claim('b'), []);
    await bench.one(settleOf('a', [leased], deferred(bench.clock.now()), bench.clock.now()));
    bench.clock.advance(HOUR);
    assert.deepEqual(await bench.claim('b'), []);
    const totals = await bench.lookups.queueTotals();
    assert.equal(totals.held, 2);

    bench.notices.length = 0;
    assert.deepEqual(await command(bench, 'release', { to: 'a@x.example' }), count(1));
    assert.deepEqual(await command(bench, 'release', { to: 'a@x.example' }), count(0));
    assert.deepEqual(bench.notices, [{ type: 'due' }]);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${message.id}/0`]);
    const events = await bench.lookups.eventsOfMessage(message.id, 9);
    const about = (recipient: string, recipientNumber: number) => ({ recipient, recipientNumber });
    assert.deepEqual(
      events
        .filter(({ type }) => type === 'held' || type === 'released')
        .map(({ identityId, payload }) => [identityId, payload]),
      [
        ['i1', { by: 'root', action: 'hold', detail: about('a@x.example', 0) }],
        ['i1', { by: 'root', action: 'hold', detail: about('b@x.example', 1) }],
        ['i1', { by: 'root', action: 'release', detail: about('a@x.example', 0) }],
      ],
    );
  });

  test(`${name}: retry of what is due too late leaves the rest as it is`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    await bench.accepted({ dueAt: now + HOUR });
    const late = await bench.accepted({ dueAt: now + HOUR + 1 });
    assert.deepEqual(await command(bench, 'retry', { dueAfter: now + HOUR }), count(1));
    assert.deepEqual((await bench.claim('a')).map(keyOf), [`${late.message.id}/0`]);
  });

  test(`${name}: retry makes due at once what is neither leased nor, for that, released`, async () => {
    await using bench = await Bench.open(open);
    const far = bench.clock.now() + 4 * HOUR;
    const waiting = await bench.accepted({ dueAt: far });
    await bench.accepted({ dueAt: far, to: ['held@x.example'] });
    await bench.accepted({ owner: 'a', dueAt: far });
    await command(bench, 'hold', { to: 'held@x.example' });
    bench.notices.length = 0;
    assert.deepEqual(await command(bench, 'retry'), count(2));
    assert.deepEqual(bench.notices, [{ type: 'due' }]);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${waiting.message.id}/0`]);
    assert.deepEqual(await command(bench, 'retry', { domain: 'nowhere.example' }), count(0));
    assert.equal(bench.notices.length, 1);
  });

  test(`${name}: drop takes out what is not leased, with its content when it was the last, and says so`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example'], identityId: 'i1' });
    const [leased] = await bench.claim('a', { max: 1 });
    assert.ok(leased);
    assert.deepEqual(await command(bench, 'drop'), count(1));
    assert.deepEqual(await bench.queued(), [keyOf(leased)]);
    const settled = await bench.one(settleOf('a', [leased], deferred(bench.clock.now()), bench.clock.now()));
    assert.deepEqual(settled, { type: 'settled', messageDone: false });
    assert.deepEqual(await command(bench, 'drop'), count(1));
    assert.equal(await bench.lookups.message(message.id), undefined);
    assert.equal(await bench.lookups.content(message.id), undefined);
    const dropped = (await bench.lookups.eventsOfMessage(message.id, 9)).filter(
      ({ type }) => type === 'dropped',
    );
    const fate = { status: '5.0.0', diagnostic: 'dropped by root' };
    assert.deepEqual(
      dropped.map(({ payload }) => payload),
      [
        { recipient: 'b@x.example', recipientNumber: 1, attempt: 0, ...fate },
        { recipient: 'a@x.example', recipientNumber: 0, attempt: 1, ...fate },
      ],
    );
    const late = await bench.one(settleOf('a', [leased], final, bench.clock.now()));
    assert.deepEqual(late, { type: 'stale' });
  });
}

function listContract(name: string, open: Open): void {
  const selectors: readonly {
    readonly why: string;
    readonly selector: QueueSelector;
    readonly finds: string;
  }[] = [
    { why: 'everything', selector: {}, finds: '1/0 1/1 2/0 3/0' },
    { why: 'sender', selector: { from: 'alice@example.org' }, finds: '1/0 1/1' },
    { why: 'the null sender', selector: { from: '' }, finds: '3/0' },
    { why: 'recipient', selector: { to: 'bob@one.example' }, finds: '1/0 3/0' },
    { why: 'recipient, exactly', selector: { to: 'BOB@one.example' }, finds: '' },
    { why: 'domain, however written', selector: { domain: 'Two.Example' }, finds: '1/1 2/0' },
    {
      why: 'an international domain by its A-label',
      selector: { domain: 'xn--bcher-kva.example' },
      finds: '',
    },
    { why: 'identity', selector: { identityId: 'i2' }, finds: '2/0' },
    { why: 'held', selector: { held: true }, finds: '2/0' },
    { why: 'not held', selector: { held: false }, finds: '1/0 1/1 3/0' },
    { why: 'all must match', selector: { domain: 'one.example', from: '' }, finds: '3/0' },
    { why: 'none does', selector: { held: true, from: '' }, finds: '' },
    { why: 'no message id', selector: { messageId: 'x' }, finds: '' },
  ];

  test(`${name}: the queue is listed and counted by what every given field says`, async () => {
    await using bench = await Bench.open(open);
    const messages = [
      await bench.accepted({ to: ['bob@one.example', 'bob@two.example'], identityId: 'i1' }),
      await bench.accepted({ from: 'carol@example.org', to: ['bob@two.example'], identityId: 'i2' }),
      await bench.accepted({ from: '', to: ['bob@one.example'] }),
    ];
    await bench.written(identityOf('carol@example.org', { id: 'i2', state: 'suspended' }));
    const keys = (finds: string): readonly string[] =>
      finds.split(' ').flatMap((key) => {
        const [at, number] = key.split('/');
        return number === undefined ? [] : [`${messages[Number(at) - 1]?.message.id}/${number}`];
      });
    for (const { why, selector, finds } of selectors) {
      assert.deepEqual(await bench.queued(selector), keys(finds), why);
      assert.equal(await bench.lookups.queueCount(selector), keys(finds).length, why);
    }
    const second = messages[1]?.message.id ?? '';
    assert.deepEqual(await bench.queued({ messageId: second }), [`${second}/0`]);
    assert.deepEqual(await bench.queued({ messageId: second.toLowerCase() }), [`${second}/0`]);
    assert.equal((await bench.lookups.message(second.toLowerCase()))?.id, second);
  });

  test(`${name}: the queue is paged in the order of ids`, async () => {
    await using bench = await Bench.open(open);
    for (let count = 0; count < 4; count += 1) await bench.accepted({ to: ['a@x.example', 'b@x.example'] });
    const all = await bench.queued();
    assert.deepEqual(all, [...all].sort());
    const paged: string[] = [];
    for (;;) {
      const last = paged.at(-1)?.split('/');
      const after =
        last === undefined ? {} : { after: { messageId: last[0] ?? '', recipientNumber: Number(last[1]) } };
      const page = await bench.lookups.queue({}, { max: 3, ...after });
      paged.push(...page.map(({ delivery }) => keyOf(delivery)));
      if (page.length < 3) break;
    }
    assert.deepEqual(paged, all);
    assert.equal(all.length, 8);
  });

  test(`${name}: totals name the oldest, the held and the largest domains`, async () => {
    await using bench = await Bench.open(open);
    const oldest = bench.clock.now();
    await bench.accepted({ to: ['a@x.example', 'b@x.example', 'c@y.example', 'postmaster'] });
    bench.clock.advance(HOUR);
    await bench.accepted({ to: ['a@b\u00fccher.example', 'a@y.example', 'a@[192.0.2.1]'], owner: 'a' });
    await bench.one({
      type: 'queue',
      action: 'hold',
      selector: { domain: 'y.example' },
      now: oldest,
      by: 'root',
    });
    assert.deepEqual(await bench.lookups.queueTotals(), {
      messages: 2,
      deliveries: 7,
      held: 2,
      oldestAcceptedAt: oldest,
      byDomain: [
        { domain: 'x.example', deliveries: 2 },
        { domain: 'y.example', deliveries: 2 },
        { domain: '', deliveries: 1 },
        { domain: '[192.0.2.1]', deliveries: 1 },
        { domain: 'xn--bcher-kva.example', deliveries: 1 },
      ],
    });
    assert.equal(await bench.lookups.queueCount({ domain: 'xn--bcher-kva.example' }), 1);
    await bench.accepted({ to: Array.from({ length: 60 }, (_, at) => `a@d${at}.example`) });
    assert.equal((await bench.lookups.queueTotals()).byDomain.length, 50);
  });
}
