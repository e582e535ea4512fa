// Connections that came to a listening socket and could not be taken, as a rule because no descriptors are left (EMFILE). Without somebody who hears of it
// Node ends the thread. Each would be a line, and more come at once: each door says it once a minute.

import type { Clock } from '../platform/platform.ts';
import type { Log } from './log.ts';

const EVERY_MS = 60_000;

/** `door`: the listener, as the configuration names it. */
export type NotTaken = (door: string, error: Error) => void;

export function createNotTaken(clock: Pick<Clock, 'monotonic'>, log: Pick<Log, 'error'>): NotTaken {
  /** When each listener said it last; bounded by their number. */
  const said = new Map<string, number>();
  return (door, error) => {
    const now = clock.monotonic();
    if (now - (said.get(door) ?? -Infinity) < EVERY_MS) return;
    said.set(door, now);
    log.error({ door, error: String(error) }, 'a connection could not be taken');
  };
}
