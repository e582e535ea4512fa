// The report about one message: one for all recipients of a round of attempts that is over. Its acceptance and the end of its notices are one commit.

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

export interface RoundReportOptions {
  readonly store: Store;
  readonly lookups: Pick<Lookups, 'content'>;
  readonly clock: Clock;
  readonly log: { warn(facts: object, message: string): void; error(facts: object, message: string): void };
  readonly writer: ReportWriter;
  readonly cap: StrangersCap;
  settings(): RelaySettings;
}

export class RoundReports {
  readonly #options: RoundReportOptions;

  constructor(options: RoundReportOptions) {
    this.#options = options;
  }

  /** Never rejects: what can't be written stays due. */
  async tell({ message, notices }: NoticesOfMessage): Promise<void> {
    const { store, log, cap } = this.#options;
    try {
      const cause = this.#silence(message, notices);
      const [outcome] = await store.commit([await this.#reportOn(message, notices, cause)]);
      if (outcome.type === 'failed') throw new Error(outcome.cause);
      const isOfStranger = message.role === 'mx';
      if (isOfStranger && cause !== undefined && outcome.type === 'reported') cap.withheld(message.id);
    } catch (error) {
      log.error({ id: message.id, error: String(error) }, 'a report could not be written, it is tried again');
    }
  }

  async #reportOn(
    message: QueuedMessage,
    notices: readonly Notice[],
    cause: string | undefined,
  ): Promise<ReportChange> {
    const { postmaster } = this.#options.settings();
    const report =
      cause === undefined
        ? await this.#options.writer.write({
            message,
            recipients: notices.map(({ about }) => about),
            content: () => this.#contentOf(message),
            ...(isOwnReport(message) && postmaster !== undefined ? { postmaster } : {}),
          })
        : undefined;
    return {
      type: 'report',
      messageId: message.id,
      notices: notices.map(({ recipientNumber, at }) => ({ recipientNumber, at })),
      event: reportedEvent(message, notices, this.#options.clock.now(), report, cause),
      ...(report === undefined ? {} : { report }),
    };
  }

  /** Why no report about this is sent. */
  #silence(message: QueuedMessage, notices: readonly Notice[]): string | undefined {
    const { log, cap } = this.#options;
    if (!isOwnReport(message)) return message.role === 'mx' ? cap.refuses() : undefined;
    const { postmaster } = this.#options.settings();
    const to = notices.map(({ about }) => about.forwardPath);
    log.warn(
      { id: message.id, to, diagnostic: notices[0]?.about.diagnostic },
      'a report was refused for good, it is held',
    );
    if (postmaster === undefined) return 'no postmaster is named (postmaster:)';
    const isToPostmaster = to.some((one) => mailboxKey(one) === mailboxKey(postmaster));
    return isToPostmaster ? 'it was to the postmaster, who would be told of it' : undefined;
  }

  async #contentOf({ id }: QueuedMessage): Promise<AsyncIterable<Uint8Array>> {
    const content = await this.#options.lookups.content(id);
    if (content === undefined) throw new Error(`the content of ${id} is gone`);
    return content;
  }
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
