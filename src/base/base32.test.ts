import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { decodeBase32, encodeBase32, isBase32 } from './base32.ts';

const symbols = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

test('base32: what was encoded is decoded, and told from all other spellings', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      const text = encodeBase32(bytes);
      assert.deepEqual(decodeBase32(text, bytes.length), bytes);
      assert.equal(isBase32(text, bytes.length), true);
      assert.equal(isBase32(`${text}0`, bytes.length), false);
    }),
  );
});

test('base32: a text is the one spelling of its bytes, or is not', () => {
  const symbol = fc.constantFrom(
    ...symbols,
    ...symbols.toLowerCase(),
    'O',
    'I',
    'L',
    'U',
    '-',
    'ſ',
    '\u0130',
  );
  fc.assert(
    fc.property(fc.array(symbol, { minLength: 26, maxLength: 26 }), (letters) => {
      const text = letters.join('');
      const bytes = decodeBase32(text, 16);
      assert.equal(isBase32(text, 16), bytes !== undefined && encodeBase32(bytes) === text);
    }),
    { numRuns: 1000 },
  );
});

const vectors = [
  { text: '7ZZZZZZZZZZZZZZZZZZZZZZZZZ', is: true, why: 'sixteen times 255, the greatest there is' },
  { text: '80000000000000000000000000', is: false, why: 'an odd bit in front: 129 bits' },
  { text: '0000000000000000000000000O', is: false, why: 'a letter that is read as 0 and never written' },
  { text: '7zzzzzzzzzzzzzzzzzzzzzzzzz', is: false, why: 'lower case is read and never written' },
] as const;

for (const { text, is, why } of vectors)
  test(`base32: ${text} ${is ? 'is' : 'is not'} as it is written: ${why}`, () => {
    assert.equal(isBase32(text, 16), is);
  });
