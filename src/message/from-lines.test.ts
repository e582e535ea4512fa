// Parser differential: whatever we accept in From, other parsers read as the same addresses. What they read is in
// `test/vectors/from-lines.json`; no foreign parser runs here.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { utf8 } from '../base/bytes.ts';
import { judgeHeader } from './header-facts.ts';
import { parseHeader } from './header.ts';

type Readings = readonly (readonly string[])[];
const path = new URL('../../test/vectors/from-lines.json', import.meta.url);
const { lines } = JSON.parse(readFileSync(path, 'utf8')) as {
  lines: readonly (readonly [string, Readings])[];
};

/** Undefined: refused. A Sender is there, so that several addresses alone are no reason. */
function accepted(line: string): readonly string[] | undefined {
  const parsed = parseHeader(utf8(`From: ${line}\r\nSender: alice@example.org\r\n`));
  if (!parsed.ok) return undefined;
  const judged = judgeHeader(parsed.value, { smtputf8: false, receivedMax: 100 });
  return judged.ok ? judged.value.from.map(({ address }) => address) : undefined;
}

test('F-FROM-12: a From that six other parsers do not all read the same is refused', () => {
  let refused = 0;
  for (const [line, readings] of lines) {
    if (readings.length === 1) continue;
    refused += 1;
    assert.equal(accepted(line), undefined, `${JSON.stringify(line)} is read as ${JSON.stringify(readings)}`);
  }
  assert.ok(refused > 300, `${refused} lines are read differently`);
});

test('F-FROM-12: a From that we accept is read by all of them as by us', () => {
  let same = 0;
  for (const [line, readings] of lines) {
    const addresses = accepted(line);
    if (addresses === undefined) continue;
    same += 1;
    assert.deepEqual(readings, [addresses], JSON.stringify(line));
  }
  assert.ok(same > 150, `${same} lines are accepted`);
});
