// Points in time as operators type them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommandFailure } from './failure.ts';
import { momentOf } from './moment.ts';

const NOW = Date.UTC(2026, 10, 23, 10);

test('a time, a date and how long ago are read; what is none of them is told', () => {
  const vectors: readonly (readonly [text: string, expected: string, end?: true])[] = [
    ['2026-11-23T08:00:00Z', '2026-11-23T08:00:00.000Z'],
    ['2026-11-23t08:00:00.25z', '2026-11-23T08:00:00.250Z'],
    ['2026-11-23 08:00:00+02:00', '2026-11-23T06:00:00.000Z'],
    ['2026-11-23T08:00Z', '2026-11-23T08:00:00.000Z'],
    ['2026-11-23', '2026-11-23T00:00:00.000Z'],
    ['2026-11-23', '2026-11-23T23:59:59.999Z', true],
    ['2h', '2026-11-23T08:00:00.000Z'],
    ['1d', '2026-11-22T10:00:00.000Z', true],
  ];
  for (const [text, expected, end] of vectors)
    assert.equal(new Date(momentOf(text, '--since', NOW, end)).toISOString(), expected, text);
  for (const text of ['', 'yesterday', '2026-13-01', '2026-11-23T08:00:00', '23.11.2026', '8', '-2h'])
    assert.throws(() => momentOf(text, '--since', NOW), CommandFailure, text);
});
