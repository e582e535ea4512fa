// Reports about mail of strangers may hit the innocent, whose addresses were forged: they are limited per minute, over all fronts. Reports beyond
// that are recorded in the trail, and the postmaster gets one summary of how many were not sent.

import type { Clock } from '../platform/platform.ts';
import type { Store } from '../store/port.ts';
import type { ReportWriter } from './reports.ts';

const PER_MINUTE = 10;
/** From the first report that is not sent to the summary. */
const SUMMARY_MS = 3_600_000;
/** Until the next try, if the summary could not be written. */
const AGAIN_MS = 60_000;
const NAMED_MAX = 50;

export interface StrangersCap {
  /** Takes one of this minute's places, also for a retry; gives why there is none, or undefined. */
  refuses(): string | undefined;
  /** Called once the trail says that no report about this message is sent. */
  withheld(messageId: string): void;
  /** Sends the summary at once: the counts exist only here. */
  stop(): Promise<void>;
}

export interface CapOptions {
  readonly clock: Clock;
  /** Counts a report to a stranger; gives the count of this minute, of the whole process. */
  countReportToStranger(): number;
  readonly store: Store;
  readonly writer: ReportWriter;
  readonly log: { warn(facts: object, message: string): void; error(facts: object, message: string): void };
}

export function createStrangersCap(options: CapOptions): StrangersCap {
  const { clock, store, writer, log } = options;
  let count = 0;
  let ids: string[] = [];
  let stopped = false;
  let cancel = (): void => undefined;

  async function summarize(): Promise<void> {
    const told = { count, ids };
    [count, ids] = [0, []];
    try {
      await write(told);
      log.warn({ count: told.count }, 'reports to strangers were not sent, they were too many');
    } catch (error) {
      log.error({ error: String(error), ...told }, 'the summary for the postmaster could not be written');
      if (count === 0 && !stopped) cancel = clock.after(AGAIN_MS, () => void summarize());
      count += told.count;
      ids = [...told.ids, ...ids].slice(0, NAMED_MAX);
    }
  }

  async function write(told: Parameters<typeof linesOf>[0]): Promise<void> {
    const summary = await writer.summary('Reports to strangers that were not sent', linesOf(told));
    if (summary === undefined) return;
    const [outcome] = await store.commit([summary]);
    if (outcome.type !== 'accepted') throw new Error(`it was not accepted: ${outcome.type}`);
  }

  return {
    refuses: () =>
      options.countReportToStranger() <= PER_MINUTE
        ? undefined
        : `more than ${PER_MINUTE} reports to strangers in this minute`,
    withheld(messageId) {
      count += 1;
      if (ids.length < NAMED_MAX) ids.push(messageId);
      if (count === 1) cancel = clock.after(SUMMARY_MS, () => void summarize());
    },
    async stop() {
      stopped = true;
      cancel();
      if (count > 0) await summarize();
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
