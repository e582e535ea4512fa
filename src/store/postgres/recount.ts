// The totals of the queue (`queue-totals.ts`) beside the queue itself, and put right. Both are read in one snapshot, and what a statement puts into the queue comes into view with
// what its trigger says of it: so a difference is a fault, whatever writers do meanwhile, and nobody waits.

import type { Recounted } from '../operations.ts';
import { number, type Row, text } from '../row.ts';
import { type Connection, SqlError } from './connection.ts';
import { FILED } from './queue-totals.ts';
import { recordApart, type StoreActor } from './record-apart.ts';
import { inTransaction, sqlOver } from './sql.ts';

const COUNTED = `SELECT 'domain' COLLATE "C" AS kind, domain AS key, count(*) AS count FROM recipient GROUP BY domain
    UNION ALL SELECT 'identity', identity_id, count(*) FROM recipient WHERE identity_id IS NOT NULL GROUP BY identity_id
    UNION ALL SELECT 'role', role COLLATE "C", count(*) FROM message GROUP BY role`;
/** What has to be added to the totals. */
const DIFFERENCE = `SELECT kind, key, sum(count)::bigint AS count FROM (
    ${COUNTED} UNION ALL SELECT kind, key, -count FROM (${FILED}) AS filed
  ) AS both_of GROUP BY kind, key HAVING sum(count) <> 0`;

/** Two who recount would both add it. Writers, and those who fold, don't wait for this lock. */
const ALONE = 'LOCK TABLE queue_total IN SHARE UPDATE EXCLUSIVE MODE';

/** Counts the queue, and adds what is missing to the totals. A record tells of it if anything was. */
export function recount(connection: Connection, actor: StoreActor): Promise<Recounted> {
  return inTransaction(connection, async (sql) => {
    await sql.run(ALONE);
    const rows = await sql.all(
      `INSERT INTO queue_change (kind, key, count) ${DIFFERENCE} RETURNING kind, key, count`,
    );
    const recounted = recountedOf(rows);
    const { messages, deliveries } = recounted;
    if (rows.length > 0) await recordApart(sql, actor, 'store recount', { messages, deliveries });
    return recounted;
  });
}

/** To count more than this is left to who asks for it, ms. */
const LOOK_MS_MAX = 5_000;
const QUERY_CANCELED = '57014';

/** What `recount` would add; undefined: there is so much that it takes too long to count. */
export async function lookAtTotals(connection: Connection): Promise<Recounted | undefined> {
  const sql = sqlOver(connection);
  try {
    await sql.all("SELECT set_config('statement_timeout', $1, false)", String(LOOK_MS_MAX));
    return recountedOf(await sql.all(DIFFERENCE));
  } catch (error) {
    if (error instanceof SqlError && error.code === QUERY_CANCELED) return undefined;
    throw error;
  } finally {
    if (connection.lost === undefined) await sql.all("SELECT set_config('statement_timeout', '0', false)");
  }
}

/** Differences up and down do not make up for each other. */
function recountedOf(rows: readonly Row[]): Recounted {
  const sum = (kind: string): number =>
    rows
      .filter((row) => text(row, 'kind') === kind)
      .reduce((all, row) => all + Math.abs(number(row, 'count')), 0);
  return { messages: sum('role'), deliveries: Math.max(sum('domain'), sum('identity')) };
}
