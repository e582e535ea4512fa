// The clock of the store, as this process has it: asked at the start and with every pulse, and counted on by the monotonic clock, whatever becomes of ours. Clocks of
// several nodes differ; the database has one.

import type { Clock } from '../../platform/platform.ts';
import { number } from '../row.ts';
import type { Connection } from './connection.ts';

export interface StoreClock {
  /** Milliseconds since the epoch. */
  now(): number;
  ask(connection: Pick<Connection, 'query'>): Promise<void>;
}

/** `fixedAhead`: it is so far ahead of ours, ms, and never asked. */
export function createStoreClock(
  { now, monotonic }: Pick<Clock, 'now' | 'monotonic'>,
  fixedAhead?: number,
): StoreClock {
  if (fixedAhead !== undefined) return { now: () => now() + fixedAhead, ask: () => Promise.resolve() };
  let ahead = now() - monotonic();
  return {
    // Whole, as times in the tables are.
    now: () => Math.round(monotonic() + ahead),
    async ask(connection) {
      const { rows } = await connection.query(
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
      );
      ahead = number(rows[0] ?? {}, 'now') - monotonic();
    },
  };
}
