import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createBudget } from './budget.ts';

test('a budget gives a step what is left of the time, and no connection when time or number is used up', () => {
  const clock = virtualClock(0);
  const budget = createBudget(clock, { totalMs: 4_000, connections: 2 });
  assert.equal(budget.step(1_000), 1_000);
  clock.advance(3_500);
  assert.equal(budget.step(1_000), 500, 'no step outlives the run');
  assert.ok(budget.takeConnection());
  clock.advance(500);
  assert.equal(budget.step(1_000), 0);
  assert.equal(budget.takeConnection(), false, 'the time is up');
  assert.deepEqual([budget.connections, budget.elapsed], [1, 4_000]);

  const another = createBudget(clock, { totalMs: 4_000, connections: 2 });
  assert.deepEqual(
    [another.takeConnection(), another.takeConnection(), another.takeConnection()],
    [true, true, false],
  );
});
