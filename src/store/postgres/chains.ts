// The register of chains as a writer keeps it, beside the commits: how far its own chains have come and are indexed, and what is left to do for those whose writers
// are gone. A chain is of one connection: when the process that served it has ended, nothing more is written to it.

import type { Clock } from '../../platform/platform.ts';
import { number } from '../row.ts';
import type { Connection } from './connection.ts';
import { sqlOver } from './sql.ts';
import { indexSlice } from './term-index.ts';
import type { Trail } from './trail.ts';

export interface ChainKeeper {
  /** Indexes up to `max` events of each of the own chains; true: there are more, and nobody is in the way. */
  indexOwn(connection: Connection, max: number): Promise<boolean>;
  /** Does what is due: the own chains a slice at a time or once a second, those of the dead every ten. True: there is more, now or in a moment. */
  keep(connection: Connection): Promise<boolean>;
  /** Nothing more is appended to the own chains. */
  close(connection: Connection): Promise<void>;
}

const SLICE = 500;
const OWN_EVERY_MS = 1_000;
const OTHERS_EVERY_MS = 10_000;

const DEAD = `SELECT c.id, c.indexed FROM chain c WHERE NOT c.closed AND c.id <> ALL($1::int[]) AND c.pid IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM pg_stat_activity a WHERE a.pid = c.pid AND (a.backend_start = c.since OR a.backend_start IS NULL OR c.since IS NULL)
) ORDER BY c.id`;
/** By a look of its own: what the process did last is seen only after it was seen to be gone. Who holds it is not waited for. */
const CLOSE = `UPDATE chain SET closed = true WHERE id = (
  SELECT c.id FROM chain c WHERE c.id = $1 AND NOT c.closed
    AND NOT EXISTS (SELECT 1 FROM event e WHERE e.chain = c.id AND e.sequence > c.indexed OFFSET 0) FOR UPDATE SKIP LOCKED)`;

/** `trails`: those that are written now. */
export function keepChains(clock: Clock, trails: () => readonly Trail[]): ChainKeeper {
  /** By chain. */
  const watermarks = new Map<number, number>();
  let ownAt = -Infinity;
  let othersAt = -Infinity;

  const waiting = (trail: Trail): number => {
    const { chain, sequence } = trail.end();
    return sequence - (watermarks.get(chain) ?? 0);
  };

  async function indexOwn(connection: Connection, max: number): Promise<boolean> {
    let isMore = false;
    for (const trail of trails()) {
      if (waiting(trail) === 0) continue;
      const { chain } = trail.end();
      const { recent } = trail;
      const from = watermarks.get(chain) ?? 0;
      const through = await indexSlice(connection, { chain, from, max, recent });
      watermarks.set(chain, through);
      // Who holds the chain is not waited for.
      isMore ||= through > from && waiting(trail) > 0;
    }
    return isMore;
  }

  async function keepOwn(connection: Connection): Promise<void> {
    const now = clock.monotonic();
    if (now - ownAt < OWN_EVERY_MS && trails().every((trail) => waiting(trail) < SLICE)) return;
    ownAt = now;
    await indexOwn(connection, SLICE);
  }

  async function endOthers(connection: Connection): Promise<void> {
    const now = clock.monotonic();
    if (now - othersAt < OTHERS_EVERY_MS) return;
    const own = trails().map((trail) => trail.end().chain);
    const sql = sqlOver(connection);
    for (const row of await sql.all(DEAD, own)) {
      const [chain, from] = [number(row, 'id'), number(row, 'indexed')];
      if ((await sql.run(CLOSE, chain)) === 1) continue;
      // The rest of it comes in the next piece.
      if ((await indexSlice(connection, { chain, from, max: SLICE })) > from) return;
    }
    othersAt = now;
  }

  return {
    indexOwn,
    async keep(connection) {
      await keepOwn(connection);
      await endOthers(connection);
      return trails().some((trail) => waiting(trail) > 0);
    },
    async close(connection) {
      if (connection.lost !== undefined) return;
      while (await indexOwn(connection, SLICE));
      for (const trail of trails()) await sqlOver(connection).run(CLOSE, trail.end().chain);
    },
  };
}
