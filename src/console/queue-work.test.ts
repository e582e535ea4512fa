// An act on the queue within one request: how long it works, and what is said when it breaks off.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { UseCaseFailure } from '../administration/failure.ts';
import type { Administration } from '../administration/use-cases.ts';
import { workOn } from './queue-work.ts';

const parts = [{ id: 'one' }, { id: 'two' }, { id: 'three' }];

/** `takes`: how long one slice does; `fails`: instead of the slice with this number. */
function work({ takes = 0, fails }: { takes?: number; fails?: readonly [at: number, error: Error] }) {
  const clock = virtualClock(0);
  let slices = 0;
  const administration = {
    async changeQueue() {
      slices += 1;
      clock.advance(takes);
      if (fails?.[0] === slices) throw fails[1];
      return { changed: 1, stillHeld: 0 };
    },
  } as unknown as Administration;
  return workOn(administration, clock, 'hold', parts);
}

test('after ten seconds the parts that are left wait for the next request', async () => {
  assert.deepEqual(await work({ takes: 9_000 }), { changed: 2, stillHeld: 0, isCut: true });
  assert.deepEqual(await work({ takes: 5_000 }), { changed: 3, stillHeld: 0, isCut: false });
});

test('what breaks off after something was changed says both; before, it is told as it is', async () => {
  const away = new UseCaseFailure('the store is away', 'trouble');
  const some = await work({ fails: [2, away] });
  assert.deepEqual(some, { changed: 1, stillHeld: 0, isCut: true, because: 'the store is away' });
  await assert.rejects(work({ fails: [1, away] }), away);
});

test('a fault of ours is never told as if it were an answer', async () => {
  const fault = new TypeError('x is not a function');
  await assert.rejects(work({ fails: [2, fault] }), fault);
});
