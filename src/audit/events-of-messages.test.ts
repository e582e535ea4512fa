// Events of several messages: few questions for many that are short, and all of one that is long.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrailEvent } from '../record/events.ts';
import { eventsOfAll } from './events-of-messages.ts';

const eventsOf = (messageId: string, count: number): readonly TrailEvent[] =>
  Array.from({ length: count }, (_, sequence) => ({ messageId, sequence, type: 'held' }) as TrailEvent);

for (const { why, counts, max, asked } of [
  { why: 'short ones are asked for together', counts: [2, 0, 3], max: 500, asked: ['all of 3'] },
  { why: 'a long one besides by itself', counts: [2, 300], max: 500, asked: ['all of 2', '1'] },
  { why: 'no more of it than is wanted', counts: [300, 2], max: 7, asked: ['all of 2'] },
  {
    why: 'many in several pieces',
    counts: Array<number>(60).fill(1),
    max: 500,
    asked: ['all of 50', 'all of 10'],
  },
  { why: 'none are not asked for', counts: [], max: 500, asked: [] },
])
  test(`events of several messages: ${why}`, async () => {
    const told: string[] = [];
    const ofMessage = (id: string, most: number) => eventsOf(id, counts[Number(id)] ?? 0).slice(0, most);
    const lookups = {
      async eventsOfMessages(ids: readonly string[], most: number) {
        told.push(`all of ${ids.length}`);
        return ids.toReversed().flatMap((id) => ofMessage(id, most));
      },
      async eventsOfMessage(id: string, most: number) {
        told.push(id);
        return ofMessage(id, most);
      },
    };
    const ids = counts.map((_, at) => `${at}`);
    const found = await eventsOfAll(lookups, ids, max);
    assert.deepEqual(
      [...found],
      ids.map((id) => [id, ofMessage(id, max)]),
    );
    assert.deepEqual(told, asked);
  });
