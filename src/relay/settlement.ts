// From what an attempt found to what is written about it: the fate of each recipient, its event, and the report that goes with them.

import type { EventDraft } from '../record/events.ts';
import type { Delivery, Owner, QueuedMessage, SettleChange } from '../store/port.ts';
import type { Attempt, Errand } from './errand.ts';
import { reportable, type ReportWriter, type Told } from './reports.ts';
import type { RelaySettings } from './settings.ts';

export const ONE_SECOND = 1000;

/** When the attempt after number `attempt` is due: at `againAt`, or by the schedule; never later than the last one may be. */
export function nextDueAt(
  settings: Pick<RelaySettings, 'retryMs' | 'expireMs'>,
  message: QueuedMessage,
  attempt: number,
  now: number,
  againAt?: number,
): number {
  const { retryMs, expireMs } = settings;
  const delay = retryMs[Math.min(attempt - 1, retryMs.length - 1)] ?? 3_600_000;
  return Math.max(now + ONE_SECOND, Math.min(againAt ?? now + delay, message.acceptedAt + expireMs));
}

export interface Settlement {
  readonly change: SettleChange;
  readonly told: readonly Told['final'][];
}

export async function settlementOf(
  errand: Errand,
  attempts: readonly Attempt[],
  o: {
    readonly settings: RelaySettings;
    readonly owner: Owner;
    readonly reports: ReportWriter;
    readonly now: number;
  },
): Promise<Settlement> {
  const { message, deliveries } = errand;
  const { settings, now } = o;
  const isExpired = now >= message.acceptedAt + settings.expireMs;
  const told = attempts.map((attempt) => finalOf(attempt, isExpired));
  const delayDue = now >= message.acceptedAt + settings.delayNoticeMs;
  const worthTelling = told.map((one, at) =>
    one.final !== 'deferred' || (delayDue && deliveries[at]?.delayReported === false) ? one : undefined,
  );
  const report = await o.reports.write(errand, worthTelling);
  const reported = (at: number): boolean => {
    const [delivery, one] = [deliveries[at], worthTelling[at]];
    return (
      report !== undefined &&
      delivery !== undefined &&
      one !== undefined &&
      reportable(delivery, one) !== undefined
    );
  };
  return {
    told: told.map(({ final }) => final),
    change: {
      type: 'settle',
      owner: o.owner,
      messageId: message.id,
      recipients: deliveries.map((delivery, at) => {
        const one = told[at] ?? {
          type: 'deferred',
          final: 'deferred',
          status: '4.0.0',
          diagnostic: 'no result',
        };
        const dueAt = nextDueAt(settings, message, delivery.attempt, now, attempts[at]?.againAt);
        const isDeferred = one.final === 'deferred';
        return {
          recipientNumber: delivery.recipientNumber,
          attempt: delivery.attempt,
          // A delay that is due counts as told even if nobody wanted to hear of it: it is not looked at again.
          fate: isDeferred
            ? { type: 'deferred', dueAt, delayReported: delivery.delayReported || delayDue }
            : { type: 'final' },
          event: eventOf(
            message,
            delivery,
            one,
            now,
            isDeferred ? dueAt : undefined,
            reported(at) ? report?.message.id : undefined,
          ),
        };
      }),
      ...(report === undefined ? {} : { report }),
    },
  };
}

function finalOf(attempt: Attempt, isExpired: boolean): Told {
  if (attempt.type !== 'deferred') return { ...attempt, final: attempt.type };
  return isExpired ? { ...attempt, final: 'expired' } : { ...attempt, final: 'deferred' };
}

function eventOf(
  message: QueuedMessage,
  delivery: Delivery,
  told: Told,
  now: number,
  nextAttemptAt: number | undefined,
  reportId: string | undefined,
): EventDraft {
  return {
    type: told.final,
    time: now,
    messageId: message.id,
    ...(message.identityId === undefined ? {} : { identityId: message.identityId }),
    payload: {
      recipient: delivery.recipient.forwardPath,
      recipientNumber: delivery.recipientNumber,
      attempt: delivery.attempt,
      ...(told.remote === undefined ? {} : { remote: told.remote }),
      ...(told.tls === undefined ? {} : { tls: told.tls }),
      ...(told.inClearBecause === undefined ? {} : { inClearBecause: told.inClearBecause }),
      status: told.status,
      diagnostic: told.diagnostic,
      ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
      ...(reportId === undefined ? {} : { reportId }),
    },
  };
}
