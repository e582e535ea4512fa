// The clock of the store, as this process has it: what the database's is ahead of ours, asked at the start and with every pulse. Clocks of several nodes differ; the
// database has one.

import type { Clock } from '../../platform/platform.ts';
import { number } from '../row.ts';
import type { Connection } from './connection.ts';

export interface StoreClock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Asks how far ahead it is. */
  ask(connection: Connection): Promise<void>;
  /** What it is ahead of ours, ms. */
  ahead(): number;
}

/** `fixedAhead`: it is never asked. */
export function createStoreClock(clock: Pick<Clock, 'now'>, fixedAhead?: number): StoreClock {
  let ahead = fixedAhead ?? 0;
  return {
    now: () => clock.now() + ahead,
    ahead: () => ahead,
    async ask(connection) {
      if (fixedAhead !== undefined) return;
      const { rows } = await connection.query(
        'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
      );
      ahead = number(rows[0] ?? {}, 'now') - clock.now();
    },
  };
}
