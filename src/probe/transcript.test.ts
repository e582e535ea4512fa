// What was said, for a report: bounded, and safe for a terminal.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTranscript, printable } from './transcript.ts';

test('a server that talks without end fills no report', () => {
  const transcript = createTranscript('587', () => 7);
  for (let n = 0; n < 500; n += 1) transcript.add('server', String(n));
  assert.equal(transcript.lines.length, 201);
  assert.deepEqual(transcript.lines.at(-1), { at: 7, by: 'note', text: '… and so on' });
});

for (const [said, shown] of [
  ['a\r\nb\0', 'a\\r\\nb\\0'],
  ['\u001b[2Jé', '?[2J?'],
  ['x'.repeat(300), `${'x'.repeat(200)}…`],
] as const)
  test(`${JSON.stringify(said.slice(0, 10))} is shown as ${JSON.stringify(shown.slice(0, 10))}`, () =>
    assert.equal(printable(said), shown));
