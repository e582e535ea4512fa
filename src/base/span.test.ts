// Spans of time in words.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spanWords } from './span.ts';

test('a span of time is said in its largest unit, and the next one while that matters', () => {
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000] as const;
  const vectors: readonly (readonly [ms: number, words: string])[] = [
    [-5, 'less than a minute'],
    [0, 'less than a minute'],
    [59 * second, 'less than a minute'],
    [minute, '1 minute'],
    [35 * minute + 20 * second, '35 minutes'],
    [hour, '1 hour'],
    [2 * hour + minute, '2 hours 1 minute'],
    [12 * hour + 30 * minute, '12 hours'],
    [day + 23 * hour, '1 day 23 hours'],
    [40 * day + hour, '40 days'],
  ];
  for (const [ms, words] of vectors) assert.equal(spanWords(ms), words);
});
