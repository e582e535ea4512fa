// A count for each minute, as the fronts share it in a server, for one relay alone.

import type { Clock } from '../../src/platform/platform.ts';

const MINUTE_MS = 60_000;

/** Counts one more, and gives how many there were in this minute. */
export function minuteCount(clock: Pick<Clock, 'monotonic'>): () => number {
  let minute = 0;
  let count = 0;
  return () => {
    const current = Math.floor(clock.monotonic() / MINUTE_MS);
    if (current !== minute) count = 0;
    minute = current;
    count += 1;
    return count;
  };
}
