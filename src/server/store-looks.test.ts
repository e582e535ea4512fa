// Looks at a store that is slow, or does not answer.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createLook, LOOK_MS } from './store-looks.ts';

test('who looks at the store hears it in time or not at all, and one look is under way however many ask', async () => {
  const clock = virtualClock(0);
  const look = createLook(clock);
  const asked: PromiseWithResolvers<number>[] = [];
  const find = (): Promise<number> => {
    const answer = Promise.withResolvers<number>();
    asked.push(answer);
    return answer.promise;
  };
  for (let times = 0; times < 3; times += 1) {
    const looks = [look('queue', find), look('queue', find)];
    clock.advance(LOOK_MS);
    const late = { value: undefined, because: 'no answer in time' };
    assert.deepEqual(await Promise.all(looks), [late, late]);
  }
  assert.equal(asked.length, 1);
  const again = look('queue', find);
  asked[0]?.resolve(7);
  assert.deepEqual(await again, { value: 7 }, 'the look that was begun long ago');
  const next = look('queue', find);
  asked[1]?.reject(new Error('nobody listens there'));
  assert.deepEqual(await next, { value: undefined, because: 'nobody listens there' });
});
