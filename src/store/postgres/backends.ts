// Processes of the server that work for a node. Their numbers come again after a restart or a fail-over of the server, so each is known by its number and its start.

import { number, type Row } from '../row.ts';
import type { Sql } from './sql.ts';

export interface Backend {
  readonly processId: number;
  /** By the clock of the server, microseconds since the epoch. */
  readonly since: number;
}

const START = '(extract(epoch FROM a.backend_start) * 1000000)::bigint';

const LOOK = `SELECT a.pid, ${START} AS since FROM pg_stat_activity a WHERE a.pid = ANY ($1::int[]) AND a.backend_start IS NOT NULL ORDER BY a.pid`;

export async function backendsOf(sql: Sql, processIds: readonly number[]): Promise<readonly Backend[]> {
  const rows: readonly Row[] = await sql.all(LOOK, processIds);
  return rows.map((row) => ({ processId: number(row, 'pid'), since: number(row, 'since') }));
}

/** Those of a row of `life`. */
const END = `SELECT pg_terminate_backend(a.pid) FROM life l, unnest(l.process_ids, l.process_since) AS p (id, since), pg_stat_activity a
  WHERE l.node = $1 AND l.incarnation = $2 AND a.pid = p.id AND ${START} = p.since AND a.usename = current_user
    AND a.datname = current_database() AND a.application_name = 'postern'`;

/**
 * Half a group of a process that was stopped would hold its locks for as long as its socket lives. Only to those who may: without it all is as right, and what
 * is locked comes later. Within a transaction.
 */
export async function cutOff(
  sql: Sql,
  { node, incarnation }: { readonly node: string; readonly incarnation: string },
): Promise<void> {
  await sql.run('SAVEPOINT cut_off');
  try {
    await sql.run(END, node, incarnation);
  } catch {
    await sql.run('ROLLBACK TO SAVEPOINT cut_off');
  }
}
