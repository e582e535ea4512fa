// What `npm ci` brings is what the lock file has the hash of: the Node that everything runs on too, and no script of a package runs on the way.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
  readonly optional?: boolean;
  readonly dev?: boolean;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

test('every package has its hash, and none runs a script when it is installed', () => {
  for (const [path, { integrity, hasInstallScript }] of Object.entries(packages).filter(
    ([path]) => path !== '',
  )) {
    assert.match(integrity ?? '', /^sha512-/, path);
    assert.notEqual(hasInstallScript, true, path);
  }
});

test('Node itself comes without the packages of development, for each architecture', () => {
  for (const architecture of ['x64', 'arm64']) {
    const { optional, dev } =
      packages[`node_modules/node-linux-${architecture}`] ?? assert.fail(architecture);
    assert.deepEqual([optional, dev], [true, undefined]);
  }
});
