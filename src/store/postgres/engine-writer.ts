// The writer of a running server. Its name is NODE/INCARNATION/RUN, the incarnation being the first of its process, and no other one has the same: a writer that begins
// anew writes other chains, and counts in other rows.

import { hostname } from 'node:os';
import { lockNameOf } from '../../platform/directory-lock.ts';
import type { EngineWriter, WriterOptions } from '../engine.ts';
import { ownersOfLife } from '../owner.ts';
import type { PostgresServer } from './connection.ts';
import { openPostgresWriter } from './open.ts';

const RUN_OCTETS = 4;

/** `directory`: locked by this process. */
export async function openEngineWriter(
  server: PostgresServer,
  options: WriterOptions,
  directory: string,
): Promise<EngineWriter> {
  const run = Buffer.from(options.entropy.bytes(RUN_OCTETS)).toString('hex');
  const replaces = ownersOfLife(options.process);
  const lock = lockNameOf(directory);
  const place = { host: hostname(), ...(lock === undefined ? {} : { lock }) };
  const writer = await openPostgresWriter({
    ...{ ...options, server, replaces, place },
    name: `${replaces}${run}`,
  });
  return {
    ...writer,
    copy: () =>
      Promise.reject(new Error('the store is on PostgreSQL, which has backups of its own (docs/CLUSTER.md)')),
  };
}
