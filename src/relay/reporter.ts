// Writes the reports that senders are still to get: one for all recipients of a message whose round of attempts is over. Its acceptance
// and the end of its notices are one commit. A report that can't be written now is tried again a minute later, by whichever front looks first.

import type { Clock } from '../platform/platform.ts';
import type { EventDraft, ReportedPayload } from '../record/events.ts';
import { mailboxKey } from '../protocol/wire/mailbox.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Notice, NoticesOfMessage, ReportChange } from '../store/notices.ts';
import type { AcceptChange, QueuedMessage, Store } from '../store/port.ts';
import { isOwnReport } from './notices.ts';
import type { ReportWriter } from './reports.ts';
import type { RelaySettings } from './settings.ts';
import type { StrangersCap } from './strangers-cap.ts';

const AGAIN_MS = 60_000;
/** Messages that are taken from the store at a time. */
const TAKEN_MAX = 20;

export interface Reporter {
  /** Notices are due now, or at this time. */
  expect(at?: number): void;
  /** Finishes the reports that are being written. */
  stop(): Promise<void>;
}

export interface ReporterOptions {
  readonly store: Store;
  readonly lookups: Pick<Lookups, 'content'>;
  readonly clock: Clock;
  readonly log: { warn(facts: object, message: string): void; error(facts: object, message: string): void };
  readonly writer: ReportWriter;
  readonly cap: StrangersCap;
  settings(): RelaySettings;
}

export function createReporter(options: ReporterOptions): Reporter {
  const { store, clock, log, cap } = options;
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
      await Promise.all(outcome.due.map((one) => tell(one)));
      if (outcome.due.length === TAKEN_MAX) again = true;
    }
  }

  async function tell(one: NoticesOfMessage): Promise<void> {
    const { message, notices } = one;
    try {
      const cause = silence(message, notices);
      const [outcome] = await store.commit([await reportOn(message, notices, cause)]);
      if (outcome.type === 'failed') throw new Error(outcome.cause);
      const isOfStranger = message.role === 'mx';
      if (isOfStranger && cause !== undefined && outcome.type === 'reported') cap.withheld(message.id);
    } catch (error) {
      log.error({ id: message.id, error: String(error) }, 'a report could not be written, it is tried again');
    }
  }

  async function reportOn(
    message: QueuedMessage,
    notices: readonly Notice[],
    cause: string | undefined,
  ): Promise<ReportChange> {
    const { postmaster } = options.settings();
    const report =
      cause === undefined
        ? await options.writer.write({
            message,
            recipients: notices.map(({ about }) => about),
            content: () => contentOf(message),
            ...(isOwnReport(message) && postmaster !== undefined ? { postmaster } : {}),
          })
        : undefined;
    return {
      type: 'report',
      messageId: message.id,
      notices: notices.map(({ recipientNumber, at }) => ({ recipientNumber, at })),
      event: reportedEvent(message, notices, clock.now(), report, cause),
      ...(report === undefined ? {} : { report }),
    };
  }

  /** Why no report about this is sent. */
  function silence(message: QueuedMessage, notices: readonly Notice[]): string | undefined {
    if (!isOwnReport(message)) return message.role === 'mx' ? cap.refuses() : undefined;
    const { postmaster } = options.settings();
    const to = notices.map(({ about }) => about.forwardPath);
    log.warn(
      { id: message.id, to, diagnostic: notices[0]?.about.diagnostic },
      'a report was refused for good, it is held',
    );
    if (postmaster === undefined) return 'no postmaster is named (postmaster:)';
    const isToPostmaster = to.some((one) => mailboxKey(one) === mailboxKey(postmaster));
    return isToPostmaster ? 'it was to the postmaster, who would be told of it' : undefined;
  }

  async function contentOf({ id }: QueuedMessage): Promise<AsyncIterable<Uint8Array>> {
    const content = await options.lookups.content(id);
    if (content === undefined) throw new Error(`the content of ${id} is gone`);
    return content;
  }

  return {
    expect(at) {
      if (at === undefined) return look();
      // Many messages fail within one second: they are looked for together.
      const second = Math.ceil(at / 1000);
      if (expected.has(second)) return;
      expected.add(second);
      clock.after(Math.max(0, second * 1000 - clock.now()), () => {
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

function reportedEvent(
  message: QueuedMessage,
  notices: readonly Notice[],
  time: number,
  report: AcceptChange | undefined,
  cause: string | undefined,
): EventDraft {
  const to = report?.recipients[0]?.forwardPath;
  const payload: ReportedPayload = {
    recipients: notices.map(({ recipientNumber, about }) => ({
      ...{ recipientNumber, recipient: about.forwardPath, action: about.action },
    })),
    ...(report === undefined ? {} : { reportId: report.message.id }),
    ...(to === undefined ? {} : { to }),
    ...(cause === undefined ? {} : { cause }),
  };
  const { id: messageId, identityId } = message;
  return { type: 'reported', time, messageId, ...(identityId === undefined ? {} : { identityId }), payload };
}
