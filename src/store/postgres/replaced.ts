// Writers that were given up. What was asked over their connections is asked again over new ones, and may still be on its way: in the network, or with a server process
// that hangs. The key of an accept does not hold it off, because that key is free again once the message is delivered: it would be accepted a second time. So the
// server processes of those connections are ended first. What they have not committed then never comes.

import { begins } from './begins.ts';
import { type Connection, ConnectionLost } from './connection.ts';

/** For a process to end, ms; less than a connection waits for an answer. */
const ENDS_MS = 2_000;

/** Who only waits for a standby has committed: nothing more can come of that one, and what it waits for must not be called confirmed. */
const PROCESSES = `FROM chain c JOIN pg_stat_activity a ON a.pid = c.pid AND a.backend_start = c.since
  WHERE NOT c.closed AND ${begins('c.name COLLATE "C"', '$1')} AND a.wait_event IS DISTINCT FROM 'SyncRep'`;
const END = `SELECT pg_terminate_backend(a.pid, ${ENDS_MS}) ${PROCESSES}`;
const LEFT = `SELECT EXISTS (SELECT 1 ${PROCESSES}) AS any`;

/** Rejects with `ConnectionLost` if one of them does not end: nobody knows yet what became of what it was asked. */
export async function endReplaced(connection: Connection, names: string): Promise<void> {
  await connection.query(END, names);
  const { rows } = await connection.query(LEFT, names);
  if (rows[0]?.['any'] !== false)
    throw new ConnectionLost('what this node asked before over another connection is still under way');
}
