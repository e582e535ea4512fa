// More seeds of the simulation than `npm test` has time for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulateSeed } from '../simulation/simulation.ts';

const FROM = 101;
const SEEDS = 200;

test(`${SEEDS} seeds of the simulation from ${FROM}: every promise is kept`, async () => {
  for (let seed = FROM; seed < FROM + SEEDS; seed += 1) {
    const { broken } = await simulateSeed(seed);
    assert.deepEqual(broken, [], `again: npm run sim -- --seed ${seed} --trace`);
  }
});
