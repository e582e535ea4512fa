// Jumps of the wall clock, as the server sees them: they are logged, and mail that was put off too far is brought back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { fakeStore } from '../../test/fakes/submission.ts';
import { StoreUnavailable } from '../store/port.ts';
import { watchClock } from './clock-watch.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

function watched() {
  const virtual = virtualClock(Date.UTC(2026, 10, 23));
  let ahead = 0;
  const clock = { ...virtual, now: () => virtual.now() + ahead };
  const said: string[] = [];
  const note = (facts: object, text: string): void => void said.push(`${text} ${JSON.stringify(facts)}`);
  const store = fakeStore();
  const end = watchClock({
    ...{ clock, store, log: { warn: note, error: note } },
    longestRetryMs: () => 3 * HOUR,
  });
  return {
    ...{ clock, store, said, end },
    jump: (ms: number) => void (ahead += ms),
    async pass(ms: number) {
      virtual.advance(ms);
      await new Promise(setImmediate);
    },
  };
}

test('a jump of the wall clock is said once; small corrections are not', async () => {
  const { jump, pass, said, store } = watched();
  for (const ms of [0, 900, -900, 4000, -4000]) {
    jump(ms);
    await pass(10_000);
  }
  assert.deepEqual(said, []);
  jump(DAY);
  await pass(60_000);
  assert.deepEqual(said, ['the clock jumped, the times of the trail with it {"seconds":86400}']);
  assert.deepEqual(store.changes, []);
});

test('after a step back, what is due later than any retry could be is due now, however often that has to be asked', async () => {
  const { clock, jump, pass, said, store, end } = watched();
  let trouble = 1;
  store.answer = () => {
    if (trouble-- > 0) throw new StoreUnavailable('away');
    return undefined;
  };
  jump(-DAY);
  await pass(10_000);
  await pass(10_000);
  await pass(60_000);
  assert.equal(store.changes.length, 2, 'asked again, and no more when it was done');
  const change = store.changes.at(-1);
  assert.ok(change?.type === 'queue');
  assert.equal(change.action, 'retry');
  assert.deepEqual(change.selector, { dueAfter: change.now + 4 * HOUR });
  assert.ok(Math.abs(change.now - clock.now()) < HOUR);
  assert.match(said.join('\n'), /"seconds":-86400/);
  end();
  jump(-DAY);
  await pass(60_000);
  assert.equal(store.changes.length, 2);
});
