// When the next attempt is due.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueuedMessage } from '../store/port.ts';
import { nextDueAt } from './settlement.ts';

const MINUTE = 60_000;
const settings = { retryMs: [15 * MINUTE, 30 * MINUTE], expireMs: 100 * MINUTE };
const message = { acceptedAt: 1_000_000 } as QueuedMessage;

test('E-Q-2: the last attempt is made when the message expires, not a delay later', () => {
  const dueAfter = (attempt: number, minute: number): number =>
    (nextDueAt(settings, message, attempt, message.acceptedAt + minute * MINUTE) - message.acceptedAt) /
    MINUTE;
  assert.deepEqual([dueAfter(1, 0), dueAfter(2, 15), dueAfter(3, 45), dueAfter(4, 75)], [15, 45, 75, 100]);
  assert.equal(dueAfter(5, 99), 100);
  assert.equal(dueAfter(5, 100), 100 + 1 / 60, 'never at once');
});
