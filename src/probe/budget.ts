// What one run may cost: time in all, time for one step, connections. Everything that waits asks here first, so that no server can hold
// a probe longer than its owner said.

import type { Clock } from '../platform/platform.ts';

export interface Budget {
  /** Milliseconds that are left for a step that would like `wantedMs`; 0: the time is up. */
  step(wantedMs: number): number;
  /** False: this run has made as many connections as it may. */
  takeConnection(): boolean;
  readonly connections: number;
  /** Since the begin, ms. */
  readonly elapsed: number;
}

export function createBudget(clock: Clock, limits: { totalMs: number; connections: number }): Budget {
  const startedAt = clock.monotonic();
  let used = 0;
  const elapsed = (): number => Math.round(clock.monotonic() - startedAt);
  return {
    step: (wantedMs) => Math.max(0, Math.min(wantedMs, limits.totalMs - elapsed())),
    takeConnection() {
      if (used >= limits.connections || elapsed() >= limits.totalMs) return false;
      used++;
      return true;
    },
    get connections() {
      return used;
    },
    get elapsed() {
      return elapsed();
    },
  };
}
