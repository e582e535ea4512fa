// Secrets that stand in a file of their own: read as they are, and only if they are still secret.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from './find.ts';
import { readSecret } from './secrets.ts';

const directory = mkdtempSync(join(tmpdir(), 'postern-secrets-'));
after(() => rmSync(directory, { recursive: true }));

const modes: readonly (readonly [mode: number, isTaken: boolean])[] = [
  [0o400, true],
  [0o600, true],
  [0o640, true],
  [0o660, true],
  [0o644, false],
  [0o604, false],
  [0o602, false],
  [0o444, false],
];

for (const [mode, isTaken] of modes)
  test(`the file of a secret, mode ${mode.toString(8)}: ${isTaken ? 'taken' : 'refused'}`, () => {
    const file = join(directory, mode.toString(8));
    writeFileSync(file, 'hunter2\n');
    chmodSync(file, mode);
    const read = (): string => readSecret({ file: mode.toString(8) }, (name) => join(directory, name), {});
    if (isTaken) assert.equal(read(), 'hunter2');
    else
      assert.throws(
        read,
        (error) =>
          error instanceof ConfigError &&
          error.message.startsWith(`${file}: it is readable by everybody: chmod o= it, or mount it with `),
      );
  });
