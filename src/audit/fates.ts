// What became of each recipient of a message, from its events. They may come from several chains, written by clocks that differ: a later attempt counts, of one
// attempt its end before a deferral, and the times only then. A report belongs to the fate that it tells of.

import type { AcceptedPayload, FatePayload, ReportedPayload, TrailEvent } from '../record/events.ts';

export interface RecipientFate {
  readonly recipient: string;
  /** `queued` until something final is known. */
  readonly fate: 'queued' | 'delivered' | 'relayed' | 'deferred' | 'failed' | 'expired' | 'dropped';
  readonly at?: number;
  readonly attempts: number;
  readonly status?: string;
  readonly remote?: string;
  readonly diagnostic?: string;
  /** Its last attempt went in clear, because TLS broke. */
  readonly inClearBecause?: string;
  readonly reportId?: string;
  /** Why its sender was not told. */
  readonly notReported?: string;
}

type Told = Exclude<RecipientFate['fate'], 'queued'>;

const told: ReadonlySet<string> = new Set<Told>([
  'delivered',
  'relayed',
  'deferred',
  'failed',
  'expired',
  'dropped',
]);

/** A report that says this of a recipient tells of one of these. */
const fatesOfAction: Readonly<Record<string, readonly RecipientFate['fate'][]>> = {
  delayed: ['deferred'],
  delivered: ['delivered'],
  relayed: ['relayed'],
  failed: ['failed', 'expired', 'dropped'],
};

export function fatesOf(
  accepted: AcceptedPayload | undefined,
  events: readonly TrailEvent[],
): readonly RecipientFate[] {
  const fates = new Map<number, RecipientFate>();
  accepted?.envelope.recipients.forEach(({ forwardPath }, at) =>
    fates.set(at, { recipient: forwardPath, fate: 'queued', attempts: 0 }),
  );
  for (const event of events) {
    if (!isFate(event) || event.payload === undefined) continue;
    const fate = fateOf(event, event.payload);
    const before = fates.get(event.payload.recipientNumber);
    if (before === undefined || compare(fate, before) >= 0) fates.set(event.payload.recipientNumber, fate);
  }
  const reports = events.filter((event) => event.type === 'reported');
  for (const { payload } of reports.toSorted((one, other) => one.time - other.time))
    if (payload !== undefined) addReport(fates, payload);
  return [...fates.values()];
}

type FateEvent = Extract<TrailEvent, { readonly type: Told }>;

function isFate(event: TrailEvent): event is FateEvent {
  return told.has(event.type);
}

function fateOf({ type, time }: FateEvent, payload: FatePayload): RecipientFate {
  const { recipient, attempt, status, remote, diagnostic, inClearBecause, reportId } = payload;
  return {
    ...{ recipient, fate: type, at: time, attempts: attempt, status, diagnostic },
    ...(remote === undefined ? {} : { remote }),
    ...(inClearBecause === undefined ? {} : { inClearBecause }),
    ...(reportId === undefined ? {} : { reportId }),
  };
}

/** Above nought: the first is the later one. */
function compare(one: RecipientFate, other: RecipientFate): number {
  const isEnd = ({ fate }: RecipientFate): number => Number(fate !== 'queued' && fate !== 'deferred');
  return one.attempts - other.attempts || isEnd(one) - isEnd(other) || (one.at ?? 0) - (other.at ?? 0);
}

function addReport(
  fates: Map<number, RecipientFate>,
  { recipients, reportId, cause }: ReportedPayload,
): void {
  for (const { recipientNumber, action } of recipients) {
    const fate = fates.get(recipientNumber);
    if (fate === undefined || fatesOfAction[action]?.includes(fate.fate) !== true) continue;
    const { notReported: _notReported, ...rest } = fate;
    fates.set(recipientNumber, {
      ...rest,
      ...(reportId === undefined ? {} : { reportId }),
      ...(cause === undefined ? {} : { notReported: cause }),
    });
  }
}
