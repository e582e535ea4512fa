// A fault: one exact edit of the source that a test must find (`npm run mutate`).

import type { Scenario } from '../../test/simulation/scenarios.ts';

export interface Fault {
  /** What would be wrong. */
  readonly why: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
  /** Words of `node tools/test.ts unit`: the tests that must find it. */
  readonly tests: readonly string[];
  /** Found by one of these seeds of the simulation instead (docs/SIMULATION.md). */
  readonly seeds?: readonly number[];
  /** The seeds are those of a plan that is made for it. */
  readonly scenario?: Scenario;
}
