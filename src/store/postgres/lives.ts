// Lives of the nodes on PostgreSQL: their leases, who takes over from whom, and what each pulse tells (`lease.ts`, `feed.ts`). A pulse is one
// short transaction. What a life that is over still holds is given back after it, a slice at a time and for a second at most, by every pulse until nothing can come
// from it any more: who gave back much would lose its own lease meanwhile.
// Of each name one life is alive at a time.

import type { Clock } from '../../platform/platform.ts';
import type { Apart } from '../apart.ts';
import type { Namesake, PulseAnswer } from '../engine.ts';
import type { Changed } from '../freshness.ts';
import {
  beginning,
  bounded,
  isLost,
  type LifeRow,
  type LifeState,
  mayFollow,
  mayTakeOver,
  type Place,
  PULSE_MS,
  renewed,
  SWEPT_MS,
} from '../lease.ts';
import { type Incarnation, ownersOfLife } from '../owner.ts';
import type { StoreNotice } from '../port.ts';
import { number, optionalText, type Row, text } from '../row.ts';
import { type Backend, cutOff } from './backends.ts';
import { begins } from './begins.ts';
import type { Connection } from './connection.ts';
import type { ChangeFeed } from './feed.ts';
import type { Floors } from './floors.ts';
import { fileOfOwners } from './inflight.ts';
import { inTransaction, type Sql, sqlOver } from './sql.ts';

/** Recipients that one transaction gives back: others' commits come between. */
const SLICE = 500;
/** Messages with their contents, up to 256 KiB each. */
const FILED_SLICE = 100;
/** In one go, ms. */
const GIVE_BACK_MS = 1_000;

export interface Pulse {
  readonly life: Incarnation;
  /** It may begin the life. */
  readonly isFirst: boolean;
  /** The store's clock, ms since the epoch. */
  readonly now: number;
  /** They work for this life. */
  readonly backends: readonly Backend[];
  /** Where it runs. */
  readonly place: Partial<Place>;
  readonly feed: ChangeFeed;
}

interface GivingBack {
  /** The store's clock, ms since the epoch. */
  readonly now: number;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly floors: Floors;
  onNotice(notice: StoreNotice): void;
}

/** Rejects with `ConnectionLost` if nobody knows whether it was done. What is done for others fails apart: the own lease stands. */
export async function pulseOver(
  connection: Connection,
  asked: Pulse & { readonly apart: Apart },
): Promise<PulseAnswer> {
  const own = await inTransaction(connection, (sql) => pulse(sql, asked));
  if (own.type !== 'alive') return own;
  const tookOver: Incarnation[] = [];
  await asked.apart.run('takeover', undefined, async () => {
    if (mayTakeOver(own.row, asked.now))
      tookOver.push(...(await inTransaction(connection, (sql) => takeOver(sql, asked))));
  });
  const { at, changed: those } = own;
  return { type: 'alive', at, changed: those, tookOver };
}

/** What lives that are over hold becomes due, for a second. True: there is more. */
export async function giveBackSome(
  connection: Connection,
  { now, clock, floors, onNotice }: GivingBack,
): Promise<boolean> {
  const until = clock.monotonic() + GIVE_BACK_MS;
  let isDue = false;
  let isMore = false;
  for (const { life, state, until: livedUntil } of await livesOver(sqlOver(connection))) {
    // It has given back itself what it held. Others say so twice: one pulse may be lost.
    if (state === 'ended' && livedUntil > now - 2 * PULSE_MS) isDue = true;
    do {
      isMore = (await inTransaction(connection, (sql) => giveBack(sql, life, now))) > 0;
      isDue ||= isMore;
    } while (isMore && clock.monotonic() < until);
    if (isMore) break;
  }
  // As it was due before.
  if (isDue) floors.forget();
  if (isDue) onNotice({ type: 'due' });
  return isMore;
}

/** As `EngineWriter.end`. `alike` goes into the same transaction. */
export function endOver(
  connection: Connection,
  { life, now }: Pick<Pulse, 'life' | 'now'>,
  alike: (sql: Sql) => Promise<void>,
): Promise<void> {
  return inTransaction(connection, async (sql) => {
    await alike(sql);
    await sql.run(
      "UPDATE life SET state = 'ended', until = $3 WHERE node = $1 AND incarnation = $2 AND state = 'alive'",
      ...[life.node, life.incarnation, now],
    );
    while ((await giveBack(sql, life, now)) > 0);
  });
}

type Pulsed =
  | Exclude<PulseAnswer, { readonly type: 'alive' }>
  | { readonly type: 'alive'; readonly at: number; readonly changed: Changed; readonly row: LifeRow };

async function pulse(sql: Sql, asked: Pulse): Promise<Pulsed> {
  const { life, isFirst, now, feed } = asked;
  const before = await sql.get(
    'SELECT state, until, steady_since FROM life WHERE node = $1 AND incarnation = $2 FOR UPDATE',
    ...[life.node, life.incarnation],
  );
  const known = before && rowOf(before);
  if (known === undefined ? !isFirst : known.state !== 'alive') return { type: 'dead' };
  const namesake = known === undefined ? await followed(sql, asked) : undefined;
  if (namesake !== undefined) return { type: 'taken', by: namesake };
  const row = known === undefined ? beginning(now) : renewed(bounded(known, now), now);
  await write(sql, life, row, asked);
  // Nothing can come any more from lives that have been over for so long.
  await sql.run("DELETE FROM life WHERE state <> 'alive' AND until < $1", now - SWEPT_MS);
  return { type: 'alive', at: now, changed: await feed.changed(sql), row };
}

async function write(
  sql: Sql,
  { node, incarnation }: Incarnation,
  row: LifeRow,
  { backends, place }: Partial<Pick<Pulse, 'backends' | 'place'>> = {},
): Promise<void> {
  await sql.run(
    `INSERT INTO life (node, incarnation, state, until, steady_since, process_ids, process_since, host, held_lock)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (node, incarnation) DO UPDATE SET state = excluded.state, until = excluded.until, steady_since = excluded.steady_since,
         process_ids = coalesce(excluded.process_ids, life.process_ids), process_since = coalesce(excluded.process_since, life.process_since)`,
    ...[node, incarnation, row.state, row.until, row.steadySince],
    ...[backends?.map(({ processId }) => processId) ?? null, backends?.map(({ since }) => since) ?? null],
    ...[place?.host ?? null, place?.lock ?? null],
  );
}

/** Before a life begins: earlier ones of its name are over, or the one that may live is given. */
async function followed(sql: Sql, { life, place, now }: Pulse): Promise<Namesake | undefined> {
  // Two that begin at once would not see each other. No index says it: code of the version before would fail on that.
  await sql.run('LOCK TABLE life IN SHARE ROW EXCLUSIVE MODE');
  const others = await sql.all(
    `SELECT incarnation, state, until, steady_since, host, held_lock FROM life WHERE node = $1 AND state = 'alive' FOR UPDATE`,
    life.node,
  );
  for (const other of others) {
    const [row, host, lock] = [rowOf(other), optionalText(other, 'host'), optionalText(other, 'held_lock')];
    const its = { node: life.node, incarnation: text(other, 'incarnation') };
    const kept = bounded(row, now);
    if (!mayFollow(kept, lock === undefined ? {} : { lock }, place, now))
      return { ...its, until: row.until, ...(host === undefined ? {} : { host }) };
    await write(sql, its, { ...kept, state: 'dead' });
    await cutOff(sql, its);
  }
  return undefined;
}

/** One that pulses at this moment is let be. */
async function takeOver(sql: Sql, { life, now }: Pulse): Promise<readonly Incarnation[]> {
  const others = await sql.all(
    `SELECT node, incarnation, state, until, steady_since FROM life WHERE state = 'alive' AND (node, incarnation) <> ($1, $2)
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
      await write(sql, its, { ...kept, state: 'dead' });
      await cutOff(sql, its);
    } else if (kept.until !== row.until || kept.steadySince !== row.steadySince) await write(sql, its, kept);
  }
  return gone;
}

function rowOf(row: Row): LifeRow {
  return {
    state: text(row, 'state') as LifeState,
    until: number(row, 'until'),
    steadySince: number(row, 'steady_since'),
  };
}

interface LifeOver extends Pick<LifeRow, 'state' | 'until'> {
  readonly life: Incarnation;
}

async function livesOver(sql: Sql): Promise<readonly LifeOver[]> {
  const rows = await sql.all(
    "SELECT node, incarnation, state, until FROM life WHERE state <> 'alive' ORDER BY node, incarnation",
  );
  return rows.map((row) => ({
    life: { node: text(row, 'node'), incarnation: text(row, 'incarnation') },
    ...{ state: text(row, 'state') as LifeState, until: number(row, 'until') },
  }));
}

/** A slice of what a life that is over holds becomes due. Within a transaction. How many recipients; 0: nothing is left that nobody has locked. */
async function giveBack(sql: Sql, life: Incarnation, now: number): Promise<number> {
  const owners = ownersOfLife(life);
  const filed = await fileOfOwners(sql, owners, FILED_SLICE, 'FOR UPDATE SKIP LOCKED');
  const freed = await sql.run(
    `UPDATE recipient SET owner = NULL, claim = NULL, due_at = least(due_at, $2) WHERE (message_id, number) IN (
       SELECT message_id, number FROM recipient WHERE ${begins('owner', '$1')} ORDER BY (message_id, number) LIMIT ${SLICE} FOR UPDATE SKIP LOCKED)`,
    owners,
    now,
  );
  return Math.max(filed.length, freed);
}
