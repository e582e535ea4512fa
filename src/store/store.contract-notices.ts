// Contract: a notice stays from the fate to the report, waits for the round of attempts, and is reported once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcceptChange, Delivery } from './port.ts';
import type { NoticesOfMessage, ReportChange } from './notices.ts';
import {
  acceptOf,
  Bench,
  deferred,
  final,
  HOUR,
  MINUTE,
  type Open,
  settleOf,
  started,
  withNotices,
} from './store.contract-fixtures.ts';

async function due(bench: Bench, max = 9): Promise<readonly NoticesOfMessage[]> {
  const outcome = await bench.one({ type: 'dueNotices', putOffMs: MINUTE, max });
  assert.equal(outcome.type, 'dueNotices');
  return outcome.due;
}

const numbersOf = (all: readonly NoticesOfMessage[]) =>
  all.map(({ notices }) => notices.map(({ recipientNumber, about }) => `${recipientNumber} ${about.action}`));

function reportOf(
  bench: Bench,
  { message, notices }: NoticesOfMessage,
): ReportChange & { report: AcceptChange } {
  const now = bench.clock.now();
  const report = acceptOf(bench.nextId(), now, { from: '', to: ['alice@example.org'] });
  const recipients = notices.map(({ recipientNumber, about }) => ({
    ...{ recipientNumber, recipient: about.forwardPath, action: about.action },
  }));
  return {
    ...{ type: 'report', messageId: message.id, report },
    notices: notices.map(({ recipientNumber, at }) => ({ recipientNumber, at })),
    event: {
      type: 'reported',
      time: now,
      messageId: message.id,
      payload: { recipients, reportId: report.message.id },
    },
  };
}

/** Claimed by `a`, in the order of their numbers. */
async function claimed(bench: Bench, to: readonly string[]): Promise<readonly Delivery[]> {
  await bench.accepted({ to });
  return (await bench.claim('a')).toSorted((one, other) => one.recipientNumber - other.recipientNumber);
}

const three = ['a@x.example', 'b@x.example', 'c@x.example'];

export function noticesContract(name: string, open: Open): void {
  roundContract(name, open);
  reportContract(name, open);
  overtakenContract(name, open);
}

function roundContract(name: string, open: Open): void {
  test(`F-NULL-2: ${name}: notices wait for the recipients of the same round, and are due with the last of them`, async () => {
    await using bench = await Bench.open(open);
    const [a, b, c] = await claimed(bench, three);
    assert.ok(a && b && c);
    const now = bench.clock.now();
    const first = await bench.one(withNotices(settleOf('a', [a], final, now), now));
    assert.deepEqual(first, { type: 'settled', messageDone: false });
    assert.deepEqual(await due(bench), []);
    await bench.one(settleOf('a', [b], final, now));
    const last = withNotices(settleOf('a', [c], deferred(now + HOUR, true), now), now);
    assert.deepEqual(await bench.one(last), { type: 'settled', messageDone: false, noticesDue: true });
    assert.deepEqual(numbersOf(await due(bench)), [['0 failed', '2 delayed']]);
  });

  test(`F-NULL-2: ${name}: a recipient that is tried soon belongs to the round, one that is held or tried later does not`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    const others = [
      { fate: deferred(now + 9_999), isOpen: true },
      { fate: deferred(now + 10_000), isOpen: false },
      { fate: { type: 'held' }, isOpen: false },
    ] as const;
    for (const { fate, isOpen } of others) {
      const [a, b] = await claimed(bench, three.slice(0, 2));
      assert.ok(a && b);
      await bench.one(settleOf('a', [b], fate, now));
      const outcome = await bench.one(withNotices(settleOf('a', [a], final, now), now));
      assert.equal('noticesDue' in outcome, !isOpen);
      assert.equal((await due(bench)).length, isOpen ? 0 : 1);
    }
  });

  test(`F-NULL-2: ${name}: whatever is still out, notices are told of when their time has come`, async () => {
    await using bench = await Bench.open(open);
    const [a] = await claimed(bench, three);
    assert.ok(a);
    const now = bench.clock.now();
    await bench.one(withNotices(settleOf('a', [a], final, now), now));
    bench.clock.advance(9_999);
    assert.deepEqual(await due(bench), []);
    bench.clock.advance(1);
    assert.deepEqual(numbersOf(await due(bench)), [['0 failed']]);
    assert.deepEqual(await due(bench), [], 'somebody has them');
    bench.clock.advance(MINUTE);
    assert.deepEqual(numbersOf(await due(bench)), [['0 failed']], 'but did not tell');
  });

  test(`${name}: they come by message, oldest first, so many at a time`, async () => {
    await using bench = await Bench.open(open);
    const ids: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      const [a] = await claimed(bench, three);
      assert.ok(a);
      const now = bench.clock.now();
      await bench.one(withNotices(settleOf('a', [a], final, now), now, now + HOUR - n));
      ids.unshift(a.messageId);
    }
    bench.clock.advance(HOUR);
    assert.deepEqual(
      (await due(bench, 2)).map(({ message }) => message.id),
      ids.slice(0, 2),
    );
    assert.deepEqual(
      (await due(bench, 2)).map(({ message }) => message.id),
      ids.slice(2),
    );
  });
}

/** One recipient that failed, and what its sender is to be told. */
async function failed(bench: Bench): Promise<NoticesOfMessage> {
  const deliveries = await claimed(bench, ['a@x.example']);
  const now = bench.clock.now();
  const settled = await bench.one(withNotices(settleOf('a', deliveries, final, now), now));
  assert.deepEqual(settled, { type: 'settled', messageDone: false, noticesDue: true });
  const [one] = await due(bench);
  assert.ok(one);
  return one;
}

function reportContract(name: string, open: Open): void {
  test(`5321-y E-Q-7: ${name}: a message stays until its sender is told, also over a restart`, async () => {
    await using bench = await Bench.open(open);
    const one = await failed(bench);
    const { id } = one.message;
    assert.deepEqual(await bench.queued(), [], 'nothing is left to deliver');
    const { messages, deliveries, unreported } = await bench.lookups.queueTotals();
    assert.deepEqual([messages, deliveries, unreported], [1, 0, 1]);
    await bench.restart();
    assert.notEqual(await bench.text(id), undefined, 'the report quotes it');
    bench.clock.advance(MINUTE);
    assert.deepEqual(numbersOf(await due(bench)), [['0 failed']]);
    const change = reportOf(bench, one);
    assert.deepEqual(await bench.one(change), { type: 'reported', messageDone: true });
    assert.equal((await bench.lookups.queueTotals()).unreported, undefined);
    assert.deepEqual(await bench.queued(), [`${change.report.message.id}/0`]);
    assert.equal(await bench.lookups.content(id), undefined);
    assert.deepEqual(await bench.eventTypes(), ['accepted', 'relayed', 'reported', 'accepted']);
    // Asked again because the answer was lost: nothing comes twice.
    assert.deepEqual(await bench.one(change), { type: 'stale' });
    assert.equal((await bench.eventTypes()).length, 4);
    bench.clock.advance(HOUR);
    assert.deepEqual(await due(bench), []);
  });

  test(`5321-y: ${name}: where the report can't be accepted its notices stay`, async () => {
    await using bench = await Bench.open(open);
    const one = await failed(bench);
    const change = reportOf(bench, one);
    bench.full = 'no space';
    assert.equal((await bench.one(change)).type, 'failed');
    bench.full = undefined;
    const timeless = { ...change, event: started(Number.NaN) };
    assert.equal((await bench.one(timeless)).type, 'failed');
    assert.deepEqual(await bench.eventTypes(), ['accepted', 'relayed']);
    assert.deepEqual(await bench.one(change), { type: 'reported', messageDone: true });
  });

  test(`${name}: a report that is not sent ends the notices all the same, and the trail says so`, async () => {
    await using bench = await Bench.open(open);
    const { report: _, ...change } = reportOf(bench, await failed(bench));
    assert.deepEqual(await bench.one(change), { type: 'reported', messageDone: true });
    assert.equal((await bench.lookups.queueTotals()).messages, 0);
    assert.deepEqual(await bench.eventTypes(), ['accepted', 'relayed', 'reported']);
  });
}

function overtakenContract(name: string, open: Open): void {
  test(`${name}: a report about what is not there, or was overtaken, does nothing`, async () => {
    await using bench = await Bench.open(open);
    const [a, b] = await claimed(bench, three.slice(0, 2));
    assert.ok(a && b);
    const now = bench.clock.now();
    await bench.one(withNotices(settleOf('a', [a], deferred(now + HOUR, true), now), now));
    await bench.one(withNotices(settleOf('a', [b], deferred(now + HOUR, true), now), now));
    const [delays] = await due(bench);
    assert.ok(delays);
    bench.clock.advance(HOUR);
    const again = await bench.claim('a');
    const later = bench.clock.now();
    await bench.one(
      withNotices(
        settleOf(
          'a',
          again.filter((one) => one.recipientNumber === 0),
          final,
          later,
        ),
        later,
      ),
    );
    const change = reportOf(bench, delays);
    const eventsBefore = await bench.eventTypes();
    const wrong: readonly ReportChange[] = [
      change,
      { ...change, notices: [{ recipientNumber: 7, at: now }] },
      { ...change, notices: [] },
      { ...change, messageId: bench.nextId() },
      { ...change, messageId: '' },
    ];
    for (const one of wrong) assert.deepEqual(await bench.one(one), { type: 'stale' });
    assert.deepEqual(await bench.eventTypes(), eventsBefore);
    bench.clock.advance(MINUTE);
    assert.deepEqual(numbersOf(await due(bench)), [['0 failed', '1 delayed']]);
  });

  test(`${name}: a message whose last recipient is dropped stays while its sender is to be told`, async () => {
    await using bench = await Bench.open(open);
    const [a, b] = await claimed(bench, three.slice(0, 2));
    assert.ok(a && b);
    const now = bench.clock.now();
    await bench.one(settleOf('a', [b], deferred(now + HOUR), now));
    await bench.one(withNotices(settleOf('a', [a], final, now), now));
    const [one] = await due(bench);
    assert.ok(one);
    await bench.one({ type: 'queue', action: 'drop', selector: { messageId: a.messageId }, now, by: 'root' });
    assert.notEqual(await bench.text(a.messageId), undefined);
    assert.deepEqual(await bench.one(reportOf(bench, one)), { type: 'reported', messageDone: true });
    assert.equal(await bench.lookups.message(a.messageId), undefined);
  });
}
