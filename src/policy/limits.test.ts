// The limits through jumps of the clock: a step back gives no allowance, and a clock that was far ahead for a moment shuts nobody out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chargeLimits, type Counter, emptyCounter } from './limits.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON = Date.UTC(2026, 10, 23, 12);
const limits = { messagesPerHour: 10 };

/** Charges until a limit forbids it; how many went, and the counter behind them. */
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
