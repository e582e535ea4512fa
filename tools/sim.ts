// The simulation by hand (docs/SIMULATION.md):
//   npm run sim                                one seed, from the clock
//   npm run sim -- --seed 17 --trace           one seed again, with everything that happens
//   npm run sim -- --seed 17 --shrink          with as few clients and faults as still fail
//   npm run sim -- --scenario waiting --seed 3 a plan of test/simulation/scenarios.ts
//   npm run sim -- --seeds 10000 --from 1      many; ends with "N passed, N failed"; --bail ends it at the first that fails

import './watched.ts';
import { parseArgs } from 'node:util';
import { type Plan, planOf } from '../test/simulation/plan.ts';
import { isScenario, planOfScenario } from '../test/simulation/scenarios.ts';
import { shrink } from '../test/simulation/shrink.ts';
import { type Outcome, simulate } from '../test/simulation/simulation.ts';

const PROGRESS_MS = 10_000;

const { values } = parseArgs({
  options: {
    scenario: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    trace: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    bail: { type: 'boolean', default: false },
  },
});

function planFor(seed: number): Plan {
  const { scenario } = values;
  if (scenario === undefined) return planOf(seed);
  if (!isScenario(scenario)) throw new Error(`there is no scenario "${scenario}"`);
  return planOfScenario(scenario, seed);
}

function show({ seed, broken, counts, digest }: Outcome): void {
  console.log(
    `seed ${seed}: ${broken.length === 0 ? 'passed' : 'FAILED'} ${digest} ${JSON.stringify(counts)}`,
  );
  for (const what of broken.slice(0, 20)) console.log(`  ${what}`);
  const which = values.scenario === undefined ? '' : `--scenario ${values.scenario} `;
  if (broken.length > 0) console.log(`  again: npm run sim -- ${which}--seed ${seed} --trace`);
}

async function one(seed: number): Promise<boolean> {
  const options = values.trace ? { trace: (line: string) => console.log(line) } : {};
  if (!values.shrink) {
    const outcome = await simulate(planFor(seed), options);
    show(outcome);
    return outcome.broken.length === 0;
  }
  const smaller = await shrink(planFor(seed), (plan) =>
    console.log(`${plan.clients.length} clients, ${plan.faults.length} faults`),
  );
  const outcome = await simulate(smaller, options);
  console.log(JSON.stringify(smaller, undefined, 1));
  show(outcome);
  return outcome.broken.length === 0;
}

async function many(from: number, count: number): Promise<boolean> {
  const totals: Record<string, number> = {};
  const failed: number[] = [];
  let saidAt = performance.now();
  let passed = 0;
  for (let seed = from; seed < from + count; seed += 1) {
    const outcome = await simulate(planFor(seed));
    for (const [what, number] of Object.entries(outcome.counts)) totals[what] = (totals[what] ?? 0) + number;
    if (outcome.broken.length > 0) {
      failed.push(seed);
      show(outcome);
      if (values.bail) break;
    } else passed += 1;
    if (performance.now() - saidAt < PROGRESS_MS) continue;
    saidAt = performance.now();
    console.log(`${seed - from + 1} of ${count}, ${failed.length} failed`);
  }
  console.log(JSON.stringify(totals));
  if (failed.length > 0) console.log(`failed seeds: ${failed.join(' ')}`);
  console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length === 0;
}

const from = Number(values.seed ?? values.from ?? Math.floor(Date.now() / 1000));
const passed = values.seeds === undefined ? await one(from) : await many(from, Number(values.seeds));
if (!passed) process.exitCode = 1;
