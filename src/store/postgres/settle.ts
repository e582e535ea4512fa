// Settle: ends an attempt, fenced by owner and attempt. The whole end of a message in hand is the end of one row; whatever else happens to it files it first.

import { countMessage } from '../depth.ts';
import { holdBit } from '../held.ts';
import type { Fate, OutcomeOf, QueuedMessage, SettleChange } from '../port.ts';
import { number, optionalBytes, text } from '../row.ts';
import { tellsOf } from '../told-before.ts';
import type { Work } from './change.ts';
import { finish, lockMessage } from './finish.ts';
import { file, FIRST_ATTEMPT, isWholeEnd, uuidOfId } from './inflight.ts';
import { keepNotices } from './notices.ts';
import type { Sql } from './sql.ts';

export async function settle(work: Work, change: SettleChange): Promise<OutcomeOf<SettleChange>> {
  const { sql, append } = work;
  const { messageId, recipients } = change;
  if (await endWhole(work, change)) {
    for (const { event } of recipients) append(event);
    return { type: 'settled', messageDone: true };
  }
  if (!(await isLocked(work, messageId)) || !(await areOurs(sql, change)))
    return (await wasSettled(sql, change)) ? { type: 'stale', again: true } : { type: 'stale' };
  const finals = await writeEnds(sql, change);
  const dueAgain = recipients.flatMap(({ fate }) => (fate.type === 'deferred' ? [fate.dueAt] : []));
  if (dueAgain.length > 0) work.afterCommit(() => work.node.floors.bring(Math.min(...dueAgain)));
  for (const { event } of recipients) append(event);
  const noticesDue = await keepNotices(sql, change);
  const messageDone = finals > 0 && (await finish(work, messageId));
  return { type: 'settled', messageDone, ...(noticesDue ? { noticesDue } : {}) };
}

/** When it was asked before. All of a settle is told in one commit. */
async function wasSettled(sql: Sql, { again, recipients: [first] }: SettleChange): Promise<boolean> {
  if (again !== true || first === undefined) return false;
  const { event } = first;
  const rows = await sql.all(
    'SELECT type, time, payload FROM event WHERE message_id = $1',
    event.messageId ?? '',
  );
  return rows.some((row) =>
    tellsOf(
      { type: text(row, 'type'), time: number(row, 'time'), payload: optionalBytes(row, 'payload') },
      event,
    ),
  );
}

/** Ends the message if it is in hand, the change ends all its recipients, and nobody is to be told. */
async function endWhole({ sql, node, afterCommit }: Work, change: SettleChange): Promise<boolean> {
  if (!isWholeEnd(change)) return false;
  const id = uuidOfId(change.messageId);
  const gone = await sql.get(END_WHOLE, id, change.owner, change.recipients.length);
  if (gone === undefined) return false;
  if (gone['staged'] === true) await sql.run('DELETE FROM body WHERE id = $1', id);
  const role = text(gone, 'role') as QueuedMessage['role'];
  afterCommit(() => countMessage(node.queue, { role }, -1));
  return true;
}

const END_WHOLE = `DELETE FROM inflight WHERE id = $1 AND owner = $2 AND cardinality(forward_paths) = $3 AND attempt = ${FIRST_ATTEMPT} AND withdrawn_until IS NULL
  RETURNING role, staged`;

/** In the queue tables, moved there if it has to be. */
async function isLocked(work: Work, messageId: string): Promise<boolean> {
  if (await lockMessage(work, messageId)) return true;
  await file(work, messageId);
  return lockMessage(work, messageId);
}

/** By the key: `=` could go through all that the owner has had by its index. */
async function areOurs(sql: Sql, { messageId, owner, recipients }: SettleChange): Promise<boolean> {
  const rows = await sql.all(
    `SELECT r.number, r.attempt FROM recipient r WHERE r.message_id = $1 AND r.number = ANY($2::int[]) AND r.owner IS NOT DISTINCT FROM $3
       ORDER BY r.number FOR UPDATE`,
    ...[uuidOfId(messageId), recipients.map(({ recipientNumber }) => recipientNumber), owner],
  );
  const attempts = new Map(rows.map((row) => [number(row, 'number'), number(row, 'attempt')]));
  return recipients.every(({ recipientNumber, attempt }) => attempts.get(recipientNumber) === attempt);
}

/** What is written to a recipient that stays; null: as it is. */
interface Kept {
  readonly dueAt: number | null;
  readonly delayReported: boolean | null;
  readonly held: number;
}

const WRITE_KEPT = `
  UPDATE recipient r SET owner = NULL, due_at = coalesce(k.due_at, r.due_at), delay_reported = coalesce(k.delay_reported, r.delay_reported),
      held = r.held | k.held
    FROM unnest($2::int[], $3::bigint[], $4::bool[], $5::int[]) AS k (number, due_at, delay_reported, held)
    WHERE r.message_id = $1 AND r.number = k.number`;

const asItIs: Kept = { dueAt: null, delayReported: null, held: 0 };

function keptAfter(before: Kept, fate: Exclude<Fate, { type: 'final' }>): Kept {
  return fate.type === 'held'
    ? { ...before, held: holdBit.operator }
    : { ...before, dueAt: fate.dueAt, delayReported: fate.delayReported };
}

/** Gives how many recipients are gone. */
async function writeEnds(sql: Sql, { messageId, recipients }: SettleChange): Promise<number> {
  const id = uuidOfId(messageId);
  const finals = new Set<number>();
  const kept = new Map<number, Kept>();
  for (const { recipientNumber, fate } of recipients)
    if (fate.type === 'final') finals.add(recipientNumber);
    else kept.set(recipientNumber, keptAfter(kept.get(recipientNumber) ?? asItIs, fate));
  // Named twice, it ends once.
  for (const gone of finals) kept.delete(gone);
  if (kept.size > 0) {
    const ends = [...kept.values()];
    await sql.run(
      WRITE_KEPT,
      id,
      [...kept.keys()],
      ends.map(({ dueAt }) => dueAt),
      ends.map(({ delayReported }) => delayReported),
      ends.map(({ held }) => held),
    );
  }
  if (finals.size > 0)
    await sql.run('DELETE FROM recipient WHERE message_id = $1 AND number = ANY($2::int[])', id, [...finals]);
  return finals.size;
}
