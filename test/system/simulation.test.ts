// More seeds of the simulation than `npm test` has time for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planOfScenario } from '../simulation/scenarios.ts';
import { simulate, simulateSeed } from '../simulation/simulation.ts';

const FROM = 101;
const SEEDS = 200;
const NODES_SEEDS = 300;

test(`${SEEDS} seeds of the simulation from ${FROM}: every promise is kept`, async () => {
  for (let seed = FROM; seed < FROM + SEEDS; seed += 1) {
    const { broken } = await simulateSeed(seed);
    assert.deepEqual(broken, [], `again: npm run sim -- --seed ${seed} --trace`);
  }
});

test(`${NODES_SEEDS} seeds of several nodes on one store from ${FROM}: every promise is kept`, async () => {
  for (let seed = FROM; seed < FROM + NODES_SEEDS; seed += 1) {
    const { broken } = await simulate(planOfScenario('nodes', seed));
    assert.deepEqual(broken, [], `again: npm run sim -- --scenario nodes --seed ${seed} --trace`);
  }
});
