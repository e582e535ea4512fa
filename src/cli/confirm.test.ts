// A question that gets no answer is answered no, and says so.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';

const script = `
  const { confirm } = await import(${JSON.stringify(join(import.meta.dirname, 'confirm.ts'))});
  await confirm('remove it?').then(() => console.log('done'), (error) => console.log(error.name + ': ' + error.message));`;

const rows: readonly (readonly [why: string, input: string, said: string])[] = [
  ['yes', 'y\n', 'done'],
  ['no', 'n\n', 'CommandFailure: nothing was done'],
  ['Enter', '\n', 'CommandFailure: nothing was done'],
  ['the end of input (Ctrl-D)', '', 'CommandFailure: nothing was done'],
];

for (const [why, input, said] of rows)
  test(`asked before something is done, ${why} is heard`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      ...{ input, encoding: 'utf8' },
    });
    assert.deepEqual([status, stdout], [0, `${said}\n`], stderr);
    assert.match(stderr, /remove it\? \[y\/N\] /);
  });
