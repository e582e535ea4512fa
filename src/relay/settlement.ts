// From the result of an attempt to what is written of it: the fate of each recipient, its event, and the notice for its sender.

import type { EventDraft } from '../record/events.ts';
import type { Delivery, Fate, QueuedMessage, SettleChange } from '../store/port.ts';
import { nodeOfOwner, type Owner } from '../store/owner.ts';
import type { Attempt, DeliveryJob } from './delivery-job.ts';
import { aboutOf, noticeOf, type Told } from './notices.ts';
import type { RelaySettings } from './settings.ts';

export const ONE_SECOND = 1000;
/** How long a report waits for the other recipients of its message. */
export const GATHER_MS = 10_000;

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

export interface SettlementOptions {
  readonly settings: RelaySettings;
  readonly owner: Owner;
  readonly now: number;
  /** A report of ours that must not vanish: when it is refused for good it is held, and the postmaster is told. */
  readonly holdRefused: boolean;
}

export function settlementOf(
  job: DeliveryJob,
  attempts: readonly Attempt[],
  o: SettlementOptions,
): Settlement {
  const { message, deliveries } = job;
  const isExpired = o.now >= message.acceptedAt + o.settings.expireMs;
  const told = deliveries.map((_, at) => finalOf(attempts[at] ?? noResult, isExpired));
  const recipients = deliveries.map((delivery, at) => settled(message, delivery, told[at] ?? noFate, o));
  const isTold = recipients.some(({ notice }) => notice !== undefined);
  return {
    told: told.map(({ final }) => final),
    change: {
      type: 'settle',
      owner: o.owner,
      messageId: message.id,
      recipients,
      ...(isTold ? { tellBy: o.now + GATHER_MS } : {}),
    },
  };
}

const noResult: Attempt = { type: 'deferred', status: '4.0.0', diagnostic: 'no result' };
const noFate: Told = { ...noResult, final: 'deferred' };

function finalOf(attempt: Attempt, isExpired: boolean): Told {
  if (attempt.type !== 'deferred') return { ...attempt, final: attempt.type };
  return isExpired ? { ...attempt, final: 'expired' } : { ...attempt, final: 'deferred' };
}

type Settled = SettleChange['recipients'][number];

function settled(message: QueuedMessage, delivery: Delivery, told: Told, o: SettlementOptions): Settled {
  const { settings, now } = o;
  const { recipientNumber, attempt } = delivery;
  const isRefused = told.final === 'failed' || told.final === 'expired';
  if (o.holdRefused && isRefused) {
    const about = aboutOf(message, delivery, told, 'failed', settings);
    const event = heldEvent(message, delivery, told, now);
    return {
      recipientNumber,
      attempt,
      fate: { type: 'held' },
      event,
      notice: { recipientNumber, at: now, about },
    };
  }
  const delayDue = now >= message.acceptedAt + settings.delayNoticeMs;
  const dueAt = nextDueAt(settings, message, attempt, now, told.againAt);
  const isDelayed = told.final === 'deferred';
  // A delay notice that is due counts as sent even if the sender wanted none: it is not looked at again.
  const fate: Fate = isDelayed
    ? { type: 'deferred', dueAt, delayReported: delivery.delayReported || delayDue }
    : { type: 'final' };
  const isNews = !isDelayed || (delayDue && !delivery.delayReported);
  const about = isNews ? noticeOf(message, delivery, told, settings) : undefined;
  const event = eventOf(message, delivery, told, { ...o, nextAttemptAt: isDelayed ? dueAt : undefined });
  return {
    ...{ recipientNumber, attempt, fate, event },
    ...(about === undefined ? {} : { notice: { recipientNumber, at: now, about } }),
  };
}

function eventOf(
  message: QueuedMessage,
  delivery: Delivery,
  told: Told,
  {
    now,
    owner,
    nextAttemptAt,
  }: Pick<SettlementOptions, 'now' | 'owner'> & { readonly nextAttemptAt: number | undefined },
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
      ...nodeOfOwner(owner),
      ...(told.remote === undefined ? {} : { remote: told.remote }),
      ...(told.tls === undefined ? {} : { tls: told.tls }),
      ...(told.inClearBecause === undefined ? {} : { inClearBecause: told.inClearBecause }),
      status: told.status,
      diagnostic: told.diagnostic,
      ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
    },
  };
}

function heldEvent(message: QueuedMessage, delivery: Delivery, told: Told, now: number): EventDraft {
  const { recipientNumber, attempt, recipient } = delivery;
  const { status, diagnostic, remote } = told;
  const because = 'a report that was refused for good';
  const detail = {
    ...{ recipient: recipient.forwardPath, recipientNumber, because, attempt, status, diagnostic },
    ...(remote === undefined ? {} : { remote }),
  };
  return {
    type: 'held',
    time: now,
    messageId: message.id,
    payload: { by: 'server', action: 'hold', detail },
  };
}
