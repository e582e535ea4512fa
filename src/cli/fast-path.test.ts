// What the fast path reads from a command line is what commander reads from it, or nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import fc from 'fast-check';
import { addOptions, type OptionRow, readPlainLine } from './option-rows.ts';
import { listOptions } from './queue-list.ts';
import { traceOptions } from './trace-look.ts';

/** Undefined: commander finds fault with it. */
function byCommander(args: readonly string[], rows: readonly OptionRow[]) {
  const command = addOptions(new Command('x').argument('[a]').argument('[b]'), rows);
  command.exitOverride().configureOutput({ writeErr: () => undefined, writeOut: () => undefined });
  try {
    command.parse([...args], { from: 'user' });
    return { words: command.args, options: command.opts() };
  } catch {
    return undefined;
  }
}

const plain: readonly (readonly [string, readonly OptionRow[]])[] = [
  ['', listOptions],
  ['01ABC --json', listOptions],
  ['--domain example.net --held --max 5', listOptions],
  ['alice@example.org', traceOptions],
  ['--reason ticket <m1@example.org> --json', traceOptions],
];
test('a plain line is read', () => {
  for (const [line, rows] of plain) {
    const args = line.split(' ').filter((word) => word !== '');
    assert.deepEqual(readPlainLine(args, rows), byCommander(args, rows), line);
  }
});

const words = ['--json', '--max', '--max=5', '5', '--reason', '-x', '--', '', 'alice', '-', '--help', '-V'];
test('nothing is read in another way than commander reads it', () => {
  let read = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...words, ...words.slice(0, 4)), { maxLength: 6 }), (args) => {
      const line = readPlainLine(args, traceOptions);
      if (line === undefined || line.words.length > 2) return;
      read += 1;
      assert.deepEqual(line, byCommander(args, traceOptions), args.join(' '));
    }),
    { numRuns: 5000 },
  );
  assert.ok(read > 200, String(read));
});
