// Reports about mail of strangers may hit the innocent, whose addresses were forged: so many a minute, of all fronts together. What is beyond that stands in the trail, and
// the postmaster hears in one summary how many were not told.

import type { Clock } from '../platform/platform.ts';
import type { Store } from '../store/port.ts';
import type { ReportWriter } from './reports.ts';

const PER_MINUTE = 10;
/** From the first that is not sent to the summary. */
const SUMMARY_MS = 3_600_000;
const NAMED_MAX = 50;

export interface StrangersCap {
  /** Counts one more; why it is not sent, or undefined. */
  refuses(messageId: string): string | undefined;
}

export interface CapOptions {
  readonly clock: Clock;
  /** One more report to a stranger; gives how many there were in this minute, of the whole process. */
  countReportToStranger(): number;
  readonly store: Store;
  readonly writer: ReportWriter;
  readonly log: { warn(facts: object, message: string): void; error(facts: object, message: string): void };
}

export function createStrangersCap(options: CapOptions): StrangersCap {
  const { clock, store, writer, log } = options;
  let count = 0;
  let ids: string[] = [];

  async function summarize(): Promise<void> {
    const withheld = { count, ids };
    [count, ids] = [0, []];
    log.warn({ count: withheld.count }, 'reports to strangers were not sent, they were too many');
    try {
      const summary = await writer.summary('Reports to strangers that were not sent', linesOf(withheld));
      if (summary !== undefined) await store.commit([summary]);
    } catch (error) {
      log.error({ error: String(error), ...withheld }, 'the summary for the postmaster could not be written');
    }
  }

  return {
    refuses(messageId) {
      if (options.countReportToStranger() <= PER_MINUTE) return undefined;
      count += 1;
      if (ids.length < NAMED_MAX) ids.push(messageId);
      if (count === 1) clock.after(SUMMARY_MS, () => void summarize());
      return `more than ${PER_MINUTE} reports to strangers in this minute`;
    },
  };
}

function linesOf({
  count,
  ids,
}: {
  readonly count: number;
  readonly ids: readonly string[];
}): readonly string[] {
  return [
    `In the last hour ${count} reports about mail from outside were not sent: more than`,
    `${PER_MINUTE} in a minute may be backscatter to forged addresses. What became of the mail is in the trail:`,
    '',
    ...ids.map((id) => `    postern trace ${id}`),
    ...(count > ids.length ? [`    and ${count - ids.length} more`] : []),
  ];
}
