// A clock that moves only when it is told to, and then calls back in order.

import type { Clock } from '../../src/platform/platform.ts';

export interface VirtualClock extends Clock {
  advance(ms: number): void;
  /** Callbacks that wait. */
  readonly waiting: number;
  /** Until the next of them; Infinity: there is none. */
  readonly nextMs: number;
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
    get nextMs() {
      return Math.min(...[...timers].map(({ at }) => at - now));
    },
  };
}

const TURNS_STILL = 30;
const TURN_MS = 100;
/** The longest that an answer is held back. */
const HELD_MS = 20_000;

/** What is answered no sooner than it may be: where nothing else moves any more, the clock goes on until it is. */
export async function patiently<T>(clock: VirtualClock, asked: Promise<T>): Promise<T> {
  let isOver = false;
  const over = (): void => void (isOver = true);
  asked.then(over, over);
  for (let turns = 0; !isOver; turns += 1) {
    await new Promise(setImmediate);
    if (!isOver && turns > TURNS_STILL && clock.nextMs <= HELD_MS) clock.advance(TURN_MS);
  }
  return asked;
}
