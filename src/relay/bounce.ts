// An operator gives a message up and tells its sender: the report, then the drops once the report is written.

import type { AcceptChange } from '../store/port.ts';
import type { QueueSelector } from '../store/selector.ts';
import type { QueueChange } from '../store/queue-change.ts';
import type { QueueEntry } from '../store/lookups.ts';
import type { Attempt, DeliveryJob } from './delivery-job.ts';
import { noticeOf } from './notices.ts';
import type { ReportWriter } from './reports.ts';
import type { RelaySettings } from './settings.ts';

export interface Bounce {
  /** Of one message, none of them under way. */
  readonly entries: readonly QueueEntry[];
  readonly content: DeliveryJob['content'];
  readonly settings: Pick<RelaySettings, 'expireMs'>;
  readonly reports: Pick<ReportWriter, 'write'>;
  /** Who gives it up, when, and why. */
  readonly who: Pick<QueueChange, 'now' | 'by' | 'because'>;
}

export interface BounceChanges {
  /** Undefined: nobody is to be told. */
  readonly report?: AcceptChange;
  readonly drops: readonly QueueChange[];
}

const givenUp: Attempt = {
  type: 'failed',
  status: '5.0.0',
  diagnostic: 'given up by the postmaster of this server',
};

export async function bounceChanges(bounce: Bounce): Promise<BounceChanges> {
  const { entries, content, settings, reports, who } = bounce;
  const [first] = entries;
  if (first === undefined) return { drops: [] };
  const { message } = first;
  const drops = entries.map(({ delivery }): QueueChange => {
    const { recipientNumber, recipient } = delivery;
    const selector: QueueSelector = { messageId: message.id, recipientNumber, to: recipient.forwardPath };
    return { type: 'queue', action: 'drop', selector, ...who };
  });
  const recipients = entries
    .map(({ delivery }) => noticeOf(message, delivery, { ...givenUp, final: 'failed' }, settings))
    .filter((about) => about !== undefined);
  if (recipients.length === 0) return { drops };
  return { report: await reports.write({ message, recipients, content }), drops };
}
