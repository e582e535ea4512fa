// Certificates and keys that do not fit: both files are named, and what is wrong with which.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { makeCertificate } from '../cli/certificate.ts';
import { pairProblem } from './certificate-pair.ts';

test('F-OPS-5: a pair that does not fit is told with both files and no code of a library', async () => {
  const one = await makeCertificate(['a.example'], []);
  const other = await makeCertificate(['b.example'], []);
  const { privateKey: encrypted } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' },
  });
  const cases: readonly (readonly [cert: string, key: string, says: RegExp | undefined])[] = [
    [one.cert, one.key, undefined],
    [one.cert, other.key, /^key\.pem is not the key of the certificate in cert\.pem/],
    [one.key, one.cert, /^cert\.pem holds a key: are `cert` and `key` exchanged\?/],
    [one.cert, one.cert, /^key\.pem holds a certificate: are/],
    [one.cert.slice(0, 100), one.key, /^cert\.pem holds no certificate that can be read/],
    ['', one.key, /^cert\.pem holds no certificate/],
    [one.cert, one.key.slice(0, 60), /^key\.pem holds no private key/],
    [one.cert, encrypted, /^key\.pem is encrypted.*openssl pkey -in key\.pem/],
  ];
  for (const [cert, key, says] of cases) {
    const problem = pairProblem({ file: 'cert.pem', pem: cert }, { file: 'key.pem', pem: key });
    if (says === undefined) assert.equal(problem, undefined);
    else assert.match(problem ?? '', says);
    assert.doesNotMatch(problem ?? '', /error:|ERR_/);
  }
});
