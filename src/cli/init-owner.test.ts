// What `init --user` gives away: what it made, and of the data directory what is ours.

import assert from 'node:assert/strict';
import { chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { removeDirectory, temporaryDirectory } from '../store/sqlite/sqlite.contract-fixtures.ts';
import { handOver } from './init-owner.ts';

const SERVICE = { uid: 65_534, gid: 65_534 };
const STRANGER = 65_533;
const needsRoot = { skip: process.getuid?.() === 0 ? false : 'root alone gives files away' };

test(
  'init gives the server its data, and leaves what else lies there, and what a link leads to',
  needsRoot,
  async (t) => {
    const [target, outside] = [temporaryDirectory(), temporaryDirectory()];
    t.after(() => [target, outside].forEach(removeDirectory));
    const at = (name: string): string => join(target, name);
    for (const directory of ['data', 'data/bodies', 'data/own']) mkdirSync(at(directory));
    for (const file of ['postern.yaml', 'data/postern.sqlite', 'data/own/notes']) writeFileSync(at(file), '');
    writeFileSync(join(outside, 'secret'), '');
    symlinkSync(join(outside, 'secret'), at('data/postern.sqlite-wal'));
    await handOver({ files: [at('postern.yaml')], directory: target, data: at('data') }, SERVICE);
    const owners = [
      '.',
      'postern.yaml',
      'data',
      'data/postern.sqlite',
      'data/bodies',
      'data/own',
      'data/own/notes',
    ].map((name) => [name, statSync(at(name)).uid, statSync(at(name)).gid]);
    assert.deepEqual(owners, [
      ['.', 0, SERVICE.gid],
      ['postern.yaml', 0, SERVICE.gid],
      ['data', SERVICE.uid, SERVICE.gid],
      ['data/postern.sqlite', SERVICE.uid, SERVICE.gid],
      ['data/bodies', SERVICE.uid, SERVICE.gid],
      ['data/own', 0, 0],
      ['data/own/notes', 0, 0],
    ]);
    assert.equal(statSync(join(outside, 'secret')).uid, 0);
  },
);

test('init leaves a data directory of another user to that one', needsRoot, async (t) => {
  const target = temporaryDirectory();
  t.after(() => removeDirectory(target));
  const data = join(target, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'postern.sqlite'), '');
  chownSync(data, STRANGER, STRANGER);
  await handOver({ files: [], directory: undefined, data }, SERVICE);
  assert.deepEqual([statSync(data).uid, statSync(join(data, 'postern.sqlite')).uid], [STRANGER, STRANGER]);
});
