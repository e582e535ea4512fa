// What is published for a key, and which published records verifiers would take for it.

import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readDkimKey } from './key.ts';
import { dkimRecordName } from './record-name.ts';
import { dkimRecord, dkimRecordFault } from './record.ts';

const file = new URL('../../../test/vectors/dkim/keys.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as readonly {
  why: string;
  pem: string;
  record: string;
}[];

test('6409-8.5: the record of a key is as the RFCs publish it', () => {
  assert.ok(vectors.length >= 2);
  for (const { why, pem, record } of vectors) assert.equal(dkimRecord(createPrivateKey(pem)), record, why);
  assert.equal(dkimRecordName('p2026a', 'example.org'), 'p2026a._domainkey.example.org');
});

const published = 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';

const records: readonly { why: string; record: string; fault: RegExp | undefined }[] = [
  { why: 'the same', record: published, fault: undefined },
  {
    why: 'no version, other order, white space inside',
    record: 'p=11qYAYKxCrfVS/7TyWQHOg7h cvPapiMlrwIaaPcHURo= ;k=ed25519 ; n=note',
    fault: undefined,
  },
  {
    why: 'lists that allow what we do',
    record: `${published}; h=sha1:sha256; s=email; t=s`,
    fault: undefined,
  },
  { why: 'another version', record: published.replace('DKIM1', 'DKIM2'), fault: /no DKIM key/ },
  { why: 'no key at all', record: 'v=DKIM1; k=ed25519', fault: /no p=/ },
  { why: 'RFC 6376 section 3.6.1: revoked', record: 'v=DKIM1; k=ed25519; p=', fault: /revoked/ },
  { why: 'the key of somebody else', record: published.replace('11qY', '22qY'), fault: /another key/ },
  { why: 'rsa is what no k= means', record: published.replace('k=ed25519;', ''), fault: /another key/ },
  { why: 'sha1 only', record: `${published}; h=sha1`, fault: /sha256/ },
  { why: 'not for mail', record: `${published}; s=other`, fault: /not for mail/ },
  { why: 'test mode: verifiers may ignore it', record: `${published}; t=y:s`, fault: /t=y/ },
];

test('D-OUT-7: a published record is right, or it is said what is wrong with it', () => {
  for (const { why, record, fault } of records) {
    const found = dkimRecordFault(record, published);
    if (fault === undefined) assert.equal(found, undefined, why);
    else assert.match(found ?? 'right', fault, why);
  }
});

test('6409-8.5: keys that receivers would not believe are refused with the reason, and without their content', () => {
  const pemOf = (made: { privateKey: { export(how: object): unknown } }): string =>
    String(made.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const good = readDkimKey(vectors[0]?.pem ?? '');
  assert.ok(good.ok && good.value.algorithm === 'ed25519-sha256');
  const rsa = readDkimKey(pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 })));
  assert.ok(rsa.ok && rsa.value.algorithm === 'rsa-sha256');
  const refused: readonly (readonly [why: string, pem: string, says: RegExp])[] = [
    ['RFC 8301 section 3.2', vectors[1]?.pem ?? '', /1024 bits.*2048/],
    ['a curve that DKIM does not know', pemOf(generateKeyPairSync('ec', { namedCurve: 'P-256' })), /type ec/],
    [
      'rsa that only makes PSS',
      pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })),
      /type rsa-pss/,
    ],
    ['no PEM', 'hello', /no private key/],
    ['empty', '', /no private key/],
  ];
  for (const [why, pem, says] of refused) {
    const read = readDkimKey(pem);
    assert.match(read.ok ? 'taken' : read.error, says, why);
  }
});
