// Which files are plain text, and the error for others.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPlainText } from './plain-text.ts';

const vectors: readonly (readonly [hex: string, expected: RegExp | string])[] = [
  ['70c3a473730a', 'päss\n'],
  ['', ''],
  ['70e473730a', /no valid UTF-8/],
  ['efbbbf70', /byte order mark/],
  ['fffe7000', /UTF-16/],
  ['feff0070', /UTF-16/],
];

test('a text is plain UTF-8, or the reason is told with the way out', () => {
  for (const [hex, expected] of vectors) {
    const read = readPlainText(Buffer.from(hex, 'hex'));
    if (typeof expected === 'string') assert.deepEqual(read, { ok: true, value: expected });
    else assert.ok(!read.ok && expected.test(read.error) && /save it as UTF-8/.test(read.error), hex);
  }
});
