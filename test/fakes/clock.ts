// A clock that moves only when it is told to, and then calls back in order.

import type { Clock } from '../../src/platform/platform.ts';

export interface VirtualClock extends Clock {
  advance(ms: number): void;
  /** Callbacks that wait. */
  readonly waiting: number;
}

export function virtualClock(startMs: number): VirtualClock {
  let now = startMs;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    monotonic: () => now - startMs,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      const end = now + ms;
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((one, other) => one.at - other.at);
        const [next] = due;
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.callback();
      }
      now = end;
    },
    get waiting() {
      return timers.size;
    },
  };
}
