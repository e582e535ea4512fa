// What became of each recipient of a message, from its events. They may come from several chains, written by clocks that differ: a later attempt counts, of one
// attempt its end before a deferral, and the times only then. A report belongs to the fate that it tells of. The number of an attempt grows with each claim, also
// of one that was put back untried: how many attempts there were is counted.

import type { AcceptedPayload, FatePayload, ReportedPayload, TrailEvent } from '../record/events.ts';

export interface RecipientFate {
  readonly recipient: string;
  /** `queued` until something final is known. */
  readonly fate: 'queued' | 'delivered' | 'relayed' | 'deferred' | 'failed' | 'expired' | 'dropped';
  readonly at?: number;
  /** That came to something. */
  readonly attempts: number;
  readonly status?: string;
  readonly remote?: string;
  /** That made the last attempt, where several nodes share the store. */
  readonly node?: string;
  readonly diagnostic?: string;
  /** It was dropped by its sender himself, before it left. */
  readonly takenBack?: true;
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
  const last = new Map<number, Latest>();
  accepted?.envelope.recipients.forEach(({ forwardPath }, at) =>
    fates.set(at, { recipient: forwardPath, fate: 'queued', attempts: 0 }),
  );
  for (const event of events) {
    if (!isFate(event) || event.payload === undefined) continue;
    const { recipientNumber: number, attempt } = event.payload;
    const latest = { attempt, type: event.type, time: event.time };
    const before = last.get(number);
    if (before !== undefined && compare(latest, before) < 0) continue;
    last.set(number, latest);
    fates.set(number, fateOf(event, event.payload));
  }
  for (const [number, { length }] of attemptsOf(events)) {
    const fate = fates.get(number);
    if (fate !== undefined) fates.set(number, { ...fate, attempts: length });
  }
  const reports = events.filter((event) => event.type === 'reported');
  for (const { payload } of reports.toSorted((one, other) => one.time - other.time))
    if (payload !== undefined) addReport(fates, payload);
  return [...fates.values()];
}

/** Of each recipient, by its number: the numbers of those attempts that came to something, the first one first. */
export function attemptsOf(events: readonly TrailEvent[]): ReadonlyMap<number, readonly number[]> {
  const attempts = new Map<number, Set<number>>();
  for (const event of events) {
    // Whoever drops makes no attempt.
    if (!isFate(event) || event.payload === undefined || event.type === 'dropped') continue;
    const { recipientNumber: number, attempt } = event.payload;
    attempts.set(number, (attempts.get(number) ?? new Set()).add(attempt));
  }
  return new Map([...attempts].map(([number, its]) => [number, [...its].sort((one, other) => one - other)]));
}

type FateEvent = Extract<TrailEvent, { readonly type: Told }>;

/** It tells what became of a recipient, for now or for good. */
export function isFate(event: TrailEvent): event is FateEvent {
  return told.has(event.type);
}

function fateOf({ type, time }: FateEvent, payload: FatePayload): RecipientFate {
  const { recipient, status, remote, node, diagnostic, takenBack, inClearBecause, reportId } = payload;
  return {
    ...{ recipient, fate: type, at: time, attempts: 0, status, diagnostic },
    ...(remote === undefined ? {} : { remote }),
    ...(node === undefined ? {} : { node }),
    ...(takenBack === undefined ? {} : { takenBack }),
    ...(inClearBecause === undefined ? {} : { inClearBecause }),
    ...(reportId === undefined ? {} : { reportId }),
  };
}

interface Latest {
  readonly attempt: number;
  readonly type: Told;
  readonly time: number;
}

/** Above nought: the first is the later one. */
function compare(one: Latest, other: Latest): number {
  const isEnd = ({ type }: Latest): number => Number(type !== 'deferred');
  return one.attempt - other.attempt || isEnd(one) - isEnd(other) || one.time - other.time;
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
