// Watches for jumps of the wall clock against the clock that never steps. Records and retries are dated by the wall clock: an operator has to know,
// and mail that was deferred while it stood too far ahead must not wait until that time comes.

import type { Clock } from '../platform/platform.ts';
import type { Store } from '../store/port.ts';
import { changeInSlices } from '../store/queue-change.ts';

const EVERY_MS = 10_000;
/** A smaller step is a correction, not a jump. */
const JUMP_MS = 5_000;
/** Beyond the longest delay between attempts: nothing is deferred longer, whatever deferred it. */
const MARGIN_MS = 3_600_000;

export interface ClockWatchOptions {
  readonly clock: Clock;
  readonly store: Store;
  readonly log: {
    warn(facts: object, text: string): void;
    error(facts: object, text: string): void;
  };
  /** The longest delay between two attempts, ms. */
  longestRetryMs(): number;
}

/** Returns a function that ends the watch. */
export function watchClock({ clock, store, log, longestRetryMs }: ClockWatchOptions): () => void {
  const offset = (): number => clock.now() - clock.monotonic();
  let seen = offset();
  /** Until it is done: the store may be away. */
  let owed = false;
  let cancel = clock.after(EVERY_MS, look);

  function look(): void {
    const jumped = offset() - seen;
    seen += jumped;
    cancel = clock.after(EVERY_MS, look);
    if (Math.abs(jumped) >= JUMP_MS)
      log.warn({ seconds: Math.round(jumped / 1000) }, 'the clock jumped, the times of the trail with it');
    if (jumped <= -JUMP_MS) owed = true;
    if (owed) void bringBack();
  }

  async function bringBack(): Promise<void> {
    const now = clock.now();
    const dueAfter = now + longestRetryMs() + MARGIN_MS;
    const by = 'server: the clock stepped back';
    try {
      const outcome = await changeInSlices(store, { action: 'retry', selector: { dueAfter }, now, by });
      owed = outcome.type !== 'changed';
    } catch (error) {
      log.error(
        { error: String(error) },
        'mail that was deferred too far could not be brought back, asking again',
      );
    }
  }

  return () => cancel();
}
