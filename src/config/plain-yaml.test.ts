// What is read as plain YAML is what the real parser reads.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import { parsePlainYaml } from './plain-yaml.ts';

const plain = [
  'host: msa.example.org\nport: 465\ntls: implicit\n',
  '# mine\naddress: alice@example.org # work\n\npasswordFile: ~/.config/postern/password\nca: ./ca.pem\n',
  'aliases:\n  root: alice@example.org\n  cron: ops@example.org\nqueue: offline',
];
test('plain files are read', () => {
  for (const text of plain) assert.deepEqual(parsePlainYaml(text), parse(text), text);
});

const others = [
  'a: "b"',
  'a: b c',
  'a: [b]',
  'a: true',
  'a: null',
  'a:',
  'a: 0x1',
  'a: 1.5',
  'a: -1',
  'a: b\na: c',
  'a: &x b',
  'a: *x',
  '- a',
  ' a: b',
  'a: b\n  c: d',
  'a:\n  b: c\n    d: e',
  'a: b: c',
  'a: b#c',
  'a: 25MiB',
  '__proto__: x',
  'true: x',
  'a\t: b',
  'a: ~',
  'a: .5',
  'a: |\n  b: c',
  '---\na: b',
  'a: ü',
  'constructor: x',
];
test('what is less plain is left to the real parser', () => {
  for (const text of others) assert.equal(parsePlainYaml(text), undefined, text);
});

test('nothing is read in another way than the real parser reads it', () => {
  const piece = fc.constantFrom(
    'a',
    'b',
    ':',
    ' ',
    '  ',
    '\n',
    '\n  ',
    '#',
    '.',
    '~',
    '-',
    '1',
    '0',
    '/',
    '@',
    'x: y',
    'a: b\n',
    'k:\n  ',
    'null',
    'yes',
    '"',
    '!',
    'e5',
    '+',
    '_',
    '.inf',
    '...',
  );
  let read = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 14 }), (pieces) => {
      const text = pieces.join('');
      const quick = parsePlainYaml(text);
      if (quick === undefined || Object.keys(quick).length === 0) return;
      read += 1;
      assert.deepEqual(quick, parse(text), JSON.stringify(text));
    }),
    { numRuns: 20_000 },
  );
  assert.ok(read > 100, String(read));
});
