// Forgetting: purge by age and erasure of a person null payload and salt, the links stay, the chains still verify. Who forgets holds the lock of the marks; what is asked
// for now waits for it, and what is done now and then leaves it to who has it.

import { messageIdFromBytes } from '../../base/message-id.ts';
import { canonicalAddress } from '../../policy/address.ts';
import { addressTerm, identityTerm } from '../../record/terms.ts';
import {
  type EraseChange,
  erasedEvent,
  keysBefore,
  type PurgeChange,
  purgedEvent,
  type PurgeMarks,
  type SweptEvent,
  sweepSlice,
} from '../forgetting.ts';
import { keptId } from '../kept-id.ts';
import { TICKET } from '../shared-key.ts';
import type { OutcomeOf } from '../port.ts';
import { bytes, number, optionalText, type Row, text } from '../row.ts';
import type { Work } from './change.ts';
import { takeTurn } from './identities.ts';
import { uuidOfId } from './inflight.ts';
import type { Sql } from './sql.ts';
import { EVENT_COLUMNS, holdChains, unindex } from './term-index.ts';
import { allPlaces, newestNaming } from './trail-search.ts';

/** One slice of a sweep through the trail. */
export async function purge(work: Work, change: PurgeChange): Promise<OutcomeOf<PurgeChange>> {
  const { sql } = work;
  const marks = await takeMarks(sql, 'SKIP LOCKED');
  // Another node is at it: that does for both.
  if (marks === undefined) return { type: 'purged', count: 0, more: false };
  const events = (
    await sql.all(
      `SELECT ${COLUMNS} FROM event WHERE place > $1 ORDER BY place LIMIT $2`,
      marks.through,
      change.max,
    )
  ).map((row) => storedOf(row));
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
  const { ticket, other } = keysBefore(change);
  const sharedKeys = await sql.run(
    'DELETE FROM shared_key WHERE period < $1 OR (purpose = $2 AND period < $3)',
    ...[other, TICKET, ticket],
  );
  const tombstones = await dropTombstones(work, change.eventsBefore);
  const count = slice.forget.length;
  const event = purgedEvent(change, { events: count, tombstones, sharedKeys });
  if (event !== undefined) work.append(event);
  return { type: 'purged', count, more: slice.more };
}

/** Events that belong to the identity or name an address; those of messages still queued are kept and counted. */
export async function erase(work: Work, change: EraseChange): Promise<OutcomeOf<EraseChange>> {
  const { sql } = work;
  await takeMarks(sql, '');
  const present = (await eventsOfSubject(sql, change)).filter(({ isGone }) => !isGone);
  const isQueued = await queuedAmong(sql, present);
  const gone = present.filter((event) => event.time < change.before && !isQueued(event));
  await forget(sql, gone);
  const counts = { count: gone.length, kept: present.length - gone.length };
  work.append(erasedEvent(change, counts));
  return { type: 'erased', ...counts };
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

interface StoredEvent extends SweptEvent {
  readonly chain: number;
  readonly messageId: string | undefined;
}

const COLUMNS = 'place AS at, chain, time, message_id, payload IS NULL AS gone';

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
async function forget(sql: Sql, events: readonly StoredEvent[]): Promise<void> {
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

/** With the fates of the same messages: they name the recipients too. */
async function eventsOfSubject(
  sql: Sql,
  { identityId, addresses }: EraseChange,
): Promise<readonly StoredEvent[]> {
  const terms = addresses.map((address) => addressTerm(canonicalAddress(address) ?? address));
  if (identityId !== undefined) terms.push(identityTerm(identityId));
  const found = new Map<number, StoredEvent>();
  for await (const row of newestNaming(sql, terms, allPlaces)) {
    const event = { ...storedOf(row), isGone: row['payload'] === null };
    found.set(event.place, event);
  }
  const ids = [...new Set([...found.values()].flatMap(({ messageId }) => messageId ?? []))];
  for (const some of slicesOf(ids)) {
    const rows = await sql.all(`SELECT ${COLUMNS} FROM event WHERE message_id = ANY($1::text[])`, some);
    for (const row of rows) found.set(number(row, 'at'), storedOf(row));
  }
  return [...found.values()];
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
