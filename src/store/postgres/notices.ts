// Notices for senders, in a table of their own: the recipients concerned may have left the queue before the report. Who writes or takes them has locked the
// row of their message.

import type { ReportRecipient } from '../../message/report.ts';
import { COMMANDED, mayNotSend } from '../held.ts';
import type { DueNoticesChange, Notice, NoticesOfMessage, ReportChange } from '../notices.ts';
import type { OutcomeOf, SettleChange } from '../port.ts';
import { bytes, number, type Row, text } from '../row.ts';
import { accept } from './accept.ts';
import type { Work } from './change.ts';
import { finish, lockMessage } from './finish.ts';
import { uuidOfId } from './inflight.ts';
import { MESSAGE_COLUMNS, messageOfRow } from './rows.ts';
import type { Sql } from './sql.ts';
import { uuidOf } from './value-types.ts';

const KEEP = `
  INSERT INTO notice (message_id, number, at, due_at, about) SELECT $1, k.number, k.at, $2, k.about
    FROM unnest($3::int[], $4::bigint[], $5::text[]) AS k (number, at, about)
    ON CONFLICT (message_id, number) DO UPDATE SET at = excluded.at, due_at = excluded.due_at, about = excluded.about`;

/** As `isOfRound` says. */
const TELL_IF_OVER = `
  UPDATE notice SET due_at = 0 WHERE message_id = $1 AND NOT EXISTS (
    SELECT 1 FROM recipient r WHERE r.message_id = $1
      AND (r.owner IS NOT NULL OR (r.held & ${COMMANDED} = 0 AND NOT ${mayNotSend('r')} AND r.due_at < $2))
  )`;

/** Writes the notices of a settle after its fates. True: the round is over, and they are due at once. */
export async function keepNotices(
  sql: Sql,
  { messageId, recipients, tellBy = 0 }: SettleChange,
): Promise<boolean> {
  // A later one takes the place of an earlier one of the same recipient.
  const byNumber = new Map(
    recipients.flatMap(({ notice }) => (notice === undefined ? [] : [[notice.recipientNumber, notice]])),
  );
  const notices = [...byNumber.values()];
  if (notices.length === 0) return false;
  const id = uuidOfId(messageId);
  await sql.run(
    KEEP,
    id,
    tellBy,
    notices.map(({ recipientNumber }) => recipientNumber),
    notices.map(({ at }) => at),
    notices.map(({ about }) => JSON.stringify(about)),
  );
  return (await sql.run(TELL_IF_OVER, id, tellBy)) > 0;
}

/** Notices that a look for due ones reads at most: a message may have very many. */
const LOOKED_AT_MAX = 1000;

const DUE_MESSAGES = `
  SELECT message_id FROM (SELECT message_id, due_at FROM notice WHERE due_at <= $1 ORDER BY due_at, message_id LIMIT ${LOOKED_AT_MAX}) AS first
    GROUP BY message_id ORDER BY min(due_at), message_id LIMIT $2`;

const PUT_OFF = `
  UPDATE notice SET due_at = $2
    WHERE message_id = ANY(ARRAY(SELECT DISTINCT message_id FROM notice WHERE message_id = ANY($1::uuid[]) AND due_at + 0 <= $3))
    RETURNING message_id, number, at, about`;

export async function dueNotices(
  { sql, now }: Work,
  { putOffMs, max }: DueNoticesChange,
): Promise<OutcomeOf<DueNoticesChange>> {
  const found = (await sql.all(DUE_MESSAGES, now, max)).map((row) => uuidOf(bytes(row, 'message_id')));
  const locked = await sql.all(
    `SELECT ${MESSAGE_COLUMNS} FROM message m WHERE m.id = ANY($1::uuid[]) ORDER BY m.id FOR UPDATE SKIP LOCKED`,
    found,
  );
  const byId = new Map(locked.map((row) => [uuidOf(bytes(row, 'id')), row]));
  // Another may have been given some of them before they were locked.
  const notices = await sql.all(PUT_OFF, [...byId.keys()], now + putOffMs, now);
  const ofMessage = Map.groupBy(notices, (row) => uuidOf(bytes(row, 'message_id')));
  const due = found.flatMap((id): readonly NoticesOfMessage[] => {
    const [message, rows] = [byId.get(id), ofMessage.get(id)];
    return message === undefined || rows === undefined
      ? []
      : [{ message: messageOfRow(message), notices: rows.map(noticeOfRow).toSorted(byRecipient) }];
  });
  return { type: 'dueNotices', due };
}

const noticeOfRow = (row: Row): Notice => ({
  recipientNumber: number(row, 'number'),
  at: number(row, 'at'),
  about: JSON.parse(text(row, 'about')) as ReportRecipient,
});

const byRecipient = (one: Notice, other: Notice): number => one.recipientNumber - other.recipientNumber;

export async function report(work: Work, change: ReportChange): Promise<OutcomeOf<ReportChange>> {
  const { messageId, notices } = change;
  const isThere = notices.length > 0 && (await lockMessage(work, messageId));
  if (!isThere || !(await areThere(work.sql, change))) return { type: 'stale' };
  await work.sql.run(
    'DELETE FROM notice WHERE message_id = $1 AND number = ANY($2::int[])',
    uuidOfId(messageId),
    notices.map(({ recipientNumber }) => recipientNumber),
  );
  work.append(change.event);
  if (change.report !== undefined) {
    const reported = await accept(work, change.report);
    // The whole change is undone: notices without their report would leave the sender unaware.
    if (reported.type !== 'accepted') throw new Error(`the report was not accepted: ${reported.type}`);
  }
  return { type: 'reported', messageDone: await finish(work, messageId) };
}

async function areThere(sql: Sql, { messageId, notices }: ReportChange): Promise<boolean> {
  const rows = await sql.all(
    'SELECT number, at FROM notice WHERE message_id = $1 AND number = ANY($2::int[])',
    uuidOfId(messageId),
    notices.map(({ recipientNumber }) => recipientNumber),
  );
  const at = new Map(rows.map((row) => [number(row, 'number'), number(row, 'at')]));
  return notices.every((notice) => at.get(notice.recipientNumber) === notice.at);
}
