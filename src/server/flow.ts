// How much mail has gone through this server of late, for a picture: what the fronts counted, minute by minute, for a day. In memory alone: it begins with the
// server. The trail has what happened to each message; nobody has to walk it for this.

import type { FrontAnswers } from './plan.ts';

export const flowKinds = ['accepted', 'delivered', 'deferred', 'failed', 'refused'] as const;
export type FlowKind = (typeof flowKinds)[number];

/** `accepted`: messages. `delivered`, `deferred`, `failed`: recipients of attempts. `refused`: replies to clients, those of AUTH left out. */
export type FlowCounts = Readonly<Record<FlowKind, number>>;

/** What was counted from `at` on, until the next one. Milliseconds since the epoch. */
export interface FlowSpan extends FlowCounts {
  readonly at: number;
}

export interface FlowView {
  /** Counted since then. */
  readonly since: number;
  /** Oldest first, the last one not over yet: 60 of a minute. */
  readonly hour: readonly FlowSpan[];
  /** Likewise, 96 of a quarter of an hour. */
  readonly day: readonly FlowSpan[];
}

type Front = Pick<FrontAnswers['figures'], 'owner' | 'counts' | 'relay'>;

const MINUTE_MS = 60_000;
const MINUTES_OF_DAY = 1440;
const MINUTES_OF_HOUR = 60;
const MINUTES_OF_QUARTER = 15;

export const nothing: FlowCounts = { accepted: 0, delivered: 0, deferred: 0, failed: 0, refused: 0 };

export class Flow {
  readonly #since: number;
  /** By the number of the minute. */
  readonly #minutes = new Map<number, FlowCounts>();
  /** What each front had counted, by its owner, which is another one after each birth. */
  #seen = new Map<string, FlowCounts>();

  constructor(now: number) {
    this.#since = now;
  }

  /** What a front counted after the last sample before its death is not in. */
  sample(fronts: readonly Front[], now: number): void {
    const counted = new Map(fronts.map((front) => [front.owner, countsOf(front)]));
    const minute = minuteOf(now);
    for (const [owner, counts] of counted) this.#add(minute, less(counts, this.#seen.get(owner) ?? nothing));
    this.#seen = counted;
    for (const known of this.#minutes.keys())
      if (known <= minute - MINUTES_OF_DAY) this.#minutes.delete(known);
  }

  view(now: number): FlowView {
    const last = minuteOf(now);
    const quarter = last - (last % MINUTES_OF_QUARTER);
    return {
      since: this.#since,
      hour: this.#spans(last - MINUTES_OF_HOUR + 1, last, 1),
      day: this.#spans(quarter - MINUTES_OF_DAY + MINUTES_OF_QUARTER, last, MINUTES_OF_QUARTER),
    };
  }

  #add(minute: number, counts: FlowCounts): void {
    this.#minutes.set(minute, sum(this.#minutes.get(minute) ?? nothing, counts));
  }

  #spans(from: number, to: number, minutes: number): readonly FlowSpan[] {
    const spans: FlowSpan[] = [];
    for (let first = from; first <= to; first += minutes) {
      let counts = nothing;
      for (let minute = first; minute < first + minutes; minute += 1)
        counts = sum(counts, this.#minutes.get(minute) ?? nothing);
      spans.push({ at: first * MINUTE_MS, ...counts });
    }
    return spans;
  }
}

const minuteOf = (now: number): number => Math.floor(now / MINUTE_MS);

function countsOf({ counts, relay }: Front): FlowCounts {
  const of = (outcome: string): number => relay.attempts[outcome] ?? 0;
  return {
    accepted: counts.accepted.messages,
    delivered: of('delivered') + of('relayed'),
    deferred: of('deferred'),
    failed: of('failed') + of('expired'),
    refused: Object.values(counts.refusals).reduce((all, one) => all + one, 0),
  };
}

export const sum = (one: FlowCounts, other: FlowCounts): FlowCounts =>
  each((kind) => one[kind] + other[kind]);
const less = (one: FlowCounts, other: FlowCounts): FlowCounts =>
  each((kind) => Math.max(0, one[kind] - other[kind]));

function each(count: (kind: FlowKind) => number): FlowCounts {
  return Object.fromEntries(flowKinds.map((kind) => [kind, count(kind)])) as FlowCounts;
}
