// Notices for senders: a notice stands in the store from the commit that wrote a recipient's fate until that of the report about it.
// So a report can wait for the other recipients of its round, and a crash in between loses none.

import type { MessageId } from '../base/message-id.ts';
import type { ReportRecipient } from '../message/report.ts';
import type { EventDraft } from '../record/events.ts';
import type { AcceptChange, QueuedMessage } from './port.ts';

export interface Notice {
  /** Position in the accepted envelope. A later notice of the same recipient takes the place of an earlier one. */
  readonly recipientNumber: number;
  /** When the attempt ended, ms. */
  readonly at: number;
  readonly about: ReportRecipient;
}

/** Hands out messages with notices that are due, all of each message, and puts these off: nobody else is given them for `putOffMs`. */
export interface DueNoticesChange {
  readonly type: 'dueNotices';
  readonly putOffMs: number;
  /** Messages at most. */
  readonly max: number;
}

export interface NoticesOfMessage {
  readonly message: QueuedMessage;
  readonly notices: readonly Notice[];
}

/** Ends these notices, with the report about them or, if none is sent, with the event that says why. The last one removes the message. */
export interface ReportChange {
  readonly type: 'report';
  readonly messageId: MessageId;
  readonly notices: readonly Pick<Notice, 'recipientNumber' | 'at'>[];
  readonly report?: AcceptChange;
  readonly event: EventDraft;
}

export interface NoticeOutcomes {
  dueNotices: { readonly type: 'dueNotices'; readonly due: readonly NoticesOfMessage[] };
  /** `stale`: one of them is not there (any more); nothing of the change was done. */
  report: { readonly type: 'reported'; readonly messageDone: boolean } | { readonly type: 'stale' };
}

/**
 * Whether a recipient belongs to the round of attempts that a notice is of: its own attempt is under way, or begins before the notices must be
 * told of.
 */
export function isOfRound(
  recipient: { readonly isUnderWay: boolean; readonly isHeld: boolean; readonly dueAt: number },
  tellBy: number,
): boolean {
  return recipient.isUnderWay || (!recipient.isHeld && recipient.dueAt < tellBy);
}
