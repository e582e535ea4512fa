// The lock of a directory: one process has it, and it ends with that process.

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { lockDirectory, lockNameOf } from './directory-lock.ts';
import { DirectoryUnusable } from './directory-unusable.ts';

const queue = { setting: 'queueDirectory' };

function directory(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'postern-lock-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

test('a directory is made for its user alone, and one at a time has it', (t) => {
  const wanted = join(directory(t), 'new', 'queue');
  const unlock = lockDirectory(wanted, queue);
  assert.equal(statSync(wanted).mode & 0o777, 0o700);
  assert.equal(lockDirectory(wanted, queue), undefined);
  unlock?.();
  lockDirectory(wanted, queue)?.();
});

/** Another process has it then. Nobody there refers to the release, and what nobody refers to was collected. */
async function heldByAnother(t: TestContext, wanted: string): Promise<ChildProcess> {
  const module = JSON.stringify(join(import.meta.dirname, 'directory-lock.ts'));
  const script = `
    import { lockDirectory } from ${module};
    const unlock = lockDirectory(${JSON.stringify(wanted)}, { setting: 'data' });
    const type = typeof unlock;
    setImmediate(() => {
      gc();
      setImmediate(() => process.stdout.write(type));
    });
    process.stdin.resume();`;
  const holder = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => holder.kill('SIGKILL'));
  const [told] = (await once(holder.stdout, 'data')) as [Buffer];
  assert.equal(told.toString(), 'function');
  return holder;
}

test('a process has its lock as long as it lives, and the lock of one that is killed is free', async (t) => {
  const wanted = directory(t);
  const holder = await heldByAnother(t, wanted);
  assert.equal(lockDirectory(wanted, queue), undefined);
  const closed = once(holder, 'close');
  holder.kill('SIGKILL');
  await closed;
  const unlock = lockDirectory(wanted, queue);
  assert.equal(typeof unlock, 'function');
  unlock?.();
});

test('what stands in the way of a directory is told with the setting that names it', (t) => {
  const base = directory(t);
  writeFileSync(join(base, 'file'), '');
  assert.throws(
    () => lockDirectory(join(base, 'file', 'queue'), queue),
    (error) =>
      error instanceof DirectoryUnusable && /set `queueDirectory:` to a directory/.test(error.message),
  );
});

test('what else is in it is looked at before it is locked', (t) => {
  const wanted = directory(t);
  const look = () => {
    throw new Error('not so');
  };
  assert.throws(() => lockDirectory(wanted, { ...queue, look }), /not so/);
  lockDirectory(wanted, queue)?.();
});

test(
  'the lock of a directory has a name that no other has, whatever the directory is called',
  { skip: process.platform === 'linux' ? false : 'only Linux names each run of a system' },
  (t) => {
    const [one, other] = [directory(t), directory(t)];
    const name = lockNameOf(one);
    assert.ok(name !== undefined);
    assert.notEqual(lockNameOf(other), name);
    const moved = join(other, 'moved');
    renameSync(one, moved);
    assert.equal(lockNameOf(moved), name);
    assert.equal(lockNameOf(one), undefined);
  },
);
