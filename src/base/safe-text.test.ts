// What strangers wrote is shown without what a terminal would obey, and with its lines as they were.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { safe, safeLines } from './safe-text.ts';

test('what a terminal would obey is shown as a question mark', () => {
  for (const [why, text, shown] of [
    ['plain text', 'Grüße, 世界', 'Grüße, 世界'],
    ['an escape', 'a\u001b[2Jb', 'a?[2Jb'],
    ['a direction mark', 'a\u202eb', 'a?b'],
    ['a line', 'a\nb', 'a?b'],
  ] as const)
    assert.equal(safe(text), shown, why);
});

test('a text keeps its lines, and a tab of a folded one is no control character', () => {
  for (const [why, text, shown] of [
    ['a folded header', 'Received: from a\n\tby b;\n\tnow', 'Received: from a\n    by b;\n    now'],
    ['an escape in a line', 'a\n\u001bb', 'a\n?b'],
    ['a carriage return alone', 'a\rb', 'a?b'],
  ] as const)
    assert.equal(safeLines(text), shown, why);
});
