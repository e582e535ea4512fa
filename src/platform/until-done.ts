// What has to be done, however often it must be asked for: who does it may be away for a while.

import type { Clock } from './platform.ts';

const AGAIN_MS = 1_000;

/** Asks until it is done; never rejects. `again`: it was asked before, and what came of that is not known. */
export async function untilDone(clock: Clock, ask: (again: boolean) => Promise<boolean>): Promise<void> {
  for (let again = false; ; again = true) {
    const isDone = await ask(again).catch(() => false);
    if (isDone) return;
    await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve));
  }
}
