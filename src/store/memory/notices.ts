// Notices for senders, in memory.

import { type DueNoticesChange, isOfRound, type ReportChange } from '../notices.ts';
import type { OutcomeOf, SettleChange } from '../port.ts';
import { accept } from './accept.ts';
import { endIfDone } from './end.ts';
import { isHeld } from './selector.ts';
import { findMessage, type State } from './state.ts';
import type { NoticeRow, Tables } from './tables.ts';

/** Writes the notices of a settle after its fates. True: the round is over, and they are due at once. */
export function keepNotices(tables: Tables, id: string, change: SettleChange): boolean {
  const { messages } = tables;
  const { recipients, tellBy = 0 } = change;
  const row = messages.get(id);
  const notices = recipients.flatMap(({ notice }) =>
    notice === undefined ? [] : [{ ...notice, dueAt: tellBy }],
  );
  if (row === undefined || notices.length === 0) return false;
  const isOver = !row.recipients.some((one) => {
    const { owner, dueAt } = one;
    return isOfRound(
      { isUnderWay: owner !== undefined, isHeld: isHeld(tables, { row, recipient: one }), dueAt },
      tellBy,
    );
  });
  // A later one takes the place of an earlier one of the same recipient.
  const byNumber = new Map([...row.notices, ...notices].map((notice) => [notice.recipientNumber, notice]));
  const all = [...byNumber.values()].toSorted((one, other) => one.recipientNumber - other.recipientNumber);
  messages.set(id, { ...row, notices: isOver ? all.map((notice) => ({ ...notice, dueAt: 0 })) : all });
  return isOver;
}

export function dueNotices({ tables, clock }: State, change: DueNoticesChange): OutcomeOf<DueNoticesChange> {
  const { putOffMs, max } = change;
  const now = clock.now();
  const firstOf = (notices: readonly NoticeRow[]): number => Math.min(...notices.map(({ dueAt }) => dueAt));
  const rows = tables.messages
    .values()
    .filter(({ notices }) => notices.some(({ dueAt }) => dueAt <= now))
    .toSorted((one, other) => firstOf(one.notices) - firstOf(other.notices) || one.n - other.n)
    .slice(0, max);
  const due = rows.map((row) => {
    const putOff = row.notices.map((notice) => ({ ...notice, dueAt: now + putOffMs }));
    tables.messages.set(row.message.id, { ...row, notices: putOff });
    const notices = row.notices.map(({ recipientNumber, at, about }) => ({ recipientNumber, at, about }));
    return { message: row.message, notices };
  });
  return { type: 'dueNotices', due };
}

export function report(state: State, change: ReportChange): OutcomeOf<ReportChange> {
  const { messages } = state.tables;
  const row = findMessage(state.tables, change.messageId);
  const isMeant = (notice: NoticeRow): boolean =>
    change.notices.some(
      ({ recipientNumber, at }) => recipientNumber === notice.recipientNumber && at === notice.at,
    );
  const meant = row?.notices.filter(isMeant) ?? [];
  if (row === undefined || change.notices.length === 0 || meant.length !== change.notices.length)
    return { type: 'stale' };
  const { id } = row.message;
  messages.set(id, { ...row, notices: row.notices.filter((notice) => !isMeant(notice)) });
  state.append(change.event);
  if (change.report !== undefined) {
    const reported = accept(state, change.report);
    // The whole change is undone: notices without their report would leave the sender unaware.
    if (reported.type !== 'accepted') throw new Error(`the report was not accepted: ${reported.type}`);
  }
  return { type: 'reported', messageDone: endIfDone(state, id) };
}
