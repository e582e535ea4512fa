// PostgreSQL as an engine of the store: everything that is kept stands there, large bodies too, and several nodes share it. A node's own directory holds its lock.

import type { Engine } from '../engine.ts';
import { StoreLocked } from '../engine-errors.ts';
import { lockDirectory, lockFilesIn } from '../../platform/directory-lock.ts';
import { UNKNOWN_MS_MAX } from '../remote.ts';
import { systemClock } from '../../platform/clock.ts';
import type { PostgresServer } from './connection.ts';

/** Plain data: it crosses into threads. */
export interface PostgresChoice {
  /** The node's own. */
  readonly directory: string;
  readonly node: string;
  readonly server: PostgresServer;
}

const RUN_OCTETS = 4;

const COPIES =
  'the store is on PostgreSQL, which has backups of its own: pg_basebackup with WAL archiving, or pg_dump (docs/CLUSTER.md)';

const noCopies = (): Promise<never> => Promise.reject(new Error(COPIES));

export function postgresEngine({ directory, node, server }: PostgresChoice): Engine {
  const opening = <T>(opened: Promise<T>): Promise<T> =>
    opened.catch(async (error: unknown) => {
      throw (await import('./refusals.ts')).asStoreError(error, server);
    });
  return {
    async lock() {
      const unlock = lockDirectory(directory, { setting: 'data' });
      if (unlock !== undefined) return unlock;
      throw new StoreLocked(
        `another Postern uses ${directory}: stop it, or give this node a data directory of its own`,
      );
    },
    async leaveToOwner() {
      const { leaveToOwner } = await import('../../platform/leave-to-owner.ts');
      leaveToOwner(directory, (held, give) => lockFilesIn(held).forEach(give));
    },
    async check() {
      const { flawsOf } = await import('./flaws.ts');
      return flawsOf(server, systemClock);
    },
    async exists() {
      const { isMade } = await import('./open.ts');
      return opening(isMade(server, systemClock));
    },
    async writer(options) {
      const { openEngineWriter } = await import('./engine-writer.ts');
      return opening(openEngineWriter(server, options, directory));
    },
    async lookups() {
      const { openPostgresLookups } = await import('./open.ts');
      return openPostgresLookups({ server, clock: systemClock, awayMsMax: UNKNOWN_MS_MAX });
    },
    async stages() {
      const { openStages } = await import('./stages.ts');
      const stages = openStages(server, { clock: systemClock, awayMsMax: UNKNOWN_MS_MAX });
      return (id) => stages.stage(id);
    },
    // The disk is the database's.
    space: () => undefined,
    async size() {
      const { sizeOf } = await import('./open.ts');
      return opening(sizeOf(server, systemClock));
    },
    async open(ports) {
      const { openPostgresStore } = await import('./open.ts');
      const name = `${node}/command/${Buffer.from(ports.entropy.bytes(RUN_OCTETS)).toString('hex')}`;
      const { store, lookups, close } = await opening(openPostgresStore({ server, name, ...ports }));
      return { store, lookups, copy: noCopies, close: () => void close() };
    },
    async operations() {
      const { postgresOperations } = await import('./operations.ts');
      return postgresOperations(server);
    },
    async backups() {
      return { stage: noCopies, writeNewFile: noCopies, read: refuse, restore: noCopies };
    },
  };
}

function refuse(): never {
  throw new Error(COPIES);
}
