// One timer for a deadline that moves all the time: it is only touched when the deadline comes nearer, and looks again when it rings.

import type { Clock } from './platform.ts';

export interface Alarm {
  /** The next deadline by the monotonic clock, ms; undefined: none. */
  set(deadline: number | undefined): void;
  /** Stops the alarm. */
  end(): void;
}

/** `ring` is called at or soon after the deadline that stands by then. */
export function createAlarm(clock: Clock, ring: () => void): Alarm {
  let deadline = Infinity;
  let wakeAt = Infinity;
  let cancel: (() => void) | undefined;

  function look(): void {
    wakeAt = Infinity;
    if (deadline <= clock.monotonic()) ring();
    else wake();
  }

  function wake(): void {
    if (deadline >= wakeAt) return;
    cancel?.();
    wakeAt = deadline;
    cancel = clock.after(deadline - clock.monotonic(), look);
  }

  return {
    set(next) {
      deadline = next ?? Infinity;
      wake();
    },
    end() {
      cancel?.();
      deadline = -Infinity;
      wakeAt = -Infinity;
    },
  };
}
