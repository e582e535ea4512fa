// Quoted-printable: another implementation reads back what was written, and no line is too long.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeQuotedPrintable } from './quoted-printable.ts';

const encoded = (text: string): string => Buffer.from(encodeQuotedPrintable(Buffer.from(text))).toString();

/** RFC 2045 section 6.7, as a reader does it. */
function decode(text: string): Buffer {
  const joined = text.replaceAll(/[ \t]+(?=\r\n|$)/g, '').replaceAll('=\r\n', '');
  const octets = joined.replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(octets, 'latin1');
}

const written: readonly (readonly [text: string, expected: string])[] = [
  ['hi\r\n', 'hi\r\n'],
  ['Grüße\r\n', 'Gr=C3=BC=C3=9Fe\r\n'],
  ['1 = 1\r\n', '1 =3D 1\r\n'],
  ['blank \r\ntab\t\r\nend ', 'blank=20\r\ntab=09\r\nend=20'],
  ['a  b\r\n', 'a  b\r\n'],
  ['.\r\nFrom x\r\n', '=2E\r\n=46rom x\r\n'],
  ['x'.repeat(76), 'x'.repeat(76)],
  ['x'.repeat(77), `${'x'.repeat(75)}=\r\nxx`],
  ['', ''],
  ['\r\n\r\n', '\r\n\r\n'],
];

test('quoted-printable is written as RFC 2045 says', () => {
  for (const [text, expected] of written) assert.equal(encoded(text), expected, JSON.stringify(text));
});

test('5322-d: what is written is read back to the octet, in lines of 76 characters of ASCII', () => {
  const line = fc.stringMatching(/^[^\r\n]{0,300}$/);
  fc.assert(
    fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
      const text = lines.map((one) => `${one}\r\n`).join('');
      const result = encoded(text);
      assert.deepEqual(decode(result), Buffer.from(text.toWellFormed()));
      for (const one of result.split('\r\n')) assert.match(one, /^[\t\x20-\x7e]{0,76}$/);
      assert.doesNotMatch(result, /[ \t]\r\n|(?:^|\n)\.|(?:^|\n)From /);
    }),
  );
});
