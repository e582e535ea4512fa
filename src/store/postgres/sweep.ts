// What is left over and can wait: changes of the totals, keys of withdrawals that are long past, guesses of hours ago, bodies that no message names.

import type { Clock } from '../../platform/platform.ts';
import { sweepBodies } from './bodies.ts';
import { forgetGuesses } from './guesses.ts';
import { forgetWithdrawn } from './inflight.ts';
import { createFold } from './queue-totals.ts';
import type { Sql } from './sql.ts';

const KEYS_EVERY_MS = 60_000;
const BODIES_EVERY_MS = 3_600_000;

/** One node walks through all bodies; the others look again when it is time. A time to come: the clock was set back. */
const TURN = `UPDATE mark SET value = $1::bigint
  WHERE name = 'swept' AND (value <= $1::bigint - ${BODIES_EVERY_MS} OR value > $1::bigint)`;

async function takesTurn(sql: Sql, now: number): Promise<boolean> {
  return (await sql.run(TURN, now)) === 1;
}

/** A small piece of it, if its time has come; true: there is more. `now`: by the store's clock, ms since the epoch. */
export type Sweep = (sql: Sql, now: number) => Promise<boolean>;

export function createSweep(clock: Pick<Clock, 'monotonic'>): Sweep {
  const fold = createFold(clock);
  let keysAt = -Infinity;
  let bodiesAt = -Infinity;
  let position: string | undefined;

  async function keys(sql: Sql, now: number): Promise<boolean> {
    if (clock.monotonic() < keysAt) return false;
    if ((await forgetWithdrawn(sql, now)) || (await forgetGuesses(sql, now))) return true;
    keysAt = clock.monotonic() + KEYS_EVERY_MS;
    return false;
  }

  async function bodies(sql: Sql, now: number): Promise<boolean> {
    if (clock.monotonic() < bodiesAt) return false;
    if (position !== undefined || (await takesTurn(sql, now))) position = await sweepBodies(sql, position);
    if (position !== undefined) return true;
    bodiesAt = clock.monotonic() + BODIES_EVERY_MS;
    return false;
  }

  return async (sql, now) => (await fold(sql)) || (await keys(sql, now)) || bodies(sql, now);
}
