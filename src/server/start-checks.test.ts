import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '../cli/certificate.ts';
import { loadConfig } from '../config/load.ts';
import { certificateDays, checkCertificates } from './start-checks.ts';

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
  assert.ok((certificateDays(loaded, now) ?? 0) > 0);

  const troubles = [
    { why: 'half written', make: () => writeFileSync(certFile, cert.slice(0, 100)) },
    { why: 'away', make: () => rmSync(certFile) },
    { why: 'a key for everybody', make: () => chmodSync(keyFile, 0o644) },
  ];
  for (const { why, make } of troubles) {
    make();
    assert.equal(checkCertificates(loaded, now).problems.length, 1, why);
    assert.equal(certificateDays(loaded, now), undefined, why);
  }
});
