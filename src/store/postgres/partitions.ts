// The trail in partitions, each of a day or some: of events, and of the words that lead to them. Both are ranges of places, because along each chain the places grow:
// so what goes with a partition is the beginning of chains. A day begins by one step of the sequence that gives places. Nothing depends on when that is done: until
// then events go on into the partition of the day before.

import type { Clock } from '../../platform/platform.ts';
import { number, type Row } from '../row.ts';
import type { Connection } from './connection.ts';
import { AS_OWNER } from './migration.ts';
import { isNotPermitted } from './sql-states.ts';
import { inTransaction, type Sql, sqlOver } from './sql.ts';

/** Of a partition; if there were more in its time, they would go on into the next one. The schema knows this number too. */
export const PLACES = 1_000_000_000;

/** So many days of a partition, ahead of the last that has begun, are there already. */
const AHEAD_DAYS = 7;
const EVERY_MS = 60_000;
const WARN_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** A partition of a trail that is kept for so long. Look-ups go through all partitions, and lock each: more than some forty cost too much. */
export function daysOf(retentionMs: number): number {
  return Math.max(1, Math.ceil(retentionMs / DAY_MS / 31));
}

/** Whoever waits longer for a table would hold up all who come after him. */
export const WAIT_LITTLE = "SELECT set_config('lock_timeout', '200ms', true)";

export const WAIT_AS_USUAL = "SELECT set_config('lock_timeout', '2s', true)";

/** Places of a partition. */
export function placesOf(n: number): { readonly from: number; readonly below: number } {
  return { from: n * PLACES, below: (n + 1) * PLACES };
}

export interface Partition {
  readonly n: number;
  /** Ms since the epoch. Absent: no event was put into it yet. */
  readonly begunAt?: number;
  /** No event in it is of a later time. Absent: events are put into it. */
  readonly endedAt?: number;
}

/** In their order. */
export async function partitions(sql: Sql): Promise<readonly Partition[]> {
  const rows = await sql.all('SELECT n, begun_at, ended_at FROM trail_partition ORDER BY n');
  return rows.map(partitionOf);
}

function partitionOf(row: Row): Partition {
  const { begun_at: begunAt, ended_at: endedAt } = row;
  return {
    n: number(row, 'n'),
    ...(typeof begunAt === 'number' ? { begunAt } : {}),
    ...(typeof endedAt === 'number' ? { endedAt } : {}),
  };
}

/** That events are put into. */
export function currentOf(all: readonly Partition[]): number {
  return all.findLast(({ begunAt }) => begunAt !== undefined)?.n ?? all[0]?.n ?? 0;
}

export interface PartitionKeeper {
  /** Makes what is needed next, and begins a day. `now`: by the store's clock, ms since the epoch. False: there is no more. Rejects if somebody is in the way. */
  keep(connection: Connection, now: number): Promise<false>;
}

const MISPLACED =
  'events stand in the table event_default, because no partition was there for them: see that none was dropped or detached by hand';

/** `warn`: partitions can't be made, or events have gone where those go that have none. */
export function keepPartitions(
  clock: Pick<Clock, 'monotonic'>,
  warn: (because: string) => void,
): PartitionKeeper {
  let at = -Infinity;
  let warnAt = -Infinity;

  async function troubleOf(connection: Connection, now: number): Promise<string | undefined> {
    try {
      await inTurn(connection, (sql) => makeAhead(connection, sql));
      await inTurn(connection, (sql) => beginNext(sql, now));
    } catch (error) {
      if (!isNotPermitted(error)) throw error;
      if (await isKeptByOthers(sqlOver(connection), now)) return undefined;
      return `nobody makes partitions of the trail, and none is dropped: let a node log in as the owner of the tables, or call \`postern store keep\` as the owner once a day`;
    }
    const found = await sqlOver(connection).get('SELECT 1 FROM event_default LIMIT 1');
    return found && MISPLACED;
  }

  return {
    async keep(connection, now) {
      if (clock.monotonic() < at) return false;
      // Also after a failure: others must not be held up all the time.
      at = clock.monotonic() + EVERY_MS;
      const trouble = await troubleOf(connection, now);
      if (trouble === undefined || clock.monotonic() < warnAt) return false;
      warnAt = clock.monotonic() + WARN_EVERY_MS;
      warn(trouble);
      return false;
    },
  };
}

/** A day has begun as it should. */
async function isKeptByOthers(sql: Sql, now: number): Promise<boolean> {
  const all = await partitions(sql);
  const begunAt = all.find(({ n }) => n === currentOf(all))?.begunAt;
  return begunAt !== undefined && daysBetween(begunAt, now) <= (await daysEach(sql));
}

/** In a transaction, unless another node is at it. */
async function inTurn(connection: Connection, work: (sql: Sql) => Promise<void>): Promise<void> {
  await inTransaction(connection, async (sql) => {
    await sql.get(AS_OWNER);
    await sql.get(WAIT_LITTLE);
    const row = await sql.get("SELECT value FROM mark WHERE name = 'partitions' FOR UPDATE SKIP LOCKED");
    if (row !== undefined) await work(sql);
  });
}

async function daysEach(sql: Sql): Promise<number> {
  return number((await sql.get("SELECT value FROM mark WHERE name = 'partitions'")) ?? {}, 'value');
}

/** For partitions to come. */
export async function setDaysEach(sql: Sql, days: number): Promise<void> {
  await sql.run("UPDATE mark SET value = $1 WHERE name = 'partitions' AND value <> $1", days);
}

/** Committed before places are given of them. */
async function makeAhead(connection: Connection, sql: Sql): Promise<void> {
  const all = await partitions(sql);
  const current = currentOf(all);
  const wanted = Math.ceil(AHEAD_DAYS / (await daysEach(sql)));
  const lacking = wanted - all.filter(({ n }) => n > current).length;
  if (lacking <= 0) return;
  const misplaced = await sql.get('SELECT max(place) AS place FROM event_default');
  const beyond = Math.floor(number(misplaced ?? {}, 'place') / PLACES);
  const last = Math.max(all.at(-1)?.n ?? 0, beyond);
  for (let n = last + 1; n <= last + lacking; n += 1) {
    await connection.exec(['event', 'term'].map((table) => made(table, n)).join(''));
    await sql.run('INSERT INTO trail_partition VALUES ($1)', n);
  }
}

/** Apart first, then attached: that keeps out nobody who writes. */
function made(table: string, n: number): string {
  const { from, below } = placesOf(n);
  return `CREATE TABLE ${table}_${n} (LIKE ${table} INCLUDING DEFAULTS);
    ALTER TABLE ${table} ATTACH PARTITION ${table}_${n} FOR VALUES FROM (${from}) TO (${below});`;
}

/** Of who was late by an hour and more: those that were written last are not all of the latest times. */
const LAST = 1_000;
const ENDED_AT = `SELECT max(time) AS time FROM (SELECT time FROM event WHERE place >= $1 AND place < $2 ORDER BY place DESC LIMIT ${LAST}) AS last`;
/** A sequence is changed at once, whatever becomes of the transaction: never back. */
const STEP = `SELECT CASE WHEN last_value < $1 THEN setval('event_place', $1, false) END FROM event_place`;

async function beginNext(sql: Sql, now: number): Promise<void> {
  const all = await partitions(sql);
  const current = currentOf(all);
  const begunAt = all.find(({ n }) => n === current)?.begunAt;
  if (begunAt === undefined) return begin(sql, current, now);
  const next = all.find(({ n }) => n > current);
  if (next === undefined || daysBetween(begunAt, now) < (await daysEach(sql))) return;
  const { from, below } = placesOf(current);
  await sql.get(STEP, placesOf(next.n).from);
  const last = number((await sql.get(ENDED_AT, from, below)) ?? {}, 'time');
  // One that was dated ahead keeps nothing.
  await sql.run('UPDATE trail_partition SET ended_at = $2 WHERE n = $1', current, Math.min(last, now));
  await begin(sql, next.n, now);
}

async function begin(sql: Sql, n: number, now: number): Promise<void> {
  await sql.run('UPDATE trail_partition SET begun_at = $2 WHERE n = $1', n, now);
}

/** Midnights, UTC, whatever the direction: a clock that went back must not keep a partition going for as long. */
function daysBetween(one: number, other: number): number {
  return Math.abs(Math.floor(other / DAY_MS) - Math.floor(one / DAY_MS));
}
