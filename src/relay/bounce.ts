// An operator gives a message up and lets its sender know: the report about it, and the drops that follow once it is written.

import type { AcceptChange, QueueChange, QueueSelector } from '../store/port.ts';
import type { QueueEntry } from '../store/lookups.ts';
import type { Attempt, Errand } from './errand.ts';
import type { ReportWriter } from './reports.ts';
import type { RelaySettings } from './settings.ts';

export interface Bounce {
  /** Of one message, none of them under way. */
  readonly entries: readonly QueueEntry[];
  readonly content: Errand['content'];
  readonly settings: RelaySettings;
  readonly reports: ReportWriter;
  readonly now: number;
  readonly by: string;
}

export interface BounceChanges {
  /** Undefined: nobody is to be told. */
  readonly report?: AcceptChange;
  readonly drops: readonly QueueChange[];
}

export async function bounceChanges({
  entries,
  content,
  settings,
  reports,
  now,
  by,
}: Bounce): Promise<BounceChanges> {
  const [first] = entries;
  if (first === undefined) return { drops: [] };
  const { message } = first;
  const attempt: Attempt = {
    type: 'failed',
    status: '5.0.0',
    diagnostic: 'given up by the postmaster of this server',
  };
  const errand: Errand = {
    message,
    deliveries: entries.map(({ delivery }) => delivery),
    route: settings.route,
    content,
  };
  const report = await reports.write(
    errand,
    entries.map(() => ({ ...attempt, final: 'failed' as const })),
  );
  const drops = entries.map(({ delivery }): QueueChange => {
    const selector: QueueSelector = { messageId: message.id, to: delivery.recipient.forwardPath };
    return { type: 'queue', action: 'drop', selector, now, by };
  });
  return report === undefined ? { drops } : { report, drops };
}
