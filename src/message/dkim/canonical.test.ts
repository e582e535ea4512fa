// Canonical forms against the examples of the RFCs, piece by piece and at once, and against a plain model of their rules.

import assert from 'node:assert/strict';
import { createHash, createPrivateKey, hash, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { RelaxedBodyHash } from './relaxed-body.ts';
import { relaxedFields } from './relaxed-header.ts';
import { signatureField, signedOctets, unsignedField } from './signature.ts';
import { signedFields } from './signed-fields.ts';

function vectors<T>(name: string): T {
  const file = new URL(`../../../test/vectors/dkim/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

const { bodies, fields } = vectors<{
  bodies: readonly { why: string; body: string; relaxed: string; hash?: string }[];
  fields: readonly { why: string; field: string; relaxed: string }[];
}>('canonical');

const octets = (text: string): Buffer => Buffer.from(text, 'latin1');
const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes, 'base64');

function bodyHash(pieces: readonly Uint8Array[]): string {
  const body = new RelaxedBodyHash();
  for (const piece of pieces) body.update(piece);
  return body.digest().toString('base64');
}

/** The rules as RFC 6376 section 3.4.4 says them, one after the other, on the whole body. */
function model(body: string): string {
  const lines = body.split('\r\n').map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, ''));
  while (lines.length > 0 && lines.at(-1) === '') lines.pop();
  return lines.map((line) => `${line}\r\n`).join('');
}

test('6409-8.5: the body is hashed in its relaxed form, wherever it is cut', () => {
  for (const { why, body, relaxed, hash: published } of bodies) {
    const bytes = octets(body);
    const expected = sha256(octets(relaxed));
    if (published !== undefined) assert.equal(expected, published, why);
    assert.equal(model(body), relaxed, why);
    assert.equal(bodyHash([bytes]), expected, why);
    assert.equal(bodyHash([...bytes].map((octet) => Buffer.of(octet))), expected, `${why}, octet by octet`);
    for (let at = 1; at < bytes.length; at += 1)
      assert.equal(bodyHash([bytes.subarray(0, at), bytes.subarray(at)]), expected, `${why}, cut at ${at}`);
  }
});

test('6409-8.5: any body, cut anywhere, has the hash of its relaxed form', () => {
  const piece = fc.oneof(
    fc.constantFrom(' ', '  ', '\t', '\r\n', '\r\n\r\n', '\r', '\n', ' \r\n', '.', 'x', 'word', '\xe4', '\0'),
    fc.constant('long '.repeat(300)),
    fc.constant('\r\n'.repeat(1500)),
    fc.constant('  y'.repeat(3000)),
  );
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 40 }),
      fc.array(fc.nat(2000), { maxLength: 5 }),
      (parts, cuts) => {
        const body = octets(parts.join(''));
        const pieces: Uint8Array[] = [];
        let from = 0;
        for (const cut of cuts) {
          pieces.push(body.subarray(from, from + cut));
          from += cut;
        }
        pieces.push(body.subarray(from));
        assert.equal(bodyHash(pieces), sha256(octets(model(parts.join('')))));
      },
    ),
    { numRuns: 300 },
  );
});

test('6409-8.5: header fields have their relaxed form', () => {
  for (const { why, field, relaxed } of fields)
    assert.equal(Buffer.from(relaxedFields([octets(field)])).toString('latin1'), relaxed, why);
  const all = fields.map(({ field }) => octets(field));
  assert.equal(
    Buffer.from(relaxedFields(all)).toString('latin1'),
    fields.map(({ relaxed }) => relaxed).join(''),
  );
});

test('6409-8.5: what we sign is what RFC 8463 appendix A signs, to the octet', () => {
  const keys = vectors<readonly { pem: string }[]>('keys');
  const { signatures, fields: signed } = vectors<{
    fields: readonly string[];
    signatures: readonly { key: number; field: string; b: string }[];
  }>('rfc8463');
  assert.equal(signatures.length, 2);
  for (const { key, field, b } of signatures) {
    const bytes = signedOctets({ names: [], fields: signed.map(octets) }, field);
    const privateKey = createPrivateKey(keys[key]?.pem ?? '');
    const made =
      key === 0 ? sign(null, hash('sha256', bytes, 'buffer'), privateKey) : sign('sha256', bytes, privateKey);
    assert.equal(made.toString('base64'), b);
  }
});

test('F-DKIM-1 D-FB-5 6409-8.5: From, subject and addressees can not be added to, others are covered as far as they are there', () => {
  const header = octets(
    [
      'Received: from a by b; date\r\n',
      'RESENT-FROM: two@example.org\r\n',
      'Resent-From: one@example.org\r\n',
      'From: Alice\r\n <alice@example.org>\r\n',
      'Subject : hello\r\n',
      'X-Tenant: 7\r\n',
      'X-Other: 8\r\n',
      'DKIM-Signature: v=1; b=x\r\n',
      'Content-Type: text/plain\r\n',
      'CFBL-Address: fbl@example.org; report=arf\r\n',
      '\r\n',
    ].join(''),
  );
  const { names, fields: chosen } = signedFields(header, ['x-tenant', 'from']);
  assert.equal(
    names.join(':'),
    'from:from:reply-to:subject:subject:to:cc:content-type:content-type:cfbl-address:resent-from:resent-from:x-tenant',
  );
  assert.deepEqual(
    chosen.map((field) => Buffer.from(field).toString('latin1')),
    [
      'From: Alice\r\n <alice@example.org>\r\n',
      'Subject : hello\r\n',
      'Content-Type: text/plain\r\n',
      'CFBL-Address: fbl@example.org; report=arf\r\n',
      'Resent-From: one@example.org\r\n',
      'RESENT-FROM: two@example.org\r\n',
      'X-Tenant: 7\r\n',
    ],
  );
  const many = signedFields(octets('Resent-From: a@example.org\r\n'.repeat(900)), []);
  assert.equal(many.fields.length, 10);
});

test('6409-8.5: the signature field is folded, without l=, x= and i=', () => {
  const names = [...signedFields(octets('From: a\r\nTo: b\r\nDate: c\r\n'), []).names, 'x'.repeat(76)];
  const unsigned = unsignedField({
    ...{ algorithm: 'rsa-sha256', domain: 'example.org', selector: 'p2026a', time: 1_795_000_000_999, names },
    bodyHash: createHash('sha256').digest(),
  });
  const text = Buffer.from(signatureField(unsigned, Buffer.alloc(256, 7))).toString('latin1');
  assert.match(
    text,
    /^DKIM-Signature: v=1; a=rsa-sha256; c=relaxed\/relaxed; d=example\.org;\r\n\ts=p2026a; t=1795000000; h=from:/,
  );
  assert.doesNotMatch(text, /[ ;\t][lxi]=/);
  assert.ok(text.endsWith('\r\n'));
  const lines = text.slice(0, -2).split('\r\n');
  assert.ok(lines.length > 8);
  for (const line of lines) assert.ok(line.length <= 78, line);
  for (const line of lines.slice(1)) assert.match(line, /^\t[^ \t]/);
  assert.equal(text.replaceAll(/\s/g, '').split(';b=')[1], Buffer.alloc(256, 7).toString('base64'));
});

test('6409-8.5: no line of the signature field is longer than 76 columns, wherever its folds fall', () => {
  const signature = Buffer.alloc(256, 7);
  for (let length = 1; length <= 63; length += 1) {
    const unsigned = unsignedField({
      ...{ algorithm: 'rsa-sha256', domain: 'example.org', selector: 's', time: 1_795_000_000_999 },
      ...{ names: ['from', 'x'.repeat(length)], bodyHash: createHash('sha256').digest() },
    });
    const text = Buffer.from(signatureField(unsigned, signature)).toString('latin1');
    for (const line of text.slice(0, -2).split('\r\n')) assert.ok(line.length <= 76, line);
    assert.equal(text.replaceAll(/\s/g, '').split(';b=')[1], signature.toString('base64'));
  }
});

test('F-DOS-3: canonical forms are made in linear work, whatever the octets', () => {
  // Work that grows with the square would be 10^13 steps: no machine ends that before the runner's limit.
  const OCTETS = 2_097_152;
  const costly = [' ', '\t', '\r\n', 'a ', 'a  ', ' \r\n', '\r', ' \r', 'a\r\n', ':', '\r\n '];
  for (const unit of costly) {
    const bytes = octets(unit.repeat(Math.ceil(OCTETS / unit.length)));
    bodyHash([bytes]);
    relaxedFields([Buffer.concat([octets('X:'), bytes])]);
    signedFields(bytes, []);
  }
});
