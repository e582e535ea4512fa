// Forgetting: purge by age and erasure of a person null payload and salt, the links stay, the chains still verify; whole partitions that are over are dropped (`trail-drop.ts`). Who forgets holds the lock of the marks; what is asked
// for now waits for it, and what is done now and then leaves it to who has it.

import { messageIdFromBytes } from '../../base/message-id.ts';
import {
  type EraseChange,
  erasedEvent,
  keysBefore,
  type PurgeChange,
  purgedEvent,
  type PurgeMarks,
  sweepSlice,
} from '../forgetting.ts';
import { keptId } from '../kept-id.ts';
import { TICKET } from '../shared-key.ts';
import type { OutcomeOf } from '../port.ts';
import { bytes, number, optionalText, type Row, text } from '../row.ts';
import { forgetSessions } from './console-sessions.ts';
import type { Work } from './change.ts';
import { takeTurn } from './identities.ts';
import { uuidOfId } from './inflight.ts';
import { currentOf, daysOf, partitions, placesOf, setDaysEach } from './partitions.ts';
import type { Sql, WritingSql } from './sql.ts';
import { sliceOfSubject, type StoredEvent } from './subject.ts';
import { EVENT_COLUMNS, holdChains, unindex } from './term-index.ts';
import { dropPartition, forgetChains, oldestOver, putAside } from './trail-drop.ts';

/** A piece of it: whole partitions that are over, else events one by one. */
export async function purge(work: Work, change: PurgeChange): Promise<OutcomeOf<PurgeChange>> {
  const { sql } = work;
  const marks = await takeMarks(sql, 'SKIP LOCKED');
  // Another node is at it: that does for both.
  if (marks === undefined) return { type: 'purged', count: 0, more: false };
  await setDaysEach(sql, daysOf(change.now - change.eventsBefore));
  await forgetChains(sql);
  const over = await oldestOver(sql, change.eventsBefore);
  const swept = over === undefined ? await sweep(sql, marks, change) : { count: 0, more: false };
  const { ticket, other } = keysBefore(change);
  const sharedKeys = await sql.run(
    'DELETE FROM shared_key WHERE period < $1 OR (purpose = $2 AND period < $3)',
    ...[other, TICKET, ticket],
  );
  await forgetSessions(sql, change.now);
  const tombstones = await dropTombstones(work, change.eventsBefore);
  const isReady = over !== undefined && (await putAside(sql, over));
  // Last of all: from here on nobody writes.
  const dropped = isReady ? await dropPartition(sql, over) : undefined;
  const count = swept.count + (dropped?.events ?? 0);
  const event = purgedEvent(change, { events: count, tombstones, sharedKeys }, dropped?.beginnings);
  if (event !== undefined) work.append(event);
  const isMoreOver = over !== undefined && (!isReady || dropped !== undefined);
  return { type: 'purged', count, more: swept.more || isMoreOver };
}

/**
 * Through the partition that events are put into, which holds little that is over: what was dated back, or all of it if no day was begun for long. And through the first
 * one while it is there: it may hold what was written in years, before there were partitions, or what was copied.
 */
async function sweep(
  sql: WritingSql,
  marks: PurgeMarks,
  change: PurgeChange,
): Promise<{ readonly count: number; readonly more: boolean }> {
  const all = await partitions(sql);
  const { from } = placesOf(all[0]?.n === 0 ? 0 : currentOf(all));
  const rows = await sql.all(
    `SELECT ${COLUMNS} FROM event WHERE place > $1 ORDER BY place LIMIT $2`,
    ...[Math.max(marks.through, from - 1), change.max],
  );
  const events = rows.map((row) => storedOf(row));
  const isQueued = await queuedAmong(
    sql,
    events.filter(({ time }) => time < change.eventsBefore),
  );
  const slice = sweepSlice(events, marks, change, isQueued);
  await forget(sql, slice.forget);
  await sql.run(
    `UPDATE mark SET value = CASE name WHEN 'purged' THEN $1::bigint ELSE $2 END WHERE name IN (${MARKS})`,
    slice.marks.through,
    slice.marks.kept,
  );
  return { count: slice.forget.length, more: slice.more };
}

/** A slice of the events that belong to the identity or name an address; those of messages still queued are kept and counted. */
export async function erase(work: Work, change: EraseChange): Promise<OutcomeOf<EraseChange>> {
  const { sql } = work;
  await takeMarks(sql, '');
  const { events, next } = await sliceOfSubject(sql, change);
  const present = events.filter(({ isGone }) => !isGone);
  const isQueued = await queuedAmong(sql, present);
  const gone = present.filter((event) => event.time < change.before && !isQueued(event));
  await forget(sql, gone);
  const counts = { count: gone.length, kept: present.length - gone.length };
  // The first slice tells that it was asked, whatever there is.
  if (change.after === undefined || present.length > 0) work.append(erasedEvent(change, counts));
  return { type: 'erased', ...counts, ...(next === undefined ? {} : { next }) };
}

const MARKS = "'purged', 'kept'";

/** Until the end of the transaction nobody else forgets. `SKIP LOCKED`: undefined, if somebody else does now. */
async function takeMarks(sql: Sql, others: '' | 'SKIP LOCKED'): Promise<PurgeMarks | undefined> {
  const rows = await sql.all(
    `SELECT name, value FROM mark WHERE name IN (${MARKS}) ORDER BY name FOR UPDATE ${others}`,
  );
  if (rows.length < 2) return undefined;
  const of = (name: string): number => number(rows.find((row) => text(row, 'name') === name) ?? {}, 'value');
  return { through: of('purged'), kept: of('kept') };
}

const COLUMNS = "place AS at, chain, time, message_id, payload IS NULL OR type = 'purged' AS gone";

function storedOf(row: Row): StoredEvent {
  return {
    ...{ place: number(row, 'at'), chain: number(row, 'chain'), time: number(row, 'time') },
    messageId: optionalText(row, 'message_id'),
    isGone: row['gone'] === true,
  };
}

/** Of one statement: an address may have a million. */
const AT_ONCE = 500;

function* slicesOf<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += AT_ONCE) yield all.slice(at, at + AT_ONCE);
}

async function queuedAmong(
  sql: Sql,
  events: readonly StoredEvent[],
): Promise<(event: StoredEvent) => boolean> {
  const ids = [...new Set(events.flatMap(({ messageId }) => messageId ?? []))];
  const queued = new Set<string>();
  for (const some of slicesOf(ids)) {
    const rows = await sql.all(
      'SELECT id FROM queued_message WHERE id = ANY($1::uuid[])',
      some.map(uuidOfId),
    );
    for (const row of rows) queued.add(messageIdFromBytes(bytes(row, 'id')));
  }
  return ({ messageId }) => messageId !== undefined && queued.has(keptId(messageId) ?? '');
}

/** Only the id of its message stays: that there was such a message, and nothing else. */
async function forget(sql: WritingSql, events: readonly StoredEvent[]): Promise<void> {
  if (events.length === 0) return;
  await holdChains(
    sql,
    events.map(({ chain }) => chain),
  );
  for (const some of slicesOf(events)) {
    const places = some.map(({ place }) => place);
    await unindex(
      sql,
      await sql.all(`SELECT ${EVENT_COLUMNS} FROM event e WHERE e.place = ANY($1::bigint[])`, places),
    );
    await sql.run(
      'UPDATE event SET payload = NULL, salt = NULL, place_content = NULL, place_salt = NULL WHERE place = ANY($1::bigint[])',
      places,
    );
  }
}

/** Tombstones with mail in the queue stay: nothing else says that it is held. */
const OVER = `SELECT i.id FROM identity i
  LEFT JOIN LATERAL (SELECT 1 AS one FROM recipient r WHERE r.identity_id = i.id LIMIT 1) AS filed ON true
  WHERE i.state = 'removed' AND i.removed_at < $1 AND filed.one IS NULL
    AND i.id <> ALL (ARRAY(SELECT f.identity_id FROM inflight f WHERE f.identity_id IS NOT NULL))`;

async function dropTombstones({ sql, node, afterCommit }: Work, before: number): Promise<number> {
  const isAny = await sql.get(
    "SELECT 1 AS found FROM identity WHERE state = 'removed' AND removed_at < $1 LIMIT 1",
    before,
  );
  if (isAny === undefined) return 0;
  await takeTurn(sql);
  const ids = (await sql.all(OVER, before)).map((row) => text(row, 'id'));
  for (const table of ['identity_name', 'identity_credential', 'credential_use', 'counter'])
    await sql.run(`DELETE FROM ${table} WHERE identity_id = ANY($1::text[])`, ids);
  await sql.run('DELETE FROM identity WHERE id = ANY($1::text[])', ids);
  afterCommit(() => node.counters.forget(ids));
  return ids.length;
}
