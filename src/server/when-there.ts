// Opening what may be away: asked again until it is there.

import type { Clock } from '../platform/platform.ts';
import { StoreAway } from '../store/engine-errors.ts';

/** Between two tries, ms. */
const TRY_MS = 500;
/** Between two words about it, ms. */
const TELL_MS = 600_000;

/** Rejects with whatever else `open` rejects with. `away` is told why it waits, at once, then rarely. */
export async function whenThere<T>(
  clock: Pick<Clock, 'monotonic' | 'after'>,
  open: () => Promise<T>,
  away: (because: string) => void,
): Promise<T> {
  let toldAt = -Infinity;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof StoreAway)) throw error;
      if (clock.monotonic() - toldAt >= TELL_MS) {
        toldAt = clock.monotonic();
        away(error.message);
      }
    }
    await new Promise<void>((resolve) => void clock.after(TRY_MS, resolve));
  }
}
