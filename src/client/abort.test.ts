// A promise beside the caller's signal: which of the two is heard, and that nothing is left behind.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { test } from 'node:test';
import { abortable } from './abort.ts';

/** What happens, in this order, to the promise (`resolves`, `rejects`) and to the signal (`aborts`). */
const vectors: readonly {
  readonly why: string;
  readonly happens: readonly ('resolves' | 'rejects' | 'aborts')[];
  readonly told: string;
}[] = [
  { why: 'a result', happens: ['resolves'], told: 'done' },
  { why: 'a failure', happens: ['rejects'], told: 'Error: broken' },
  { why: 'an abort', happens: ['aborts'], told: 'Error: enough' },
  { why: 'a result that comes after the abort', happens: ['aborts', 'resolves'], told: 'Error: enough' },
  { why: 'a failure that comes after the abort', happens: ['aborts', 'rejects'], told: 'Error: enough' },
  { why: 'an abort after the result', happens: ['resolves', 'aborts'], told: 'done' },
];

for (const { why, happens, told } of vectors)
  test(`what is told of a promise that can be aborted: ${why}`, async () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const controller = new AbortController();
    const outcome = abortable(promise, controller.signal).catch(String);
    for (const one of happens) {
      if (one === 'resolves') resolve('done');
      else if (one === 'rejects') reject(new Error('broken'));
      else controller.abort(new Error('enough'));
      await new Promise(setImmediate);
    }
    assert.equal(await outcome, told);
    assert.deepEqual(getEventListeners(controller.signal, 'abort'), []);
  });

test('a signal that was aborted before ends it at once, and without one nothing is added', async () => {
  const never = new Promise<string>(() => undefined);
  const ended = abortable(never, AbortSignal.abort(new Error('enough'))).catch(String);
  assert.equal(await Promise.race([ended, new Promise(setImmediate)]), 'Error: enough');
  assert.equal(abortable(never, undefined), never);
});
