// A failing plan made smaller: clients and faults are left out as long as it still fails.

import type { Plan } from './plan.ts';
import { simulate } from './simulation.ts';

export async function shrink(plan: Plan, progress: (plan: Plan) => void): Promise<Plan> {
  let smallest = plan;
  const fails = async (candidate: Plan): Promise<boolean> => (await simulate(candidate)).broken.length > 0;
  if (!(await fails(plan))) return plan;
  for (let hasShrunk = true; hasShrunk;) {
    hasShrunk = false;
    for (const candidate of smallerThan(smallest)) {
      if (!(await fails(candidate))) continue;
      smallest = candidate;
      hasShrunk = true;
      progress(smallest);
      break;
    }
  }
  return smallest;
}

/** Halves first, then one by one. */
function smallerThan(plan: Plan): readonly Plan[] {
  return [
    ...without(plan.clients).map((clients) => ({ ...plan, clients })),
    ...without(plan.faults).map((faults) => ({ ...plan, faults })),
  ];
}

function without<T>(all: readonly T[]): readonly (readonly T[])[] {
  const half = Math.ceil(all.length / 2);
  const halves = all.length < 4 ? [] : [all.slice(0, half), all.slice(half)];
  return [...halves, ...all.map((_, at) => all.toSpliced(at, 1))];
}
