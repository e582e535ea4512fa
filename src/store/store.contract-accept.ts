// Contract, part one: acceptance. One change puts message, recipients, counters and event into the store, or none of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyTrail } from '../audit/verify.ts';
import { emptyCounter, type LimitName, type LimitValues, usesOf } from '../policy/limits.ts';
import type { EventDraft } from '../record/events.ts';
import type { Change } from './port.ts';
import {
  acceptOf,
  Bench,
  deferred,
  final,
  HOUR,
  START,
  type Open,
  type Said,
  settleOf,
  withNotices,
  started,
} from './store.contract-fixtures.ts';

export function acceptContract(name: string, open: Open): void {
  limitsContract(name, open);
  nearContract(name, open);
  atomicContract(name, open);
  depthContract(name, open);
  strangersShareContract(name, open);
  fullQueueContract(name, open);
  acceptedContract(name, open);
  ownBuffersContract(name, open);
  fullStoreContract(name, open);
}

function acceptedContract(name: string, open: Open): void {
  test(`D-TR-3: ${name}: an accepted message stands in queue and trail at once, as it was given`, async () => {
    await using bench = await Bench.open(open);
    const bob = {
      forwardPath: 'bob@Example.NET',
      notify: ['SUCCESS', 'DELAY'],
      originalRecipient: { addressType: 'rfc822', address: 'robert@example.net' },
    } as const;
    const text = 'Subject: =?utf-8?q?x?=\r\n\r\n\0\x7f\r\nanything\r\n';
    const accepted = await bench.accepted({ to: [bob, 'postmaster'], text, identityId: 'i1' });
    const { message } = accepted;
    assert.deepEqual(await bench.lookups.message(message.id), message);
    assert.equal(await bench.text(message.id), text);
    const delivery = { messageId: message.id, attempt: 0, delayReported: false };
    const entry = { message, dueAt: bench.clock.now(), heldBy: [], active: false };
    assert.deepEqual(await bench.lookups.queue({}, { max: 10 }), [
      { ...entry, delivery: { ...delivery, recipientNumber: 0, recipient: bob, domain: 'example.net' } },
      {
        ...entry,
        delivery: { ...delivery, recipientNumber: 1, recipient: { forwardPath: 'postmaster' }, domain: '' },
      },
    ]);
    const event = { ...accepted.event, chain: 1, sequence: 1 };
    assert.deepEqual(await bench.events(), [event]);
    assert.deepEqual(await bench.lookups.eventsOfMessage(message.id, 10), [event]);
    assert.deepEqual(bench.notices, [{ type: 'due' }]);
    const verified = await verifyTrail(bench.lookups);
    assert.deepEqual([verified.events, verified.broken], [1, undefined]);
  });

  test(`${name}: what is asked again with the same id is accepted once`, async () => {
    await using bench = await Bench.open(open);
    const first = acceptOf(bench.nextId(), bench.clock.now(), { text: 'A: 1\r\n\r\nfirst\r\n' });
    const again = acceptOf(first.message.id, bench.clock.now(), { text: 'A: 2\r\n\r\nagain\r\n' });
    assert.deepEqual(await bench.store.commit([first, again]), [{ type: 'accepted' }, { type: 'accepted' }]);
    assert.deepEqual(await bench.one(again), { type: 'accepted' });
    assert.deepEqual(await bench.queued(), [`${first.message.id}/0`]);
    assert.equal(await bench.text(first.message.id), 'A: 1\r\n\r\nfirst\r\n');
    assert.deepEqual(await bench.eventTypes(), ['accepted']);
  });

  test(`${name}: what is committed survives a restart, and the chain goes on`, async () => {
    await using bench = await Bench.open(open);
    const leased = await bench.accepted({ owner: 'a', identityId: 'i1' });
    const { message } = await bench.accepted({ dueAt: bench.clock.now() + HOUR });
    await bench.restart();
    assert.deepEqual(await bench.queued(), [`${leased.message.id}/0`, `${message.id}/0`]);
    const [first, second] = await bench.lookups.queue({}, { max: 2 });
    assert.deepEqual([first?.active, second?.active], [true, false]);
    assert.equal(second?.dueAt, message.acceptedAt + HOUR);
    await bench.one({ type: 'record', events: [started(bench.clock.now())] });
    assert.equal(await bench.text(message.id), await bench.text(leased.message.id));
    const { events, broken } = await verifyTrail(bench.lookups);
    assert.deepEqual([events, broken], [3, undefined]);
  });

  test(`E-Q-2: ${name}: a lease that only waits for its outcome counts as no attempt`, async () => {
    await using bench = await Bench.open(open);
    const change = { ...acceptOf(bench.nextId(), bench.clock.now(), { owner: 'a' }), untried: true } as const;
    assert.deepEqual(await bench.one(change), { type: 'accepted' });
    assert.deepEqual(await bench.claim('b'), []);
    await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: bench.clock.now() });
    const [delivery] = await bench.claim('b');
    assert.equal(delivery?.attempt, 1);
  });
}

function ownBuffersContract(name: string, open: Open): void {
  test(`F-TX-4: ${name}: what the caller does to its buffers after the commit does not reach the store`, async () => {
    await using bench = await Bench.open(open);
    const text = 'Subject: approved\r\n\r\nchecked\r\n';
    const change = acceptOf(bench.nextId(), bench.clock.now(), { text });
    assert.ok(change.content.kind === 'inline');
    await bench.one(change);
    change.content.bytes.fill(0x58);
    assert.equal(await bench.text(change.message.id), text);
    for await (const piece of (await bench.lookups.content(change.message.id)) ?? []) piece.fill(0x59);
    assert.equal(await bench.text(change.message.id), text);
  });
}

function fullStoreContract(name: string, open: Open): void {
  test(`${name}: a full store accepts nothing new, and goes on with everything else`, async () => {
    await using bench = await Bench.open(open);
    const known = await bench.accepted();
    bench.full = '12 octets free';
    const fresh = acceptOf(bench.nextId(), bench.clock.now(), {});
    const full = { type: 'full', cause: '12 octets free' };
    assert.deepEqual(await bench.store.commit([fresh, known]), [full, { type: 'accepted' }]);
    const [delivery] = await bench.claim('a');
    assert.ok(delivery);
    const settled = await bench.one(settleOf('a', [delivery], final, bench.clock.now()));
    assert.deepEqual(settled, { type: 'settled', messageDone: true });
    bench.full = undefined;
    assert.deepEqual(await bench.one(fresh), { type: 'accepted' });
    assert.deepEqual(await bench.eventTypes(), ['accepted', 'relayed', 'accepted']);
  });
}

interface LimitVector {
  readonly why: string;
  readonly limits: LimitValues;
  readonly said: Said;
  /** How many like it are accepted before. */
  readonly fits: number;
  /** Milliseconds between them. */
  readonly every: number;
  readonly limit: LimitName;
  readonly hard: boolean;
}

const alike = { said: {}, every: 0, hard: false };
const two = { to: ['bob@example.net', 'carol@example.net'] };
const limitVectors: readonly LimitVector[] = [
  { ...alike, why: 'messages', limits: { messagesPerHour: 3 }, fits: 3, limit: 'messagesPerHour' },
  {
    ...alike,
    why: 'recipients',
    limits: { recipientsPerHour: 5 },
    said: two,
    fits: 2,
    limit: 'recipientsPerHour',
  },
  {
    ...alike,
    why: 'null senders',
    limits: { nullSenderPerHour: 1 },
    said: { from: '' },
    fits: 1,
    limit: 'nullSenderPerHour',
  },
  {
    ...alike,
    why: 'four times the hour in a day is a hard end',
    limits: { messagesPerHour: 1 },
    fits: 4,
    every: 2 * HOUR,
    limit: 'messagesPerDay',
    hard: true,
  },
];

function limitsContract(name: string, open: Open): void {
  for (const { why, limits, said, fits, every, limit, hard } of limitVectors) {
    test(`${name}: limits are charged inside the accept: ${why}`, async () => {
      await using bench = await Bench.open(open);
      const charged = { ...said, identityId: 'i1', charge: { identityId: 'i1', limits } };
      for (let count = 0; count < fits; count += 1) {
        const { message } = await bench.accepted(charged);
        // Asked again it is not charged again.
        const again = acceptOf(message.id, bench.clock.now(), charged);
        assert.deepEqual(await bench.one(again), { type: 'accepted' });
        bench.clock.advance(every);
      }
      await bench.counted();
      await bench.restart();
      const counts = usesOf(await bench.lookups.counter('i1'), limits, bench.clock.now());
      const ofDay = counts.find((use) => use.name === 'messagesPerDay');
      assert.equal(ofDay?.used, fits, 'what was counted can be looked up');
      assert.deepEqual(await bench.lookups.counter('i2'), emptyCounter);
      const over = acceptOf(bench.nextId(), bench.clock.now(), charged);
      const limited = { type: 'limited', limit, hard };
      assert.deepEqual(await bench.store.commit([over, over]), [limited, limited]);
      assert.equal(await bench.lookups.message(over.message.id), undefined);
      assert.equal(await bench.lookups.queueCount({}), fits * (said.to?.length ?? 1));
      assert.equal((await bench.eventTypes()).length, fits);
      // Somebody else, or no charge at all, is not concerned.
      await bench.accepted({ ...said, identityId: 'i2', charge: { identityId: 'i2', limits } });
      await bench.accepted({ ...said, identityId: 'i1' });
    });
  }
}

function nearContract(name: string, open: Open): void {
  for (const [way, owner] of [
    ['into the hands of a front', { owner: 'a' }],
    ['into the queue', {}],
  ] as const)
    test(`${name}: an accept ${way} tells until when a limit is near its end, if it is`, async () => {
      await using bench = await Bench.open(open);
      const limits = { messagesPerHour: 10 };
      const said = { identityId: 'i1', charge: { identityId: 'i1', limits }, ...owner };
      const changes = Array.from({ length: 9 }, () => acceptOf(bench.nextId(), bench.clock.now(), said));
      const plain = { type: 'accepted' };
      // Seven of eight count when an eighth of the next hour is over, seven of nine after two ninths of it.
      const near = (part: number) => ({ ...plain, nearUntil: Math.floor(START + HOUR * (1 + part)) + 1 });
      assert.deepEqual(
        [...(await bench.store.commit(changes))],
        [...Array.from({ length: 7 }, () => plain), near(1 / 8), near(2 / 9)],
      );
      const [eighth] = changes.slice(7);
      assert.deepEqual(await bench.one(eighth ?? assert.fail()), plain, 'nothing was charged again');
    });
}

const timeless: EventDraft = started(Number.NaN);

function atomicContract(name: string, open: Open): void {
  test(`D-TR-3: ${name}: a change that can't be done leaves nothing, and its neighbours are done`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    const before = await bench.accepted();
    const deliveries = await bench.claim('a');
    const noId = acceptOf('no message id', now, {});
    const timelessEnd = settleOf('a', deliveries, final, now);
    const noEvent = { ...acceptOf(bench.nextId(), now, {}), event: timeless };
    const first = acceptOf(bench.nextId(), now, {});
    const last = acceptOf(bench.nextId(), now, {});
    const changes: readonly Change[] = [
      first,
      noId,
      noEvent,
      { type: 'record', events: [started(now), timeless] },
      { ...timelessEnd, recipients: timelessEnd.recipients.map((one) => ({ ...one, event: timeless })) },
      last,
    ];
    const outcomes = await bench.store.commit(changes);
    const types = outcomes.map(({ type }) => type);
    assert.deepEqual(types, ['accepted', 'failed', 'failed', 'failed', 'failed', 'accepted']);
    for (const outcome of outcomes) if (outcome.type === 'failed') assert.notEqual(outcome.cause, '');

    const ids = [before, first, last].map(({ message }) => `${message.id}/0`);
    assert.deepEqual(await bench.queued(), ids);
    assert.equal(await bench.lookups.message(noEvent.message.id), undefined);
    const [entry] = await bench.lookups.queue({ messageId: before.message.id }, { max: 1 });
    assert.equal(entry?.active, true);
    assert.deepEqual(await bench.eventTypes(), ['accepted', 'accepted', 'accepted']);
    const { events, broken } = await verifyTrail(bench.lookups);
    assert.deepEqual([events, broken], [3, undefined]);
    assert.deepEqual(
      bench.notices.filter(({ type }) => type === 'due'),
      [{ type: 'due' }, { type: 'due' }, { type: 'due' }],
    );
  });

  test(`${name}: no changes have no outcomes, and each asker of a group gets its own`, async () => {
    await using bench = await Bench.open(open);
    assert.deepEqual(await bench.store.commit([]), []);
    const now = bench.clock.now();
    const key = new Uint8Array([1]);
    const outcomes = await Promise.all([
      bench.store.commit([{ type: 'record', events: [started(now)] }]),
      bench.store.commit([
        acceptOf(bench.nextId(), now, {}),
        { type: 'sharedKey', purpose: 'label', period: '2026-11-24', proposedKey: key },
      ]),
      bench.store.commit([{ type: 'free', ownerPrefix: 'a', dueAt: now }]),
    ]);
    assert.deepEqual(outcomes, [
      [{ type: 'recorded' }],
      [{ type: 'accepted' }, { type: 'key', key }],
      [{ type: 'freed', count: 0 }],
    ]);
  });
}

/** One more than may be in the queue. */
function depthContract(name: string, open: Open): void {
  test(`F-DOS-8: ${name}: at the limit of the queue new mail is put off, and taken as soon as some has left`, async () => {
    await using bench = await Bench.open(open);
    bench.queuedMessagesMax = 2;
    const now = bench.clock.now();
    const limits = { messagesPerHour: 1 };
    const [first, second] = [acceptOf(bench.nextId(), now, {}), acceptOf(bench.nextId(), now, {})];
    const noId = acceptOf('no message id', now, {});
    const third = acceptOf(bench.nextId(), now, { identityId: 'i1', charge: { identityId: 'i1', limits } });
    const cause = '2 messages in the queue, limits.queuedMessages is 2';
    const full = { type: 'queueFull', cause } as const;
    // The failed change is undone; the others of its transaction are done once and counted once.
    const outcomes = await bench.store.commit([first, noId, second, third]);
    const types = outcomes.map(({ type }) => type);
    assert.deepEqual(types, ['accepted', 'failed', 'accepted', 'queueFull']);
    assert.deepEqual(await bench.store.commit([third, first]), [full, { type: 'accepted' }]);
    await bench.restart();
    assert.deepEqual(await bench.one(third), full, 'counted again at the start');

    const [one, other] = await bench.claim('a');
    assert.ok(one && other);
    await bench.one(settleOf('a', [one], deferred(now), now));
    assert.deepEqual(await bench.one(third), full, 'what is deferred stays in the queue');
    await bench.one(settleOf('a', [other], final, now));
    assert.equal((await bench.one(third)).type, 'accepted', 'refused, it was not charged');
    const fourth = acceptOf(bench.nextId(), now, {});
    assert.equal((await bench.one(fourth)).type, 'queueFull');
    const selector = { messageId: one.messageId };
    await bench.one({ type: 'queue', action: 'drop', selector, now, by: 'root' });
    assert.deepEqual(await bench.one(fourth), { type: 'accepted' }, 'dropped by the operator');
    bench.queuedMessagesMax = 3;
    await bench.accepted();
    bench.queuedMessagesMax = 1;
    assert.equal((await bench.one(acceptOf(bench.nextId(), now, {}))).type, 'queueFull');
    bench.queuedMessagesMax = undefined;
    await bench.accepted();
    assert.equal((await bench.lookups.queueTotals()).messages, 4);
  });
}

function strangersShareContract(name: string, open: Open): void {
  test(`F-DOS-8: ${name}: strangers’ mail has its share of the queue, and users find room when it is used up`, async () => {
    await using bench = await Bench.open(open);
    bench.strangersMessagesMax = 2;
    const now = bench.clock.now();
    const ofStranger = () => acceptOf(bench.nextId(), now, {});
    const cause = '2 messages of strangers in the queue, limits.strangersShare lets them have 2';
    const full = { type: 'queueFull', cause } as const;
    const noId = acceptOf('no message id', now, {});
    const outcomes = await bench.store.commit([ofStranger(), noId, ofStranger(), ofStranger()]);
    assert.deepEqual(
      outcomes.map(({ type }) => type),
      ['accepted', 'failed', 'accepted', 'queueFull'],
    );
    for (let n = 0; n < 3; n += 1) await bench.accepted({ identityId: 'i1' });
    await bench.accepted({ from: '', to: ['alice@example.org'] });
    await bench.restart();
    assert.deepEqual(await bench.one(ofStranger()), full, 'counted again at the start');
    const deliveries = await bench.claim('a');
    const messages = await Promise.all(deliveries.map(({ messageId }) => bench.lookups.message(messageId)));
    const mx = deliveries.filter((_, n) => messages[n]?.role === 'mx');
    const [one, other] = mx;
    assert.ok(one && other && mx.length === 2);
    await bench.one(settleOf('a', [one], deferred(now), now));
    assert.deepEqual(await bench.one(ofStranger()), full, 'what is deferred stays');
    await bench.one(settleOf('a', [other], final, now));
    // Leased from birth, and delivered at once.
    const inHand = acceptOf(bench.nextId(), now, { owner: 'b' });
    assert.deepEqual(await bench.one(inHand), { type: 'accepted' });
    assert.deepEqual(await bench.one(ofStranger()), full);
    await bench.one(settleOf('b', [{ ...one, messageId: inHand.message.id, attempt: 1 }], final, now));
    assert.deepEqual(await bench.one(ofStranger()), { type: 'accepted' });
  });
}

function fullQueueContract(name: string, open: Open): void {
  test(`5321-y F-DOS-8: ${name}: a full queue settles all the same, and takes the reports about it`, async () => {
    await using bench = await Bench.open(open);
    bench.queuedMessagesMax = 1;
    const now = bench.clock.now();
    await bench.accepted({ to: ['a@x.example', 'b@x.example'] });
    const deliveries = await bench.claim('a');
    const [one, other] = deliveries;
    assert.ok(one && other);
    const report = () => acceptOf(bench.nextId(), now, { from: '', to: ['alice@example.org'] });
    const { messageId } = one;
    for (const [delivery, fate] of [
      [one, deferred(now, true)],
      [other, final],
    ] as const) {
      await bench.one(withNotices(settleOf('a', [delivery], fate, now), now));
      const change = {
        type: 'report',
        ...{ messageId, report: report() },
        notices: [{ recipientNumber: delivery.recipientNumber, at: now }],
        event: { type: 'reported', time: now, messageId, payload: { recipients: [] } },
      } as const;
      assert.deepEqual(await bench.one(change), { type: 'reported', messageDone: false });
    }
    assert.deepEqual(await bench.one(report()), { type: 'accepted' }, 'on its own as well');
    assert.equal((await bench.lookups.queueTotals()).messages, 4);
    for (const identityId of ['i1', undefined])
      assert.equal(
        (await bench.one(acceptOf(bench.nextId(), now, identityId === undefined ? {} : { identityId }))).type,
        'queueFull',
      );
    const byProgram = acceptOf(bench.nextId(), now, { from: '', identityId: 'i1' });
    const local = { ...byProgram, message: { ...byProgram.message, role: 'local' } } as const;
    assert.equal((await bench.one(local)).type, 'queueFull', 'a program of this host');
  });
}
