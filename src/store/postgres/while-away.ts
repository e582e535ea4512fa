// What meets a database that is away is asked again for a while: a restart or a fail-over of the database takes seconds, and whoever waits for a log-in or a 250 hears
// of it only if it lasts.

import type { Clock } from '../../platform/platform.ts';
import { StoreUnavailable } from '../port.ts';
import { ConnectionLost } from './connection.ts';

/** Between two tries, ms. */
export const AGAIN_MS = 500;

export interface Patience {
  readonly clock: Pick<Clock, 'monotonic' | 'after'>;
  /** So long it is asked again, ms. */
  readonly awayMsMax: number;
}

/** Rejects with `StoreUnavailable` if the database is still away then. `ask`: may be done twice. */
export async function whileAway<T>({ clock, awayMsMax }: Patience, ask: () => Promise<T>): Promise<T> {
  const until = clock.monotonic() + awayMsMax;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      if (clock.monotonic() >= until) throw new StoreUnavailable(error.message, { cause: error });
    }
    await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
  }
}
