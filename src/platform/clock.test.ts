// The clock of the system.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { systemClock } from './clock.ts';

test('the clock that never steps back is the same in all threads of a process', async () => {
  const module = JSON.stringify(new URL('./clock.ts', import.meta.url).href);
  const code = `import(${module}).then(({ systemClock }) => require('node:worker_threads').parentPort.postMessage(systemClock.monotonic()))`;
  const before = systemClock.monotonic();
  const worker = new Worker(code, { eval: true });
  const [there] = (await once(worker, 'message')) as [number];
  const after = systemClock.monotonic();
  assert.ok(before < there && there < after, `${before} < ${there} < ${after}`);
});
