// What one charge costs, how an hour and a day are counted; the limits through jumps of the clock: a step back gives no allowance, and a clock that was far ahead for a moment shuts nobody out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chargeLimits, type Counter, emptyCounter } from './limits.ts';

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
