// An operator gives a message up and lets its sender know: the drop and the report about it, in one group of changes.

import type { Change, QueueSelector } from '../store/port.ts';
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

export async function bounceChanges({
  entries,
  content,
  settings,
  reports,
  now,
  by,
}: Bounce): Promise<readonly Change[]> {
  const [first] = entries;
  if (first === undefined) return [];
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
  const drops = entries.map(({ delivery }): Change => {
    const selector: QueueSelector = { messageId: message.id, to: delivery.recipient.forwardPath };
    return { type: 'queue', action: 'drop', selector, now, by };
  });
  // The report first: whatever happens between, the sender is told.
  return report === undefined ? drops : [report, ...drops];
}
