// Key files as operators leave them: which the server takes, and what it says about the others.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ConfigError } from '../config/find.ts';
import { parseConfig } from '../config/load.ts';
import { readDkimKeys } from './dkim-keys.ts';

const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' });

function keysIn(directory: string, ...files: readonly string[]) {
  const keys = files.map((file, at) => `{ domain: example.org, selector: s${at}, key: ${file} }`);
  const text = `hostname: mail.example.org\ndomains: [example.org]\ntls: { cert: c, key: k }\nrelay: { files: out }\ndkim: [${keys.join(', ')}]`;
  const config = parseConfig(text, 'postern.yaml');
  return readDkimKeys({ file: 'postern.yaml', directory, config, path: (name) => join(directory, name) });
}

test('F-OPS-1: a key file that others may read or change is refused, and every bad file is named', () => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-dkim-'));
  try {
    for (const [name, mode] of [
      ['own', 0o600],
      ['group', 0o640],
      ['all', 0o644],
      ['write', 0o660],
    ] as const) {
      writeFileSync(join(directory, name), key);
      chmodSync(join(directory, name), mode);
    }
    writeFileSync(join(directory, 'text'), 'no key', { mode: 0o600 });
    const [own, group] = keysIn(directory, 'own', 'group');
    assert.ok(
      own?.required === true && own.selector === 's0' && own.record.startsWith('v=DKIM1; k=ed25519; p='),
    );
    assert.equal(group?.pem, key);
    assert.throws(
      () => keysIn(directory, 'all', 'write', 'text', 'absent'),
      (error: ConfigError) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.problems.length, 4);
        for (const [at, says] of [
          /dkim\.0\.key: all: .*mode 644/,
          /dkim\.1\.key: write: .*mode 660/,
          /text: it is no private key/,
          /absent: .*no such file/,
        ].entries())
          assert.match(error.problems[at] ?? '', says);
        return true;
      },
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
