// A copy that the console sends: one at a time, let go when it was read, when nobody reads on, and when the thread that asked is gone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { asksOf } from './face-asks.ts';
import { FaceCopy } from './face-copy.ts';

function begin() {
  const clock = virtualClock(0);
  const seen = { made: 0, closed: 0 };
  const copy = new FaceCopy(
    {
      copy() {
        seen.made += 1;
        const content = (async function* () {
          for (const text of ['one ', 'two ', 'three']) yield Buffer.from(text);
        })();
        return Promise.resolve({ content, close: () => Promise.resolve(void (seen.closed += 1)) });
      },
    },
    clock,
  );
  const { copy: take } = asksOf(
    (wish) => {
      if (wish.ask === 'copy') return copy.begin();
      if (wish.ask === 'copyNext') return copy.next(wish.copy);
      return wish.ask === 'copyEnd' ? copy.end(wish.copy) : Promise.reject(new Error(wish.ask));
    },
    () => 0,
  );
  return { clock, seen, copy, take };
}

test('it comes in pieces, and the next one can be had when it is let go', async () => {
  const { seen, take } = begin();
  const { content, close } = await take();
  await assert.rejects(take(), /sends a copy to somebody already/);
  const parts: string[] = [];
  for await (const piece of content) parts.push(Buffer.from(piece).toString());
  assert.equal(parts.join(''), 'one two three');
  await close();
  assert.deepEqual(seen, { made: 1, closed: 1 });
  await (await take()).close();
  assert.deepEqual(seen, { made: 2, closed: 2 });
});

test('of two that are asked for at once one is made', async () => {
  const { seen, take } = begin();
  const came = await Promise.allSettled([take(), take()]);
  assert.deepEqual(
    came.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
  assert.equal(seen.made, 1);
});

test('one that nobody reads on is let go after two minutes, and nobody gets the octets of another', async () => {
  const { clock, seen, take } = begin();
  const { content, close } = await take();
  const pieces = content[Symbol.asyncIterator]();
  await pieces.next();
  clock.advance(119_999);
  await pieces.next();
  clock.advance(119_999);
  assert.equal(seen.closed, 0);
  clock.advance(1);
  assert.equal(seen.closed, 1);
  const other = await take();
  await assert.rejects(pieces.next(), /let go/);
  await close();
  assert.equal(seen.closed, 1, 'the other one stays');
  await other.close();
});

test('it is let go when the thread is gone', async () => {
  const { seen, copy, take } = begin();
  await take();
  await copy.end();
  assert.equal(seen.closed, 1);
});
