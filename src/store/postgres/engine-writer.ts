// The writer of a running server. Its name is NODE/INCARNATION/RUN, and no other one has the same: a node that begins anew writes other chains, and counts in other rows.

import type { EngineWriter, WriterOptions } from '../engine.ts';
import { ownersOfLife } from '../owner.ts';
import type { PostgresServer } from './connection.ts';
import { openPostgresWriter } from './open.ts';

const RUN_OCTETS = 4;

export async function openEngineWriter(
  server: PostgresServer,
  options: WriterOptions,
): Promise<EngineWriter> {
  const run = Buffer.from(options.entropy.bytes(RUN_OCTETS)).toString('hex');
  const name = `${ownersOfLife(options.node)}${run}`;
  const writer = await openPostgresWriter({ ...options, server, name });
  return {
    ...writer,
    copy: () =>
      Promise.reject(new Error('the store is on PostgreSQL, which has backups of its own (docs/CLUSTER.md)')),
  };
}
