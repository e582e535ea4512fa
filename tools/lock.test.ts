// What `npm ci` brings is what the lock file has the hash of: the Node that everything runs on too, and no script of a package runs on the way
// (npm 11.19 and 12 heed `allowScripts`).

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
const { allowScripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly allowScripts: Readonly<Record<string, boolean>>;
};

test('every package has its hash, and none runs a script when it is installed', () => {
  const refused: string[] = [];
  for (const [path, { integrity, hasInstallScript, dev }] of Object.entries(packages)) {
    if (path === '') continue;
    assert.match(integrity ?? '', /^sha512-/, path);
    if (hasInstallScript !== true) continue;
    assert.equal(dev, true, path);
    refused.push(path.replace(/.*node_modules\//, ''));
  }
  assert.deepEqual(allowScripts, Object.fromEntries(refused.map((name) => [name, false])));
});

test('Node itself comes without the packages of development, for each architecture', () => {
  for (const architecture of ['x64', 'arm64']) {
    const { optional, dev } =
      packages[`node_modules/node-linux-${architecture}`] ?? assert.fail(architecture);
    assert.deepEqual([optional, dev], [true, undefined]);
  }
});
