// The clock of the store, as a node has it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { START, virtualClock } from '../store.contract-fixtures.ts';
import { createStoreClock } from './store-clock.ts';

const HOUR = 3_600_000;

test('a step of the clock of the node does not step that of the store', async () => {
  const clock = virtualClock(START);
  let stepMs = 0;
  const store = createStoreClock({ now: () => clock.now() + stepMs, monotonic: clock.monotonic });
  assert.equal(store.now(), START, 'until it is asked it is ours');
  const database = {
    query: () => Promise.resolve({ rows: [{ now: clock.now() + HOUR }], count: 1 }),
  };
  await store.ask(database);
  assert.equal(store.now(), START + HOUR);
  stepMs = -31_000;
  clock.advance(500.4);
  assert.equal(store.now(), START + HOUR + 500);
  stepMs = HOUR;
  await store.ask(database);
  assert.equal(store.now(), START + HOUR + 500);
});

test('one that is fixed goes with ours', async () => {
  const clock = virtualClock(START);
  const store = createStoreClock(clock, HOUR);
  await store.ask({ query: () => Promise.reject(new Error('it is not asked')) });
  clock.advance(5);
  assert.equal(store.now(), START + HOUR + 5);
});
