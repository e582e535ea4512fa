// The short run of the simulation (docs/SIMULATION.md): seeds that once failed, and new ground. `npm run test:system` and `npm run sim` run more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulationFaults } from '../../tools/faults/simulation.ts';
import { planOf } from './plan.ts';
import { planOfScenario, type Scenario } from './scenarios.ts';
import { type Outcome, simulate, simulateSeed } from './simulation.ts';

/** The same each time; POSTERN_SIM_FROM leads elsewhere. */
const FROM = Number(process.env['POSTERN_SIM_FROM'] ?? 1);
const SEEDS = 20;
const NODES_SEEDS = 4;

/** What failed once: each fails again with its old fault put back (`npm run mutate -- simulation`), whose words say what was wrong. */
const regressions = new Map(
  simulationFaults.flatMap(({ seeds = [], scenario, why }) =>
    seeds.map((seed) => [`${scenario} ${seed}`, { seed, scenario, why }] as const),
  ),
);

function assertKept({ seed, broken }: Outcome, why = 'found by this seed first', scenario?: Scenario): void {
  const which = scenario === undefined ? '' : `--scenario ${scenario} `;
  assert.deepEqual(broken, [], `${why}; again: npm run sim -- ${which}--seed ${seed} --trace`);
}

test('5321-y E-S-2 E-Q-7 D-TR-3 BCP134-3.1-h: what was wrong once stays right', async () => {
  assert.ok(regressions.size > 0);
  for (const { seed, scenario, why } of regressions.values()) {
    const plan = scenario === undefined ? planOf(seed) : planOfScenario(scenario, seed);
    assertKept(await simulate(plan), why, scenario);
  }
});

test(`5321-y E-S-2 E-Q-2 E-Q-5/5 E-Q-7 E-Q-8 D-TR-1 D-TR-3 BCP134-3.1-h: ${SEEDS} seeds from ${FROM}: every promise is kept`, async () => {
  const sums = await sumsOf(SEEDS);
  // The simulation does something: mail is promised and refused, cut at its end, and delivered twice for a reason; a front knows who logs in again.
  assertHappened(sums, ['promised', 'refused', 'broken', 'unasked', 'copies', 'recalled']);
});

test(`${NODES_SEEDS} seeds of several nodes on one store from ${FROM}: every promise is kept`, async () => {
  const sums = await sumsOf(NODES_SEEDS, 'nodes');
  assertHappened(sums, ['promised', 'refused', 'copies', 'tookOver', 'overtaken', 'fenced']);
});

/** Of what every seed counts; each keeps its promises. */
async function sumsOf(seeds: number, scenario?: Scenario): Promise<Readonly<Record<string, number>>> {
  const sums: Record<string, number> = {};
  for (let seed = FROM; seed < FROM + seeds; seed += 1) {
    const plan = scenario === undefined ? planOf(seed) : planOfScenario(scenario, seed);
    const outcome = await simulate(plan);
    assertKept(outcome, undefined, scenario);
    for (const [what, count] of Object.entries(outcome.counts)) sums[what] = (sums[what] ?? 0) + count;
  }
  return sums;
}

function assertHappened(sums: Readonly<Record<string, number>>, all: readonly string[]): void {
  for (const what of all) assert.ok((sums[what] ?? 0) > 0, `${what}: ${JSON.stringify(sums)}`);
}

/** In 17 somebody whose identity is suspended logs in: what a password costs is virtual too. */
const SAME = [7, 17];

test('a seed is the same each time', async () => {
  for (const seed of SAME) {
    const [one, other] = [await simulateSeed(seed), await simulateSeed(seed)];
    assert.equal(one.digest, other.digest);
    assert.deepEqual(one.counts, other.counts);
  }
});

test('what is left out of a seed is missing', async () => {
  const plan = planOf(7);
  const one = await simulate(plan);
  const { counts } = await simulate({ ...plan, clients: plan.clients.slice(1), faults: [] });
  assert.notDeepEqual(counts, one.counts);
});
