// Work that fails beside what somebody waits for: when it is tried again, and what is told of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createApart } from './apart.ts';
import type { SideWorkNotice } from './side-work.ts';

function working() {
  const clock = virtualClock(0);
  const told: SideWorkNotice[] = [];
  const tries: number[] = [];
  let trouble: Error | undefined;
  const apart = createApart({
    clock,
    isOver: (error) => (error as Error).name === 'Over',
    tell: (notice) => void told.push(notice),
  });
  return {
    ...{ clock, told, tries, apart },
    fail: (error: Error | undefined) => (trouble = error),
    run: () =>
      apart.run('index', 'instead', async () => {
        tries.push(clock.monotonic());
        if (trouble !== undefined) throw trouble;
        return 'given';
      }),
  };
}

const broken = new Error('no such column');

test('it is tried again later each time, at least once a minute, and told once a minute', async () => {
  const { clock, told, tries, fail, run, apart } = working();
  fail(broken);
  for (let second = 0; second < 200; second += 1) {
    assert.equal(await run(), 'instead');
    clock.advance(1_000);
  }
  assert.deepEqual(
    tries.map((at) => at / 1_000),
    [0, 1, 3, 7, 15, 31, 63, 123, 183],
  );
  const notice = { type: 'sideWork', work: 'index', because: 'no such column' };
  assert.deepEqual(told, [notice, notice, notice, notice]);
  assert.deepEqual(apart.figures, { index: { failures: 9, because: 'no such column' } });
});

test('it is told once that it works again, and the next failure is a first one', async () => {
  const { clock, told, fail, run, apart } = working();
  assert.equal(await run(), 'given');
  assert.deepEqual([told, apart.figures], [[], {}]);
  fail(broken);
  await run();
  fail(undefined);
  assert.equal(await run(), 'instead', 'it is too early');
  clock.advance(1_000);
  assert.deepEqual([await run(), await run()], ['given', 'given']);
  assert.deepEqual(told.slice(1), [{ type: 'sideWork', work: 'index' }]);
  assert.deepEqual(apart.figures, { index: { failures: 1 } });
  fail(broken);
  await run();
  clock.advance(1_000);
  fail(undefined);
  assert.equal(await run(), 'given');
});

test('works are apart from each other', async () => {
  const { fail, run, apart } = working();
  fail(broken);
  await run();
  assert.equal(await apart.run('sweep', false, () => Promise.resolve(true)), true);
});

test('after which nothing can be tried here is not kept apart', async () => {
  const { fail, run, told } = working();
  fail(Object.assign(new Error('the connection is lost'), { name: 'Over' }));
  await assert.rejects(run(), { name: 'Over' });
  assert.deepEqual(told, []);
});
