// Cutting a header into fields: what two programs could cut differently is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, latin1, octetString, utf8 } from '../base/bytes.ts';
import {
  fieldValue,
  FIELD_OCTETS_MAX,
  FIELDS_MAX,
  headerField,
  type HeaderField,
  isNamed,
  parseHeader,
} from './header.ts';

function fieldsOf(bytes: Uint8Array): readonly HeaderField[] {
  const parsed = parseHeader(bytes);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.detail);
  return parsed.value.fields;
}

const read: readonly (readonly [
  header: string,
  fields: readonly (readonly [string, string])[],
  why: string,
])[] = [
  ['', [], 'no fields'],
  ['A: b\r\n', [['A', ' b']], 'one'],
  [
    'A:b\r\nA: c\r\n',
    [
      ['A', 'b'],
      ['A', ' c'],
    ],
    'equal names stay apart',
  ],
  ['A: b\r\n c\r\n\td\r\n', [['A', ' b c\td']], 'unfolding takes CRLF away, nothing else'],
  ['A:\r\n b\r\n', [['A', ' b']], 'folded right after the colon'],
  ['A:\r\n', [['A', '']], 'an empty value'],
  ['A: b: c\r\n', [['A', ' b: c']], 'the first colon counts'],
  [
    'a!#$%&\'*+-/9;<=>?@[\\]^_`{|}~"(),.: b\r\n',
    [['a!#$%&\'*+-/9;<=>?@[\\]^_`{|}~"(),.', ' b']],
    'all of 33 to 126',
  ],
  [`${'n'.repeat(255)}: b\r\n`, [['n'.repeat(255), ' b']], 'a long name'],
  [
    '__proto__: b\r\nconstructor: c\r\n',
    [
      ['__proto__', ' b'],
      ['constructor', ' c'],
    ],
    'F-DOS-13',
  ],
];

test('a header is a list of fields, each with all its octets', () => {
  for (const [header, expected, why] of read) {
    const fields = fieldsOf(latin1(header));
    assert.deepEqual(
      fields.map((field) => [field.name, fieldValue(field)]),
      expected,
      why,
    );
    assert.equal(octetString(concat(fields.map(({ raw }) => raw))), header, `${why}: octet for octet`);
  }
});

const refused: readonly (readonly [header: string, detail: RegExp, why: string])[] = [
  ['From : alice@example.org\r\n', /line 1 is no header field/, 'a space before the colon'],
  ['From\t: alice@example.org\r\n', /line 1 is no/, 'a tab before the colon'],
  ['\xef\xbb\xbfFrom: alice@example.org\r\n', /line 1 is no/, 'a byte order mark'],
  ['Fr\xd0\xbem: alice@example.org\r\n', /line 1 is no/, 'a Cyrillic letter in the name'],
  ['Fr\r\n om: alice@example.org\r\n', /line 1 is no/, 'a folded name'],
  ['Fr\0m: alice@example.org\r\n', /line 1 is no/, 'NUL in the name'],
  ['Fr\x7fm: alice@example.org\r\n', /line 1 is no/, 'DEL in the name'],
  ['=?x?=\r\n', /line 1 is no/, 'no colon'],
  [': b\r\n', /line 1 is no/, 'no name'],
  ['A: b\r\nhello\r\nC: d\r\n', /line 2 is no/, 'a line without colon'],
  [' A: b\r\n', /line 1 is no/, 'the first line is a continuation'],
  ['\tA: b\r\n', /line 1 is no/, 'by a tab'],
  ['From ceo@example.org Mon Nov 23 10:00:00 2026\r\nA: b\r\n', /line 1 is no/, 'an mbox line'],
  [
    'A: b\r\n \r\nFrom: bob@example.org\r\n',
    /line 2 holds white space alone/,
    'a continuation of white space',
  ],
  ['A: b\r\n c\r\n\t \t\r\n', /line 3 holds white space alone/, 'the same further down'],
  [`${'n'.repeat(256)}: b\r\n`, /line 1 is no/, 'a name without end'],
  ['A: b\r\nSubject: x\nFrom: ceo@example.org\r\n', /bare CR or LF in line 2/, 'a bare LF'],
  ['A: b\rFrom: ceo@example.org\r\n', /bare CR or LF in line 1/, 'a bare CR'],
  ['A: b\r\r\n', /bare CR or LF in line 1/, 'CR CR LF'],
  ['A: b\r\n c\rd\r\n', /bare CR or LF in line 2/, 'a bare CR in a continuation'],
  ['A: b\r\n c\n\r\n', /bare CR or LF in line 2/, 'a bare LF in a continuation'],
  ['A: b\n', /bare CR or LF in line 1/, 'LF alone at the end'],
  ['A: b', /bare CR or LF in line 1/, 'no line end'],
  ['A: b\0c\r\n', /NUL in the field in line 1/, 'NUL in a value'],
  ['A: b\r\nB: c\r\n d\0\r\n', /NUL in the field in line 2/, 'NUL in a continuation'],
];

test('5322-e 5322-f/1 5322-f/2 F-FROM-10 F-HDR-8: what could be cut differently is no header', () => {
  for (const [header, detail, why] of refused) {
    const parsed = parseHeader(latin1(header));
    assert.ok(!parsed.ok, why);
    assert.match(parsed.error.detail, detail, why);
  }
});

test('5322-k: 1000 fields and a field of 64 KiB pass, one more does not', () => {
  assert.equal(fieldsOf(latin1('A: b\r\n'.repeat(FIELDS_MAX))).length, 1000);
  assert.ok(!parseHeader(latin1('A: b\r\n'.repeat(FIELDS_MAX + 1))).ok);
  const field = (octets: number): string => `A: ${'x'.repeat(octets - 5)}\r\n`;
  assert.equal(fieldsOf(latin1(field(FIELD_OCTETS_MAX))).length, 1);
  assert.ok(!parseHeader(latin1(field(FIELD_OCTETS_MAX + 1))).ok);
  const folded = `A: b\r\n${' c\r\n'.repeat(FIELD_OCTETS_MAX / 4)}`;
  assert.ok(!parseHeader(latin1(folded)).ok, 'many short lines make a large field too');
});

test('the value of a field is text only if it is strict UTF-8', () => {
  const valueOf = (raw: Uint8Array): string | undefined => fieldValue(headerField(raw));
  assert.equal(valueOf(utf8('A: grün\r\n')), ' grün');
  assert.equal(valueOf(latin1('A: gr\xfcn\r\n')), undefined, 'Latin-1');
  assert.equal(valueOf(latin1('A: \xc0\xaf\r\n')), undefined, 'overlong');
  assert.equal(valueOf(latin1('A: \xed\xa0\x80\r\n')), undefined, 'a surrogate');
});

test('names are compared without case', () => {
  const named = (name: string): boolean => isNamed(headerField(latin1(`${name}: a\r\n`)), 'from');
  assert.deepEqual(['From', 'fRoM', 'FROM'].map(named), [true, true, true]);
  assert.deepEqual(['Fro', 'Fromm', 'Resent-From', 'From.'].map(named), [false, false, false, false]);
});
