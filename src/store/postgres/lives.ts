// Lives of the nodes on PostgreSQL: their leases, who takes over from whom, and what each pulse tells of identities (`lease.ts`, `freshness.ts`). A pulse is one
// short transaction. What a life that is over still holds is given back after it, a slice at a time, by every pulse until nothing can come from it any more.

import type { PulseAnswer } from '../engine.ts';
import { type Changed, FEED_MAX, FEED_MS, type IdentityChanged } from '../freshness.ts';
import { beginning, bounded, isLost, type LifeRow, mayTakeOver, renewed } from '../lease.ts';
import { type Incarnation, ownersOfLife } from '../owner.ts';
import type { StoreNotice } from '../port.ts';
import { number, type Row, text } from '../row.ts';
import type { Connection } from './connection.ts';
import { fileOfOwners } from './inflight.ts';
import { inTransaction, type Sql, sqlOver } from './sql.ts';

/** What a life that is over has still under way has come by then, ms. */
const SWEPT_MS = 600_000;
/** Rows that one transaction gives back: others' commits come between. */
const SLICE = 500;

export interface Pulse {
  readonly life: Incarnation;
  /** It may begin the life. */
  readonly isFirst: boolean;
  /** The store's clock, ms since the epoch. */
  readonly now: number;
  /** Processes of the server that work for this life. */
  readonly processIds: readonly number[];
}

/** Rejects with `ConnectionLost` if nobody knows whether it was done. */
export async function pulseOver(
  connection: Connection,
  asked: Pulse & { onNotice(notice: StoreNotice): void },
): Promise<PulseAnswer> {
  const answer = await inTransaction(connection, (sql) => pulse(sql, asked));
  if (answer.type === 'dead') return answer;
  let isDue = false;
  for (const life of await deadLives(sqlOver(connection)))
    while ((await inTransaction(connection, (sql) => giveBack(sql, life, asked.now))) > 0) isDue = true;
  if (isDue) asked.onNotice({ type: 'due' });
  return answer;
}

async function pulse(sql: Sql, asked: Pulse): Promise<PulseAnswer> {
  const { life, isFirst, now } = asked;
  const before = await sql.get(
    'SELECT state, until, steady_since FROM life WHERE node = $1 AND incarnation = $2 FOR UPDATE',
    ...[life.node, life.incarnation],
  );
  const known = before && rowOf(before);
  if (known === undefined ? !isFirst : known.state === 'dead') return { type: 'dead' };
  const row = known === undefined ? beginning(now) : renewed(bounded(known, now), now);
  await write(sql, life, row, asked.processIds);
  // Nothing can come any more from lives that have been over for so long.
  await sql.run("DELETE FROM life WHERE state = 'dead' AND until < $1", now - SWEPT_MS);
  const tookOver = mayTakeOver(row, now) ? await takeOver(sql, asked) : [];
  return { type: 'alive', at: now, changed: await changed(sql, now), tookOver };
}

async function write(
  sql: Sql,
  { node, incarnation }: Incarnation,
  row: LifeRow,
  processIds: readonly number[] | null,
): Promise<void> {
  await sql.run(
    `INSERT INTO life (node, incarnation, state, until, steady_since, process_ids) VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (node, incarnation) DO UPDATE SET state = excluded.state, until = excluded.until, steady_since = excluded.steady_since,
         process_ids = coalesce(excluded.process_ids, life.process_ids)`,
    ...[node, incarnation, row.state, row.until, row.steadySince],
    processIds,
  );
}

/** One that pulses at this moment is let be. */
async function takeOver(sql: Sql, { life, now }: Pulse): Promise<readonly Incarnation[]> {
  const others = await sql.all(
    `SELECT node, incarnation, state, until, steady_since, process_ids FROM life WHERE state = 'alive' AND (node, incarnation) <> ($1, $2)
       ORDER BY node, incarnation FOR UPDATE SKIP LOCKED`,
    ...[life.node, life.incarnation],
  );
  const gone: Incarnation[] = [];
  for (const other of others) {
    const its = { node: text(other, 'node'), incarnation: text(other, 'incarnation') };
    const row = rowOf(other);
    const kept = bounded(row, now);
    if (isLost(kept, now)) {
      gone.push(its);
      await write(sql, its, { ...kept, state: 'dead' }, null);
      await cutOff(sql, text(other, 'process_ids'));
    } else if (kept.until !== row.until || kept.steadySince !== row.steadySince)
      await write(sql, its, kept, null);
  }
  return gone;
}

/**
 * Half a group of a process that was stopped would hold its locks for as long as its socket lives. Only to those who may: without it all is as right, and what
 * is locked comes later. `processIds`: as an array of PostgreSQL.
 */
async function cutOff(sql: Sql, processIds: string): Promise<void> {
  await sql.run('SAVEPOINT cut_off');
  try {
    await sql.run(
      `SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a WHERE a.pid = ANY ($1::int[]) AND a.usename = current_user
         AND a.datname = current_database() AND a.application_name = 'postern'`,
      processIds,
    );
  } catch {
    await sql.run('ROLLBACK TO SAVEPOINT cut_off');
  }
}

function rowOf(row: Row): LifeRow {
  return {
    state: text(row, 'state') === 'dead' ? 'dead' : 'alive',
    until: number(row, 'until'),
    steadySince: number(row, 'steady_since'),
  };
}

async function changed(sql: Sql, now: number): Promise<Changed> {
  const rows = await sql.all(
    `SELECT identity_id, revision, state, gone FROM identity_change
       WHERE changed_at > $1 ORDER BY changed_at, n LIMIT ${FEED_MAX + 1}`,
    now - FEED_MS,
  );
  return rows.length > FEED_MAX ? 'many' : rows.map(changeOf);
}

function changeOf(row: Row): IdentityChanged {
  return {
    type: 'identityChanged',
    identityId: text(row, 'identity_id'),
    revision: number(row, 'revision'),
    state: text(row, 'state') as IdentityChanged['state'],
    gone: JSON.parse(text(row, 'gone')) as readonly string[],
  };
}

/** Lives that are over. */
async function deadLives(sql: Sql): Promise<readonly Incarnation[]> {
  const rows = await sql.all(
    "SELECT node, incarnation FROM life WHERE state = 'dead' ORDER BY node, incarnation",
  );
  return rows.map((row) => ({ node: text(row, 'node'), incarnation: text(row, 'incarnation') }));
}

/** A slice of what a life that is over holds becomes due. Within a transaction. How many recipients; 0: nothing is left that nobody has locked. */
async function giveBack(sql: Sql, life: Incarnation, now: number): Promise<number> {
  const owners = ownersOfLife(life);
  const filed = await fileOfOwners(sql, owners, SLICE, 'FOR UPDATE SKIP LOCKED');
  const freed = await sql.run(
    `UPDATE recipient SET owner = NULL, claim = NULL, due_at = least(due_at, $2) WHERE (message_id, number) IN (
       SELECT message_id, number FROM recipient WHERE owner >= $1 AND owner < $1 || chr(255) ORDER BY message_id, number LIMIT ${SLICE} FOR UPDATE SKIP LOCKED)`,
    owners,
    now,
  );
  return Math.max(filed.length, freed);
}
