import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKdfGate } from './kdf-gate.ts';

test('F-AUTH-6: of a thousand at once two run, 64 wait, the others hear busy at once', async () => {
  const gate = createKdfGate();
  let running = 0;
  let most = 0;
  const job = async (): Promise<number> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    return 1;
  };
  const outcomes = await Promise.all(Array.from({ length: 1000 }, () => gate.run(job)));
  assert.equal(most, 2);
  assert.equal(outcomes.filter(({ type }) => type === 'done').length, 66);
  assert.deepEqual([gate.running, gate.waiting], [0, 0]);
  assert.deepEqual(await gate.run(job), { type: 'done', value: 1 });
});

test('F-AUTH-6: a job that fails frees its place', async () => {
  const gate = createKdfGate(1, 1);
  await assert.rejects(gate.run(() => Promise.reject(new Error('out of memory'))));
  assert.deepEqual(await gate.run(() => Promise.resolve('next')), { type: 'done', value: 'next' });
});
