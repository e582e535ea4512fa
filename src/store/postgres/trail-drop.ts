// Retention drops partitions of the trail that are wholly over. Before, events of mail that is still queued are put aside, into a partition that stays, at places before
// all others: so they are found as ever. What goes with a partition is the beginning of chains: the register gets a checkpoint of each, and a purge tells of them.

import { messageIdFromBytes, type MessageId } from '../../base/message-id.ts';
import { type Beginnings, KeptDigest } from '../../record/beginnings.ts';
import { linkOfRow } from '../event-row.ts';
import { bytes, number, type Row, text } from '../row.ts';
import { octetsArray } from './arrays.ts';
import { uuidOfId } from './inflight.ts';
import { AS_OWNER } from './migration.ts';
import { currentOf, partitions, placesOf, WAIT_AS_USUAL, WAIT_LITTLE } from './partitions.ts';
import type { Sql, WritingSql } from './sql.ts';
import { isInTheWay } from './sql-states.ts';
import { entriesOf, EVENT_COLUMNS, holdChains, unindex } from './term-index.ts';
import { timeOfUuid, uuidOfTime } from './value-types.ts';

/** Of an event that is put aside: so much before its place. */
const ASIDE = 1_000_000_000_000_000;
/** Ids of queued mail that one piece looks at. */
const IDS_MAX = 5_000;
/** Events that one statement reads. */
const PAGE = 5_000;
/** Clocks of nodes differ, and a message is dated when its content begins: ids of this time can't have events of before. */
const LATER_MS = 86_400_000;

/** The oldest partition, if it is over. */
interface Over {
  readonly n: number;
  readonly endedAt: number;
}

export async function oldestOver(sql: Sql, eventsBefore: number): Promise<Over | undefined> {
  const all = await partitions(sql);
  const [oldest] = all;
  if (oldest?.endedAt === undefined || oldest.n === currentOf(all)) return undefined;
  return oldest.endedAt < eventsBefore ? { n: oldest.n, endedAt: oldest.endedAt } : undefined;
}

/** Puts aside what is to stay of a partition, some at a time. True: all of it was. */
export async function putAside(sql: WritingSql, { n, endedAt }: Over): Promise<boolean> {
  const from = number((await sql.get("SELECT value FROM mark WHERE name = 'aside'")) ?? {}, 'value');
  const rows = await sql.all(
    'SELECT id FROM queued_message WHERE id >= $1 AND id < $2 ORDER BY id LIMIT $3',
    ...[uuidOfTime(from), uuidOfTime(endedAt + LATER_MS), IDS_MAX],
  );
  const ids = rows.map((row) => messageIdFromBytes(bytes(row, 'id')));
  const events = await eventsOf(sql, n, ids);
  await holdChains(
    sql,
    events.map((row) => number(row, 'chain')),
  );
  await unindex(sql, events);
  await sql.each(WRITE_WORD, entriesOf(events));
  const places = events.map((row) => number(row, 'at'));
  await sql.run(`UPDATE event SET place = place - ${ASIDE} WHERE place = ANY($1::bigint[])`, places);
  const last = rows.at(-1);
  const isAll = rows.length < IDS_MAX || last === undefined;
  const next = isAll ? 0 : Math.max(timeOfUuid(bytes(last, 'id')), from + 1);
  await sql.run("UPDATE mark SET value = $1 WHERE name = 'aside'", next);
  return isAll;
}

async function eventsOf(sql: Sql, n: number, ids: readonly MessageId[]): Promise<readonly Row[]> {
  const { from, below } = placesOf(n);
  return sql.all(
    `SELECT ${EVENT_COLUMNS} FROM unnest($1::text[]) AS i (id),
       LATERAL (SELECT * FROM event WHERE message_id = i.id AND place >= $2 AND place < $3 OFFSET 0) AS e`,
    ...[ids, from, below],
  );
}

/** Whether they were indexed or not: behind the checkpoint nothing will be. */
const WRITE_WORD = `INSERT INTO term VALUES ($1, $2 - ${ASIDE}) ON CONFLICT DO NOTHING`;

export interface Dropped {
  /** Events that are gone now. */
  readonly events: number;
  readonly beginnings: Beginnings;
}

/** Whoever writes waits from here to the end of the transaction. Undefined: somebody was in the way, and nothing was done. */
export async function dropPartition(sql: WritingSql, { n }: Over): Promise<Dropped | undefined> {
  await sql.run('SAVEPOINT drop_partition');
  try {
    await sql.get(AS_OWNER);
    await sql.all('SELECT id FROM chain ORDER BY id FOR UPDATE');
    const keptBefore = await keptBelow(sql);
    const counted = await moveCheckpoints(sql, placesOf(n).below);
    await forgetKept(sql);
    const { digest, count: kept } = await digestOfKept(sql);
    const checkpoints = await checkpointsOf(sql);
    await takeAway(sql, n);
    return {
      events: counted - (kept - keptBefore),
      beginnings: { checkpoints, kept, keptDigest: digest },
    };
  } catch (error) {
    if (!isInTheWay(error)) throw error;
    await sql.run('ROLLBACK TO SAVEPOINT drop_partition');
    return undefined;
  }
}

async function takeAway(sql: Sql, n: number): Promise<void> {
  const { below } = placesOf(n);
  await sql.get(WAIT_LITTLE);
  await sql.run(`DROP TABLE event_${n}, term_${n}`);
  await sql.get(WAIT_AS_USUAL);
  for (const table of ['event_default', 'term_default'])
    await sql.run(`DELETE FROM ${table} WHERE place < $1`, below);
  await sql.run('DELETE FROM trail_partition WHERE n = $1', n);
}

/** Whatever stands before a place, of each chain: its last event. */
const LAST = `SELECT c.id, c.checkpoint, e.sequence, e.link FROM chain c, LATERAL (
    SELECT sequence, link FROM event WHERE event.chain = c.id AND event.place < $1 ORDER BY event.sequence DESC LIMIT 1
  ) AS e WHERE e.sequence > coalesce(c.checkpoint, 0)`;
const MOVE = `UPDATE chain c SET checkpoint = l.sequence, checkpoint_link = l.link, indexed = greatest(c.indexed, l.sequence),
    head = greatest(c.head, l.sequence), head_link = CASE WHEN coalesce(c.head, 0) < l.sequence THEN l.link ELSE c.head_link END
  FROM unnest($1::int[], $2::bigint[], $3::bytea[]) AS l (id, sequence, link) WHERE c.id = l.id`;

/** Gives how many events stand before the new checkpoints, and did not before the old ones. */
async function moveCheckpoints(sql: Sql, below: number): Promise<number> {
  const rows = await sql.all(LAST, below);
  await sql.run(
    MOVE,
    rows.map((row) => number(row, 'id')),
    rows.map((row) => number(row, 'sequence')),
    octetsArray(rows.map((row) => bytes(row, 'link'))),
  );
  return rows.reduce((sum, row) => sum + number(row, 'sequence') - number(row, 'checkpoint'), 0);
}

async function checkpointsOf(sql: Sql): Promise<Beginnings['checkpoints']> {
  const rows = await sql.all(
    'SELECT id, checkpoint, checkpoint_link FROM chain WHERE checkpoint IS NOT NULL ORDER BY id',
  );
  return rows.map((row) => ({
    ...{ chain: number(row, 'id'), sequence: number(row, 'checkpoint'), link: bytes(row, 'checkpoint_link') },
  }));
}

async function keptBelow(sql: Sql): Promise<number> {
  const row = await sql.get(
    'SELECT count(*) AS count FROM event_kept e JOIN chain c ON c.id = e.chain WHERE e.sequence <= c.checkpoint',
  );
  return number(row ?? {}, 'count');
}

/** Of mail that has left the queue. */
async function forgetKept(sql: WritingSql): Promise<void> {
  for (let after = ''; ;) {
    const rows = await sql.all(
      'SELECT DISTINCT message_id FROM event_kept WHERE message_id > $1 ORDER BY message_id LIMIT $2',
      ...[after, IDS_MAX],
    );
    const ids = rows.map((row) => text(row, 'message_id'));
    const queued = await sql.all(
      'SELECT id FROM queued_message WHERE id = ANY($1::uuid[])',
      ids.map(uuidOfId),
    );
    const stay = new Set(queued.map((row) => messageIdFromBytes(bytes(row, 'id'))));
    const gone = ids.filter((id) => !stay.has(id));
    const events = await sql.all(
      `SELECT ${EVENT_COLUMNS} FROM unnest($1::text[]) AS i (id), LATERAL (SELECT * FROM event_kept WHERE message_id = i.id OFFSET 0) AS e`,
      gone,
    );
    await unindex(sql, events);
    await sql.run('DELETE FROM event_kept WHERE message_id = ANY($1::text[])', gone);
    const last = ids.at(-1);
    if (ids.length < IDS_MAX || last === undefined) return;
    after = last;
  }
}

async function digestOfKept(sql: Sql): Promise<{ readonly digest: string; readonly count: number }> {
  const kept = new KeptDigest();
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const rows = await sql.all(
      `SELECT ${EVENT_COLUMNS}, e.salt, e.place_salt, e.content_hash, e.link FROM event_kept e WHERE e.place > $1 ORDER BY e.place LIMIT $2`,
      ...[after, PAGE],
    );
    for (const row of rows) kept.add(linkOfRow(row));
    const last = rows.at(-1);
    if (rows.length < PAGE || last === undefined) return { digest: kept.digest(), count: kept.count };
    after = number(last, 'at');
  }
}

/** Chains of which nothing is left, and to which nobody writes. */
export async function forgetChains(sql: Sql): Promise<void> {
  await sql.run(`DELETE FROM chain c WHERE c.closed AND c.checkpoint >= c.head
    AND (SELECT e.place FROM event e WHERE e.chain = c.id ORDER BY e.sequence LIMIT 1) IS NULL`);
}
