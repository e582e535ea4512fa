// Codes of authenticator apps, by the vectors of the RFCs.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTotpSecret, totpCode, totpSecretText, totpStep, totpUri } from './totp.ts';

const secret = Buffer.from('12345678901234567890');

test('codes are those of RFC 4226 appendix D and, cut to six digits, of RFC 6238 appendix B', () => {
  const counted = '755224 287082 359152 969429 338314 254676 287922 162583 399871 520489'.split(' ');
  assert.deepEqual(
    counted.map((_, step) => totpCode(secret, step)),
    counted,
  );
  for (const [seconds, code] of [
    [59, '94287082'],
    [1_111_111_109, '07081804'],
    [1_111_111_111, '14050471'],
    [1_234_567_890, '89005924'],
    [2_000_000_000, '69279037'],
    [20_000_000_000, '65353130'],
  ] as const)
    assert.equal(totpCode(secret, Math.floor(seconds / 30)), code.slice(2));
});

test('a code counts from one step before to one step after, and tells its step', () => {
  const now = 1_700_000_000_000;
  const step = Math.floor(now / 30_000);
  for (const [off, found] of [
    [-2, undefined],
    [-1, step - 1],
    [0, step],
    [1, step + 1],
    [2, undefined],
  ] as const)
    assert.equal(totpStep(secret, totpCode(secret, step + off), now), found, String(off));
  const code = totpCode(secret, step);
  assert.equal(totpStep(secret, ` ${code.slice(0, 3)} ${code.slice(3)} `, now), step);
  for (const wrong of ['', code.slice(1), `${code}0`, 'abcdef', '\u{1f600}'])
    assert.equal(totpStep(secret, wrong, now), undefined, wrong);
});

test('a secret is shown in the base32 of RFC 4648, and read back as people type it', () => {
  const text = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
  assert.equal(totpSecretText(secret), text);
  assert.deepEqual(parseTotpSecret('gezd gnbv gy3t qojq gezd gnbv gy3t qojq'), new Uint8Array(secret));
  for (const wrong of ['', text.slice(1), `${text}A`, text.replace('G', '1')])
    assert.equal(parseTotpSecret(wrong), undefined, wrong);
});

test('an app is told the issuer, the login and the secret', () => {
  const uri = totpUri(secret, { issuer: 'mail.example.org', login: 'a&b?c@example.org' });
  const { host, pathname, searchParams } = new URL(uri);
  assert.match(uri, /^otpauth:/);
  assert.equal(host, 'totp');
  assert.equal(pathname, '/mail.example.org:a%26b%3Fc%40example.org');
  assert.deepEqual(
    [...searchParams],
    [
      ['secret', totpSecretText(secret)],
      ['issuer', 'mail.example.org'],
    ],
  );
});
