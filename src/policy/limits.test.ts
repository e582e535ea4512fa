// What one charge costs, how an hour and a day are counted; the limits through jumps of the clock: a step back gives no allowance, and a clock that was far ahead for a moment shuts nobody out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  addedCounters,
  chargeLimits,
  type Counter,
  emptyCounter,
  isNearEnd,
  isOver,
  isUsedUp,
  type LimitValues,
  usesOf,
} from './limits.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 10, 23, 12);
const limits = { messagesPerHour: 10 };

/** Charges until a limit forbids it; gives how many passed, and the counter after them. */
function until(counter: Counter, at: number): { readonly count: number; readonly counter: Counter } {
  let now = counter;
  for (let count = 0; count < 1000; count += 1) {
    const outcome = chargeLimits(now, { at, recipients: 1, nullSender: false }, limits);
    if (outcome.type === 'limited') return { count, counter: now };
    now = outcome.counter;
  }
  throw new Error('no limit');
}

test('a step back of the clock gives no allowance at once', () => {
  const { count, counter } = until(emptyCounter, NOON);
  assert.equal(count, 10);
  for (const back of [1, HOUR / 2, HOUR, 3 * HOUR, DAY, 3650 * DAY])
    assert.equal(until(counter, NOON - back).count, 0, `${back} ms`);
});

test('a clock that was far ahead for a moment shuts nobody out when it is right again', () => {
  for (const ahead of [2 * HOUR, 3 * DAY, 3650 * DAY]) {
    const before = until(emptyCounter, NOON);
    const glitch = until(before.counter, NOON + ahead);
    const half = until(glitch.counter, NOON + HOUR / 2);
    assert.ok(half.count <= 5, `no more than half of the window has passed: ${half.count}`);
    assert.equal(until(half.counter, NOON + 2 * DAY).count, 10, `${ahead} ms`);
  }
});

test('D-OUT-1: each recipient counts, and only a message with the null sender against its limit', () => {
  const limits = { recipientsPerHour: 10, nullSenderPerHour: 1 };
  const charge = (counter: Counter, recipients: number, nullSender = false) =>
    chargeLimits(counter, { at: NOON, recipients, nullSender }, limits);
  assert.deepEqual(charge(emptyCounter, 11), { type: 'limited', limit: 'recipientsPerHour', hard: false });
  const ten = charge(emptyCounter, 10);
  assert.equal(ten.type, 'charged');
  assert.ok(ten.type === 'charged');
  assert.equal(charge(ten.counter, 1).type, 'limited');
  const null1 = charge(emptyCounter, 1, true);
  assert.ok(null1.type === 'charged');
  assert.deepEqual(charge(null1.counter, 1, true), {
    type: 'limited',
    limit: 'nullSenderPerHour',
    hard: false,
  });
  assert.equal(charge(null1.counter, 1).type, 'charged');
});

test('D-OUT-1: four hours’ worth is a day’s worth, and over it the refusal is hard', () => {
  const midnight = Date.UTC(2026, 10, 23);
  let counter = emptyCounter;
  let sent = 0;
  for (let hour = 0; hour < 24; hour += 2) {
    const { count, counter: next } = until(counter, midnight + hour * HOUR);
    sent += count;
    counter = next;
  }
  assert.equal(sent, 40);
  const outcome = chargeLimits(
    counter,
    { at: midnight + 23 * HOUR, recipients: 1, nullSender: false },
    limits,
  );
  assert.deepEqual(outcome, { type: 'limited', limit: 'messagesPerDay', hard: true });
});

/** Without a limit. */
function charged(counter: Counter, at: number, recipients: number): Counter {
  const outcome = chargeLimits(counter, { at, recipients, nullSender: recipients % 2 === 0 }, {});
  assert.ok(outcome.type === 'charged');
  return outcome.counter;
}

test('what several have counted adds up to what one would have counted', () => {
  const step = fc.record({
    later: fc.oneof(fc.nat(HOUR), fc.nat(DAY), fc.nat(3 * DAY)),
    by: fc.nat(2),
    recipients: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 20 }), fc.nat(2 * DAY), (steps, after) => {
      let at = NOON;
      let alone = emptyCounter;
      const several = [emptyCounter, emptyCounter, emptyCounter];
      for (const { later, by, recipients } of steps) {
        at += later;
        alone = charged(alone, at, recipients);
        several[by] = charged(several[by] ?? emptyCounter, at, recipients);
      }
      at += after;
      const sum = several.reduce((one, other) => addedCounters(one, other, at), emptyCounter);
      assert.deepEqual(sum, addedCounters(alone, emptyCounter, at));
      assert.deepEqual(charged(sum, at, 1), charged(alone, at, 1));
    }),
  );
});

const addedVectors: readonly {
  readonly why: string;
  readonly one: number;
  readonly other: number;
  readonly at: number;
  readonly hour: readonly [current: number, previous: number];
}[] = [
  { why: 'the same hour', one: NOON, other: NOON + 1, at: NOON + 2, hour: [2, 0] },
  { why: 'one of them in the hour before', one: NOON - 1, other: NOON, at: NOON, hour: [1, 1] },
  { why: 'both in the hour before', one: NOON - 1, other: NOON - 1, at: NOON, hour: [0, 2] },
  { why: 'one of them long ago', one: NOON - 2 * HOUR, other: NOON, at: NOON, hour: [1, 0] },
  { why: 'the clock of one is a little ahead', one: NOON - 1, other: NOON, at: NOON - 1, hour: [1, 1] },
  { why: 'the clock of one was far ahead: it fades', one: NOON, other: NOON + DAY, at: NOON, hour: [1, 1] },
];

test('counters of two are added in the window that both have come to', () => {
  for (const { why, one, other, at, hour } of addedVectors) {
    const [first, second] = [charged(emptyCounter, one, 1), charged(emptyCounter, other, 1)];
    const sum = addedCounters(first, second, at);
    assert.deepEqual([sum.hour.current.messages, sum.hour.previous.messages], hour, why);
    assert.deepEqual(addedCounters(second, first, at), sum, `${why}, the other way round`);
  }
});

test('a counter is over when it would change nothing any more', () => {
  const counter = charged(emptyCounter, NOON, 1);
  const midnight = Date.UTC(2026, 10, 23);
  assert.equal(isOver(counter, midnight + 3 * DAY - 1), false);
  assert.equal(isOver(counter, midnight + 3 * DAY), true);
  const at = midnight + 2 * DAY;
  assert.deepEqual(charged(counter, at, 1), charged(emptyCounter, at, 1));
});

test('how much of each limit is used, told in whole messages and recipients', () => {
  const charged = chargeLimits(emptyCounter, { at: NOON, recipients: 3, nullSender: false }, {});
  assert.ok(charged.type === 'charged');
  const at = (time: number) =>
    Object.fromEntries(usesOf(charged.counter, limits, time).map(({ name, ...use }) => [name, use]));
  assert.deepEqual(at(NOON), {
    messagesPerHour: { used: 1, limit: 10 },
    messagesPerDay: { used: 1, limit: 40 },
    recipientsPerHour: { used: 3 },
    recipientsPerDay: { used: 3 },
    nullSenderPerHour: { used: 0 },
    nullSenderPerDay: { used: 0 },
  });
  const later = at(NOON + HOUR + HOUR / 2);
  assert.deepEqual([later['recipientsPerHour'], later['recipientsPerDay']], [{ used: 2 }, { used: 3 }]);
  assert.deepEqual(at(NOON + 2 * DAY)['messagesPerDay'], { used: 0, limit: 40 });
});

const freed: readonly {
  readonly why: string;
  /** Messages charged at a time of the hour that began at noon, ms. */
  readonly charged: readonly (readonly [count: number, at: number])[];
  readonly at: number;
  readonly freesAt?: number;
}[] = [
  { why: 'there is enough', charged: [[7, 0]], at: 0 },
  {
    why: 'near its end: seven of its eight messages count when an eighth of the next hour is over',
    charged: [[8, 0]],
    at: HOUR / 2,
    freesAt: HOUR + HOUR / 8,
  },
  {
    why: 'used up: one more fits when nine of ten count',
    charged: [[10, 0]],
    at: HOUR / 2,
    freesAt: HOUR + HOUR / 10,
  },
  {
    why: 'with some of the hour before: half of that is gone at half past',
    charged: [
      [8, -HOUR],
      [5, HOUR / 2],
    ],
    at: HOUR / 2,
    freesAt: HOUR * 0.75,
  },
];

for (const { why, charged: batches, at, freesAt } of freed)
  test(`when a limit frees: ${why}`, () => {
    const counter = batches.reduce(
      (before, [count, when]) =>
        Array.from({ length: count }).reduce<Counter>((now) => charged(now, NOON + when, 1), before),
      emptyCounter,
    );
    const [use] = usesOf(counter, limits, NOON + at);
    assert.equal(use?.freesAt, freesAt === undefined ? undefined : NOON + freesAt + 1);
  });

test('until a limit frees it is as it was, and then it is not; a charge tells when none is near its end any more', () => {
  const charges = fc.array(
    fc.record({
      after: fc.oneof(fc.integer({ min: 0, max: HOUR / 10 }), fc.integer({ min: 0, max: DAY })),
      recipients: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 20, maxLength: 40 },
  );
  const both = { messagesPerHour: 10, recipientsPerHour: 30 };
  let freedOnes = 0;
  fc.assert(
    fc.property(charges, (all) => {
      let [at, counter] = [NOON, emptyCounter];
      for (const { after, recipients } of all) {
        at += after;
        const outcome = chargeLimits(counter, { at, recipients, nullSender: false }, both);
        if (outcome.type === 'limited') continue;
        ({ counter } = outcome);
        const ends = usesOf(counter, both, at).flatMap(({ name, used, limit, freesAt = Infinity }) => {
          assert.equal(freesAt < Infinity, isNearEnd(used, limit));
          if (!isNearEnd(used, limit)) return [];
          const state = (when: number) => usesOf(counter, both, when).find((one) => one.name === name);
          const isFull = isUsedUp({ used, limit });
          const holds = (when: number): boolean =>
            isFull ? isUsedUp(state(when) ?? assert.fail()) : isNearEnd(state(when)?.used ?? 0, limit);
          assert.ok(holds(freesAt - 2) && !holds(freesAt), `${name} ${used} of ${limit}`);
          freedOnes += 1;
          return [freesAt];
        });
        const { nearUntil = -Infinity } = outcome;
        assert.equal(nearUntil > -Infinity, ends.length > 0);
        if (ends.length === 0) continue;
        const near = (when: number) =>
          usesOf(counter, both, when).some((one) => isNearEnd(one.used, one.limit));
        assert.ok(near(nearUntil - 2) && !near(nearUntil));
      }
    }),
  );
  assert.ok(freedOnes > 100, 'some were near their end');
});

test('a limit of nothing is not near its end', () => {
  const [use] = usesOf(emptyCounter, { messagesPerHour: 0 }, NOON);
  assert.deepEqual([use?.limit, use?.freesAt], [0, undefined]);
});

test('a limit of nothing does not keep another near its end', () => {
  const counter = Array.from({ length: 7 }).reduce<Counter>((now) => charged(now, NOON, 1), emptyCounter);
  const near = (lifted: LimitValues) => {
    const outcome = chargeLimits(counter, { at: NOON, recipients: 1, nullSender: false }, lifted);
    return outcome.type === 'charged' ? outcome.nearUntil : undefined;
  };
  const until = near({ messagesPerHour: 10 });
  assert.ok(until !== undefined && until < NOON + 2 * HOUR);
  assert.equal(near({ messagesPerHour: 10, nullSenderPerHour: 0 }), until);
});
