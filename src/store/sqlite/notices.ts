// Notices for senders, in a table of their own: the recipients concerned may have left the queue before the report.

import { messageIdBytes } from '../../base/message-id.ts';
import type { ReportRecipient } from '../../message/report.ts';
import { type DueNoticesChange, isOfRound, type Notice, type ReportChange } from '../notices.ts';
import type { OutcomeOf, SettleChange } from '../port.ts';
import { accept } from './accept.ts';
import { type Database, type Row } from './database.ts';
import { number, text } from '../row.ts';
import { finish } from './finish.ts';
import { COMMANDED } from '../held.ts';
import { MESSAGE_COLUMNS, messageOfRow } from './rows.ts';
import type { Writer } from './writer.ts';

/** Writes the notices of a settle after its fates. True: the round is over, and they are due at once. */
export function keepNotices(
  { db, mayNotSend }: Writer,
  { n, identityId }: { readonly n: number; readonly identityId: string | undefined },
  { recipients, tellBy = 0 }: SettleChange,
): boolean {
  const notices = recipients.flatMap(({ notice }) => (notice === undefined ? [] : [notice]));
  if (notices.length === 0) return false;
  for (const { recipientNumber, at, about } of notices)
    db.run(
      'INSERT OR REPLACE INTO notice VALUES (?, ?, ?, ?, ?)',
      ...[n, recipientNumber, at, tellBy, JSON.stringify(about)],
    );
  const isOpen = db
    .all('SELECT due_at, held, owner FROM recipient WHERE message_n = ?', n)
    .some((row) => isOfRound(roundOf(row, mayNotSend.has(identityId ?? '')), tellBy));
  if (isOpen) return false;
  db.run('UPDATE notice SET due_at = 0 WHERE message_n = ?', n);
  return true;
}

function roundOf(row: Row, mayNotSend: boolean): Parameters<typeof isOfRound>[0] {
  const isHeld = mayNotSend || (number(row, 'held') & COMMANDED) !== 0;
  return { isUnderWay: row['owner'] !== null, isHeld, dueAt: number(row, 'due_at') };
}

export function dueNotices({ db, clock }: Writer, change: DueNoticesChange): OutcomeOf<DueNoticesChange> {
  const now = clock.now();
  const rows = db.all(
    'SELECT message_n, min(due_at) AS first FROM notice WHERE due_at <= ? GROUP BY message_n ORDER BY first, message_n LIMIT ?',
    now,
    change.max,
  );
  const due = rows.map((row) => {
    const n = number(row, 'message_n');
    db.run('UPDATE notice SET due_at = ? WHERE message_n = ?', now + change.putOffMs, n);
    const message = messageOfRow(db.get(`SELECT ${MESSAGE_COLUMNS} FROM message m WHERE m.n = ?`, n) ?? {});
    return { message, notices: noticesOf(db, n) };
  });
  return { type: 'dueNotices', due };
}

function noticesOf(db: Database, n: number): readonly Notice[] {
  return db.all('SELECT number, at, about FROM notice WHERE message_n = ? ORDER BY number', n).map((row) => ({
    recipientNumber: number(row, 'number'),
    at: number(row, 'at'),
    about: JSON.parse(text(row, 'about')) as ReportRecipient,
  }));
}

export function report(writer: Writer, change: ReportChange): OutcomeOf<ReportChange> {
  const { db, trail } = writer;
  const { messageId, notices } = change;
  const row = db.get('SELECT n, unsettled FROM message WHERE id = ?', messageIdBytes(messageId) ?? null);
  if (row === undefined || notices.length === 0) return { type: 'stale' };
  const n = number(row, 'n');
  const areThere = notices.every(
    ({ recipientNumber, at }) =>
      db.get('SELECT 1 FROM notice WHERE message_n = ? AND number = ? AND at = ?', n, recipientNumber, at) !==
      undefined,
  );
  if (!areThere) return { type: 'stale' };
  for (const { recipientNumber } of notices)
    db.run('DELETE FROM notice WHERE message_n = ? AND number = ?', n, recipientNumber);
  trail.append(change.event);
  if (change.report !== undefined) {
    const reported = accept(writer, change.report);
    // The whole change is undone: notices without their report would leave the sender unaware.
    if (reported.type !== 'accepted') throw new Error(`the report was not accepted: ${reported.type}`);
  }
  return { type: 'reported', messageDone: finish(writer, messageId, n, number(row, 'unsettled')) };
}
