// What meets a database that is away is asked again for a while: a restart or a fail-over of the database takes seconds, and whoever waits for a log-in or a 250 hears
// of it only if it lasts. Once somebody has waited in vain, and nobody was answered meanwhile, it is known to be away: until it answers again, whoever asks hears that at
// once. Who alone waits in vain is told alone: it may be what he asks that costs the connection.

import type { Clock } from '../../platform/platform.ts';
import { withDeadline } from '../../platform/with-deadline.ts';
import { StoreUnavailable } from '../port.ts';
import { ConnectionLost } from './connection.ts';

/** Between two tries, ms. */
export const AGAIN_MS = 500;
/** For the one try while it is known to be away, ms: a host without power refuses nothing. */
export const TRY_MS = 1_000;

export interface Patience {
  readonly clock: Clock;
  /** So long it is asked again from the first failure on, ms. */
  readonly awayMsMax: number;
}

/** Rejects with `StoreUnavailable` if the database is still away then. `ask`: may be done twice. */
export type WhileAway = <T>(ask: () => Promise<T>) => Promise<T>;

/** All who ask through one of them learn from each other. */
export function createWhileAway({ clock, awayMsMax }: Patience): WhileAway {
  /** Since the first of the failures in a row, monotonic, ms. */
  let awaySince: number | undefined;
  /** Last, to anybody, monotonic, ms. */
  let answeredAt = -Infinity;
  /** Why, once it is known to be away. */
  let known: string | undefined;

  function answered(): void {
    answeredAt = clock.monotonic();
    awaySince = undefined;
    known = undefined;
  }

  async function once<T>(ask: () => Promise<T>): Promise<T> {
    try {
      const given = await ask();
      answered();
      return given;
    } catch (error) {
      if (error instanceof ConnectionLost) awaySince ??= clock.monotonic();
      else answered();
      throw error;
    }
  }

  return async (ask) => {
    const startedAt = clock.monotonic();
    for (;;) {
      if (known !== undefined) return nowOrNever(clock, once(ask), known);
      try {
        return await once(ask);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        const since = Math.min(startedAt, awaySince ?? startedAt);
        if (clock.monotonic() >= since + awayMsMax) {
          if (answeredAt <= since) known = error.message;
          throw new StoreUnavailable(error.message, { cause: error });
        }
      }
      await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
    }
  };
}

async function nowOrNever<T>(clock: Clock, asked: Promise<T>, known: string): Promise<T> {
  const given = asked.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const answer = await withDeadline(clock, TRY_MS, given).catch(() => ({ error: new ConnectionLost(known) }));
  if ('value' in answer) return answer.value;
  const { error } = answer;
  throw error instanceof ConnectionLost ? new StoreUnavailable(error.message, { cause: error }) : error;
}
