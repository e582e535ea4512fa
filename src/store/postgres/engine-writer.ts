// The writer of a running server.

import type { EngineWriter, WriterOptions } from '../engine.ts';
import type { PostgresServer } from './connection.ts';
import { openPostgresWriter } from './open.ts';

const LIFE_OCTETS = 6;

export async function openEngineWriter(
  server: PostgresServer,
  options: WriterOptions,
): Promise<EngineWriter> {
  const life = Buffer.from(options.entropy.bytes(LIFE_OCTETS)).toString('hex');
  const writer = await openPostgresWriter({ ...options, server, name: `node/${life}` });
  return {
    ...writer,
    copy: () =>
      Promise.reject(
        new Error('the store is on PostgreSQL, which has backups of its own (docs/OPERATING.md)'),
      ),
  };
}
