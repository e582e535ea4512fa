// Folding: only what is too long is touched, unfolding gives the same field, and no line is too long or blank.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddressList } from './address-list.ts';
import { foldField } from './fold.ts';
import { fieldValue, headerField } from './header.ts';

function folded(field: string, isAddressList = false): string | undefined {
  const result = foldField(Buffer.from(`${field}\r\n`), isAddressList);
  return result === undefined ? undefined : Buffer.from(result).toString();
}

const valueOf = (field: string): string => fieldValue(headerField(Buffer.from(field))) ?? '';
const many = (separator: string): string =>
  Array.from({ length: 60 }, (_, at) => `user${at}@department.example`).join(separator);

test('5322-d: a list of recipients in one line is folded at its commas, and is the same list', () => {
  for (const separator of [', ', ',', ' ,']) {
    const field = `To: ${many(separator)}`;
    const result = folded(field, true) ?? assert.fail(separator);
    for (const line of result.split('\r\n')) assert.ok(line.length <= 78, line);
    assert.doesNotMatch(result, /\r\n[ \t]*\r\n./);
    const [before, after] = [parseAddressList(valueOf(`${field}\r\n`)), parseAddressList(valueOf(result))];
    assert.deepEqual(after, before, separator);
  }
});

test('5322-d: a comma in a name is none between addresses', () => {
  const field = `To: ${Array.from({ length: 60 }, (_, at) => `"Doe,John${at}" <j${at}@x.example>`).join(',')}`;
  const result = folded(field, true) ?? assert.fail();
  assert.match(result, /"Doe,John0"/);
  assert.deepEqual(parseAddressList(valueOf(result)), parseAddressList(valueOf(`${field}\r\n`)));
});

test('5322-d: what is short stays, and what has no blank can’t be folded', () => {
  const short = `Subject: ${'word '.repeat(150)}x`;
  assert.equal(folded(short), `${short}\r\n`);
  assert.equal(folded(`Subject: ${'x'.repeat(1200)}`), undefined);
  assert.equal(folded(`To: ${'x'.repeat(1200)}@a.example`, true), undefined);
});

test('5322-d: unfolding gives back whatever was folded at blanks', () => {
  const text = fc.stringMatching(/^[!-~][ -~]{0,1500}[!-~]$/).filter((one) => !/[!-~]{900}/.test(one));
  fc.assert(
    fc.property(text, (value) => {
      const field = `Subject: ${value}`;
      const result = folded(field);
      if (result === undefined) return;
      assert.equal(valueOf(result), ` ${value}`);
      for (const line of result.slice(0, -2).split('\r\n'))
        assert.ok(line.trim() !== '' && line.length <= 998);
    }),
  );
});
