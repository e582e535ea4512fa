// The real clock.

import type { Clock } from './platform.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

function timer(delayMs: number, callback: () => void): NodeJS.Timeout {
  return setTimeout(callback, Math.min(Math.max(0, Math.ceil(delayMs)), LONGEST_TIMER_MS));
}

export const systemClock: Clock = {
  now: () => Date.now(),
  // `performance.now` counts from the start of its thread.
  monotonic() {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1e3 + nanoseconds / 1e6;
  },
  after(delayMs, callback) {
    const begun = timer(delayMs, callback);
    begun.unref();
    return () => clearTimeout(begun);
  },
};

/** For a command that has nothing else to do but wait: its timers keep the process alive. */
export const waitingClock: Clock = {
  ...systemClock,
  after(delayMs, callback) {
    const begun = timer(delayMs, callback);
    return () => clearTimeout(begun);
  },
};
