import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '../cli/certificate.ts';
import { loadConfig } from '../config/load.ts';
import { certificateStates, certificateTime, checkCertificates, judgeCertificates } from './start-checks.ts';

test('a server for mail from outside alone, without TLS, needs no certificate', () => {
  const judgement = judgeCertificates([], { hostname: 'msa.example.org', tls: undefined }, Date.now());
  assert.deepEqual(judgement, { ill: [], warnings: [] });
});

test('a certificate is told by its names and addresses alone', async () => {
  const pair = await makeCertificate(['msa.example.org', 'smtp.example.org'], ['192.0.2.1']);
  const [state] = certificateStates([pair], Date.now());
  assert.equal(state?.names, 'msa.example.org, smtp.example.org, 192.0.2.1');
});

test('TLS-r: certificates that can not be read for a moment are a problem that is told, never an exception', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-checks-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const { cert, key } = await makeCertificate(['msa.example.org'], []);
  const [certFile, keyFile, file] = ['cert.pem', 'key.pem', 'postern.yaml'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  writeFileSync(
    file,
    'hostname: msa.example.org\ndomains: [example.org]\ntls: { cert: cert.pem, key: key.pem }\nrelay: { files: ./out }\n',
  );
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key, { mode: 0o600 });
  const loaded = loadConfig(file);
  const now = Date.now();
  assert.deepEqual(checkCertificates(loaded, now).problems, []);

  const troubles = [
    { why: 'half written', make: () => writeFileSync(certFile, cert.slice(0, 100)) },
    { why: 'away', make: () => rmSync(certFile) },
    { why: 'a key for everybody', make: () => chmodSync(keyFile, 0o644) },
  ];
  for (const { why, make } of troubles) {
    make();
    assert.equal(checkCertificates(loaded, now).problems.length, 1, why);
  }
});

const DAY_MS = 86_400_000;

for (const { days, warnedAt } of [
  { days: 6, warnedAt: 1.5 },
  { days: 45, warnedAt: 11.25 },
  { days: 90, warnedAt: 21 },
  { days: 365, warnedAt: 21 },
])
  test(`TLS-r: a certificate of ${days} days is a warning for its last ${warnedAt}, and ill only when it has expired`, async () => {
    const begun = Date.UTC(2026, 0, 1);
    const pair = await makeCertificate(['msa.example.org'], [], { from: begun, days });
    const at = (left: number) =>
      judgeCertificates([pair], { hostname: 'msa.example.org' }, begun + (days - left) * DAY_MS);
    for (const left of [days, days / 2, days / 3, warnedAt + 0.1])
      assert.deepEqual(at(left), { ill: [], warnings: [] }, `${left} days left`);
    for (const left of [warnedAt - 0.1, 0.1]) {
      const { ill, warnings } = at(left);
      assert.deepEqual([ill.length, warnings.length], [0, 1], `${left} days left`);
      assert.match(warnings[0] ?? '', /expires in \d+ (days|hours), and was not renewed yet/);
    }
    assert.match(at(-0.1).ill[0] ?? '', /has expired/);
    assert.equal(certificateTime([pair], begun + (days / 4) * DAY_MS)?.share, 0.75);
  });
