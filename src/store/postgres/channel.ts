// A connection that writes, with its chain of the trail. One change is one transaction; one that met another's lock is done again.

import type { Entropy } from '../../platform/platform.ts';
import type { StoreNotice } from '../port.ts';
import type { NodeState, Work } from './change.ts';
import type { Connection } from './connection.ts';
import { isInTheWay } from './sql-states.ts';
import { assertReplicated } from './replication.ts';
import { inTransaction, sqlOver } from './sql.ts';
import { beginTrail, type Trail } from './trail.ts';

export interface Channel {
  readonly connection: Connection;
  readonly trail: Trail;
  readonly isReplicated: boolean;
  /** The store's clock, ms since the epoch. */
  now(): number;
  /** Rejects with `ConnectionLost` if nobody knows what became of it; after any other error nothing was done. */
  transact<T>(work: (work: Work) => Promise<T>): Promise<T>;
}

export interface ChannelOptions {
  readonly connection: Connection;
  /** What is committed must stand on a standby too. */
  readonly isReplicated: boolean;
  /** Of the chain. */
  readonly name: string;
  readonly node: NodeState;
  readonly entropy: Entropy;
  /** The store's clock, ms since the epoch. */
  now(): number;
  onNotice(notice: StoreNotice): void;
}

const TRIES = 3;
export async function openChannel(options: ChannelOptions): Promise<Channel> {
  const { connection, name, node, entropy, now, onNotice, isReplicated } = options;
  const trail = await beginTrail(sqlOver(connection), name, now(), entropy);

  async function once<T>(work: (work: Work) => Promise<T>): Promise<T> {
    const notices: StoreNotice[] = [];
    const after: (() => void)[] = [];
    let done: T;
    try {
      done = await inTransaction(connection, async (sql) => {
        const outcome = await work({
          ...{ sql, node, now: now() },
          append: (event) => trail.append(event),
          notice: (notice) => void notices.push(notice),
          afterCommit: (run) => void after.push(run),
        });
        const events = trail.statement();
        if (events !== undefined) await sql.run(events.sql, ...events.values);
        // Right before the commit: what it waits for may change while this goes on.
        if (isReplicated) await assertReplicated(connection);
        return outcome;
      });
    } catch (error) {
      trail.undone();
      throw error;
    }
    trail.written();
    for (const run of after) run();
    for (const notice of notices) onNotice(notice);
    return done;
  }

  return {
    ...{ connection, trail, now, isReplicated },
    async transact(work) {
      for (let tries = 1; ; tries += 1) {
        try {
          return await once(work);
        } catch (error) {
          if (!isInTheWay(error) || tries === TRIES) throw error;
        }
      }
    },
  };
}
