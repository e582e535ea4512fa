// Why a message waits, in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delivery, message, START } from '../../test/fakes/delivery-job.ts';
import type { QueueEntry } from '../store/lookups.ts';
import { withReasons } from './queue-why.ts';

const SECOND = 1000;
const lookups = {
  endedAttempts: () => Promise.resolve([]),
  identityById: () => Promise.resolve(undefined),
};

for (const [what, entry, ageMs, why] of [
  ['a message of a moment ago', { active: true }, SECOND, 'first attempt under way'],
  [
    'a hop that is silent',
    { active: true },
    240 * SECOND,
    'first attempt under way for 4 minutes: its next hop has not answered yet',
  ],
  // It was put off because its route was down: when this attempt began nobody knows.
  [
    'a message that waited for its route',
    { active: true, delivery: { ...delivery, attempt: 3 } },
    240 * SECOND,
    'first attempt under way',
  ],
  ['a message that nobody has taken up', {}, 240 * SECOND, 'not tried yet'],
  [
    'a message in its undo window',
    { dueAt: START + 13 * SECOND, delivery: { ...delivery, attempt: 0 } },
    4 * SECOND,
    'waits to be sent: its sender may take it back (undo window)',
  ],
  [
    'a message whose undo window is just over',
    { dueAt: START + 13 * SECOND, active: true },
    15 * SECOND,
    'first attempt under way',
  ],
] as const)
  test(`queue list and show say of ${what}: "${why}"`, async () => {
    const queued: QueueEntry = { message, delivery, dueAt: START, heldBy: [], active: false, ...entry };
    const [listed] = await withReasons(lookups, [queued], START + ageMs);
    assert.equal(listed?.waiting.why, why);
  });
