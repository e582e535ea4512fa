// What place a thread has among the others of its process when cores are short. Linux gives each thread a niceness of its own; elsewhere nothing is changed.

import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';

/** So nice is who waits for the others: a tenth of their share while they want it, all of what they leave. */
export const WAITS_FOR_OTHERS = 10;

/** Of the thread that calls; whatever runs beside it keeps its place. Says whether it could. */
export function letOthersGoFirst(): boolean {
  try {
    // "PID/task/TID": Node tells a thread no number of the system's.
    const thread = Number(/\/task\/(\d+)$/.exec(readlinkSync('/proc/thread-self'))?.[1]);
    setPriority(thread, WAITS_FOR_OTHERS);
    return true;
  } catch {
    return false;
  }
}
