// A data directory that can't be used, and what is said of it.

import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { DirectoryUnusable } from '../../platform/directory-unusable.ts';
import { leaveStoreToOwner, lockDataDirectory } from './data-directory.ts';
import { removeDirectory, temporaryDirectory } from './sqlite.contract-fixtures.ts';

const SERVICE = 65_534;
const needsRoot = { skip: process.getuid?.() === 0 ? false : 'root alone gives files away' };

function directory(t: TestContext): string {
  const made = temporaryDirectory();
  t.after(() => removeDirectory(made));
  return made;
}

test('a directory that can not be made names the setting that names it', (t) => {
  const base = directory(t);
  writeFileSync(join(base, 'file'), '');
  const wanted = join(base, 'file', 'var');
  assert.throws(
    () => lockDataDirectory(wanted),
    (error) =>
      error instanceof DirectoryUnusable &&
      /file\/var does not exist and can't be made by user \S+ \(a part of this path is no directory\): set `data:`/.test(
        error.message,
      ),
  );
});

test(
  'E-Q-7: what root made in the directory of the service becomes that user’s, and nothing else',
  needsRoot,
  (t) => {
    const data = directory(t);
    const outside = directory(t);
    mkdirSync(join(data, 'bodies'));
    const ours = ['lock.sqlite', 'postern.sqlite', 'postern.sqlite-wal', 'bodies/06FN0Z2V3W00000000000000AB'];
    for (const name of [...ours, 'copied.db']) writeFileSync(join(data, name), '');
    writeFileSync(join(outside, 'secret'), '');
    symlinkSync(join(outside, 'secret'), join(data, 'postern.sqlite-shm'));
    writeFileSync(join(outside, 'linked'), '');
    linkSync(join(outside, 'linked'), join(data, 'postern.sqlite-journal'));

    leaveStoreToOwner(data);
    assert.equal(statSync(join(data, 'postern.sqlite')).uid, 0, 'of a directory of root');
    chownSync(data, SERVICE, SERVICE);
    leaveStoreToOwner(data);
    for (const name of [...ours, 'bodies']) {
      const { uid, gid } = statSync(join(data, name));
      assert.deepEqual([name, uid, gid], [name, SERVICE, SERVICE]);
    }
    assert.equal(statSync(join(data, 'copied.db')).uid, 0, 'the operator’s own file');
    for (const name of ['secret', 'linked']) assert.equal(statSync(join(outside, name)).uid, 0, name);
    leaveStoreToOwner(join(data, 'missing'));
    assert.ok(!existsSync(join(data, 'missing')));

    writeFileSync(join(data, 'postern.sqlite-2'), '');
    const named = join(outside, 'data');
    symlinkSync(data, named);
    leaveStoreToOwner(named);
    assert.equal(
      statSync(join(data, 'postern.sqlite-2')).uid,
      SERVICE,
      'a link that `data:` names is the operator’s',
    );
  },
);

test(
  'E-Q-7: what root leaves to the owner of the directory is nothing behind a link of that owner',
  needsRoot,
  (t) => {
    const [data, outside] = [directory(t), directory(t)];
    const body = '06FN0Z2V3W00000000000000AB';
    writeFileSync(join(outside, body), '');
    symlinkSync(outside, join(data, 'bodies'));
    chownSync(data, SERVICE, SERVICE);
    leaveStoreToOwner(data);
    assert.deepEqual([statSync(outside).uid, statSync(join(outside, body)).uid], [0, 0]);
  },
);

for (const name of ['bodies', 'postern.sqlite', 'postern.sqlite-wal', 'lock.sqlite'])
  test(`a data directory in which ${name} is a link is not used, and nothing is made behind it`, (t) => {
    const [data, outside] = [directory(t), directory(t)];
    const target = join(outside, 'target');
    symlinkSync(target, join(data, name));
    assert.throws(
      () => lockDataDirectory(data),
      (error) =>
        error instanceof DirectoryUnusable &&
        error.message.startsWith(
          `${join(data, name)} is a link, and none is followed there: put in its place`,
        ),
    );
    assert.ok(!existsSync(target));
    renameSync(join(data, name), join(outside, 'link'));
    lockDataDirectory(data)();
  });
