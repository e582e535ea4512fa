// When the reports are written that senders are still to get (round-report.ts): as soon as notices are due. One that can't be written now is tried
// again a minute later, by whichever front looks first.

import { GATHER_MS, ONE_SECOND } from './settlement.ts';
import { RoundReports, type RoundReportOptions } from './round-report.ts';

const AGAIN_MS = 60_000;
/** Messages that are taken from the store at a time. */
const TAKEN_MAX = 20;

export interface Reporter {
  /** Notices are due now, or at this time. */
  expect(at?: number): void;
  /** Finishes the reports that are being written. */
  stop(): Promise<void>;
}

export function createReporter(options: RoundReportOptions): Reporter {
  const { store, clock, cap } = options;
  const reports = new RoundReports(options);
  let looking: Promise<void> | undefined;
  let again = false;
  const expected = new Set<number>();
  let stopped = false;
  // An earlier run may have left notices.
  let cancel = clock.after(0, () => look());

  function look(): void {
    if (stopped) return;
    again = true;
    looking ??= lookWhileAsked().finally(() => {
      looking = undefined;
      if (!stopped) cancel = clock.after(AGAIN_MS, () => look());
    });
  }

  async function lookWhileAsked(): Promise<void> {
    cancel();
    while (again && !stopped) {
      again = false;
      const asked = { type: 'dueNotices', putOffMs: AGAIN_MS, max: TAKEN_MAX } as const;
      // The store is away: it is asked again a minute later.
      const [outcome] = await store.commit([asked]).catch(() => [undefined]);
      if (outcome?.type !== 'dueNotices') return;
      await Promise.all(outcome.due.map((one) => reports.tell(one)));
      if (outcome.due.length === TAKEN_MAX) again = true;
    }
  }

  return {
    expect(at) {
      if (at === undefined) return look();
      // Many messages fail within one second: they are looked for together.
      const second = Math.ceil(at / 1000);
      if (expected.has(second)) return;
      expected.add(second);
      // The wall clock may have been set back meanwhile.
      const waitMs = Math.min(second * 1000 - clock.now(), GATHER_MS + ONE_SECOND);
      clock.after(Math.max(0, waitMs), () => {
        expected.delete(second);
        look();
      });
    },
    async stop() {
      stopped = true;
      cancel();
      await looking;
      await cap.stop();
    },
  };
}
