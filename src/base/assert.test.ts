// Invariants are looked at here, and by nobody in use.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { invariant } from './assert.ts';

test('what does not hold throws in a test', () => {
  invariant(true, 'it holds');
  assert.throws(() => invariant(false, 'a place is left twice'), {
    name: 'AssertionFailed',
    message: 'a place is left twice',
  });
});

test('in what a test starts it throws, in use it does not, and npm run sim asks for it', () => {
  const { NODE_TEST_CONTEXT: context, ...use } = process.env;
  assert.notEqual(context, undefined);
  const script = `import(${JSON.stringify(join(import.meta.dirname, 'assert.ts'))}).then(({ invariant }) => invariant(false, 'x'))`;
  const statusIn = (env: NodeJS.ProcessEnv): number | null =>
    spawnSync(process.execPath, ['-e', script], { env, stdio: 'ignore' }).status;
  assert.deepEqual(
    [statusIn(process.env), statusIn(use), statusIn({ ...use, POSTERN_INVARIANTS: '1' })],
    [1, 0, 1],
  );
});
