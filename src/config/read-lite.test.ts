// What is read without the libraries is what the real parser reads; whatever it can't be sure of it leaves to that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDocument } from 'yaml';
import { DATA_DEFAULT, readConfigLite } from './read-lite.ts';
import { parseConfig } from './load.ts';

const WHOLE = `# ours: "don't"
hostname: msa.example.org
domains: [example.org]
data: /var/lib/postern # here
tls: { cert: cert.pem, key: key.pem }
relay: { smarthost: "smtp://mx.example.net:25" }
audit:
  retention: 30d
  requireReason: true
# data: ./elsewhere
http: off
`;

test('a file as `postern init` writes it is understood', () => {
  assert.equal(readConfigLite(WHOLE), '/var/lib/postern');
  assert.equal(parseConfig(WHOLE, 'postern.yaml').data, '/var/lib/postern');
});

test('what is not there is as by default', () => {
  const text =
    'hostname: msa.example.org\ndomains:\n  - example.org\ntls: { cert: a, key: b }\nrelay:\n  files: ./out\n';
  assert.equal(readConfigLite(text), DATA_DEFAULT);
  assert.equal(parseConfig(text, 'postern.yaml').data, DATA_DEFAULT);
});

const others = [
  '"data": x',
  'data : x',
  'data: "x"',
  'data: &a x',
  'data: *a',
  'data: 5',
  'data: true',
  'data:',
  'data: x\n  y',
  'data:\n  x',
  'data: x\ndata: y',
  '{ data: x }',
  '? data\n: x',
  '  data: x\n  hostname: y',
  'tls: "a\ndata: x"',
  'tls: [a,\ndata: x]',
  '---\ndata: x',
  'a: 1\n---\ndata: x',
  'data: x\r\nhostname: y',
  'data: ./ü',
];
test('what is less plain is left to the real parser', () => {
  for (const text of others) assert.equal(readConfigLite(text), undefined, text);
});

const pieces = [
  ...['data: ./x', 'data: b', 'audit:', 'data: true', 'retention: 30d', '\n', '\n', '\n  '],
  ...['\n    ', ' ', '"', "'", '[', ']', '{', '}', ',', '#', ' #', '|', '>', '&x ', '*x', '- ', 'a: b', 'k:'],
  ...['relay:', '? ', ': ', 'tls: ', '---', '...', '!!str ', '<<: ', '%YAML', 'x', '`', '@'],
];

/** As the whole file would be read; undefined: nobody could serve by it. */
function really(text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, logLevel: 'silent' });
  if (document.errors.length > 0) return undefined;
  try {
    const { data = DATA_DEFAULT } = (document.toJS() ?? {}) as { readonly data?: unknown };
    return typeof data === 'string' ? data : undefined;
  } catch {
    return undefined;
  }
}

test('nothing is told that the real parser reads in another way', () => {
  let told = 0;
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 16 }), (some) => {
      const text = some.join('');
      const seen = readConfigLite(text);
      const real = seen && really(text);
      if (seen === undefined || real === undefined) return;
      told += 1;
      assert.equal(seen, real, JSON.stringify(text));
    }),
    { numRuns: 20_000 },
  );
  assert.ok(told > 1000, String(told));
});
