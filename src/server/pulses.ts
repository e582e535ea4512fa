// The pulses of a node whose store others write too: each renews its lease and tells what others changed, and all threads are told how long that holds
// (`src/store/holder.ts`). Without its lease a node begins nothing: no message is accepted, and none is claimed.

import type { Clock, Entropy } from '../platform/platform.ts';
import { withDeadline } from '../platform/with-deadline.ts';
import type { EngineWriter, PulseAnswer } from '../store/engine.ts';
import { type Feed, FRESH_MS, heardFrom, nothingTold } from '../store/freshness.ts';
import { instantOf, type LeaseNotice } from '../store/holder.ts';
import {
  afterPulse,
  type Instant,
  newLife,
  type OwnLease,
  PULSE_MS,
  type Right,
  rightSince,
  stands,
} from '../store/lease.ts';
import { type Incarnation, newIncarnation } from '../store/owner.ts';
import type { Change, Outcome, StoreNotice } from '../store/port.ts';
import { inStoreTime } from '../store/store-time.ts';

/** What the store thread tells. */
export type StoreThreadNotice =
  | StoreNotice
  | LeaseNotice
  /** From lives that were gone; what they held is due. */
  | { readonly type: 'tookOver'; readonly lives: readonly Incarnation[] }
  /** The clock of this node has gone off that of the store, or is right again. */
  | { readonly type: 'clockOff'; readonly aheadMs: number; readonly isOff: boolean };

export interface Pulses {
  /** What a new line is told first. */
  readonly lease: LeaseNotice;
  /** Fulfilled when the lease is held, or nothing was heard of the first try: what is asked before would be refused. */
  readonly begun: Promise<void>;
  /**
   * The same, but what begins something fails without the lease: judged when the group is sent, which may have waited long. What is due goes by the clock of the
   * store (`src/store/store-time.ts`).
   */
  guarded(apply: EngineWriter['apply']): EngineWriter['apply'];
}

/** Without an answer for so long the next pulse is sent, ms. */
const ANSWER_MS = 5_000;
/** From so far on two clocks are not the same, ms. */
const OFF_MS = 1_000;

export function startPulses(o: {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly life: Incarnation;
  readonly pulse: NonNullable<EngineWriter['pulse']>;
  tell(notice: StoreThreadNotice): void;
}): Pulses {
  return new RunningPulses(o);
}

class RunningPulses implements Pulses {
  readonly #options: Parameters<typeof startPulses>[0];
  #own: OwnLease;
  /** One that stands in the store, but for the first: what is leased to another nobody would give back. */
  #toldLife: Incarnation;
  #feed: Feed = nothingTold;
  #sure: Right | undefined;
  /** The clock of the store, less our monotonic one, ms. */
  #storeClock: number | undefined;
  #isOff = false;
  readonly #begins = Promise.withResolvers<void>();
  readonly begun = this.#begins.promise;

  constructor(options: Parameters<typeof startPulses>[0]) {
    this.#options = options;
    this.#own = newLife(options.life.incarnation);
    this.#toldLife = options.life;
    void this.#go();
  }

  get lease(): LeaseNotice {
    const { held } = this.#own;
    return {
      ...{ type: 'lease', life: this.#toldLife },
      ...(held === undefined ? {} : { held }),
      ...(this.#sure === undefined ? {} : { sure: this.#sure }),
    };
  }

  guarded(apply: EngineWriter['apply']): EngineWriter['apply'] {
    return (given, lane) => {
      const aheadMs = this.#ahead(instantOf(this.#options.clock));
      const changes = isOff(aheadMs) ? given.map((change) => inStoreTime(change, aheadMs)) : given;
      const causes = changes.map((change) => this.#whyNot(change));
      if (causes.every((cause) => cause === undefined)) return apply(changes, lane);
      const merge = (outcomes: readonly Outcome[]): readonly Outcome[] => {
        let at = 0;
        const next = (): Outcome => outcomes[at++] ?? { type: 'failed', cause: 'no outcome' };
        return causes.map((cause) => (cause === undefined ? next() : { type: 'failed', cause }));
      };
      const asked = changes.filter((_, at) => causes[at] === undefined);
      const outcomes = asked.length === 0 ? [] : apply(asked, lane);
      return outcomes instanceof Promise ? outcomes.then(merge) : merge(outcomes);
    };
  }

  /** What was asked before goes on: only the store knows what came of it. */
  #whyNot(change: Change): string | undefined {
    const begins = change.type === 'claim' || (change.type === 'accept' && change.again !== true);
    if (!begins) return undefined;
    const now = instantOf(this.#options.clock);
    if (!stands(this.#own.held, now))
      return 'this node does not hold its lease: it has not heard of the store';
    // Whose mail may leave is not known: it would go back at once.
    if (change.type === 'claim' && !stands(this.#sure, now)) return 'this node has not heard who may send';
    return undefined;
  }

  async #go(): Promise<void> {
    const { clock } = this.#options;
    const { incarnation } = this.#own;
    const sent = instantOf(clock);
    await this.#send({ incarnation, sent }).catch(() => undefined);
    const isOver = incarnation !== this.#own.incarnation;
    if (!isOver) this.#begins.resolve();
    const waitMs = isOver ? 0 : PULSE_MS - (clock.monotonic() - sent.monotonic);
    clock.after(Math.max(0, waitMs), () => void this.#go());
  }

  /** Rejects if nothing was heard: what is believed ends by itself. */
  async #send(pulse: { readonly incarnation: string; readonly sent: Instant }): Promise<void> {
    const { clock, life } = this.#options;
    const own = { ...life, incarnation: pulse.incarnation };
    const asked = Promise.resolve(this.#options.pulse(own, !this.#own.begun));
    this.#heard(pulse, own, await withDeadline(clock, ANSWER_MS, asked));
  }

  #heard(
    pulse: { readonly incarnation: string; readonly sent: Instant },
    life: Incarnation,
    answer: PulseAnswer,
  ): void {
    const { entropy, tell } = this.#options;
    this.#own = afterPulse(this.#own, pulse, answer.type, () => newIncarnation(entropy));
    if (answer.type === 'alive') {
      const { feed, notices } = heardFrom(this.#feed, answer);
      this.#feed = feed;
      this.#sure = rightSince(pulse.sent, FRESH_MS);
      this.#toldLife = life;
      this.#compareClocks(pulse.sent, answer.at);
      // Before it is said that all was told.
      for (const notice of notices) tell(notice);
      if (answer.tookOver.length > 0) tell({ type: 'tookOver', lives: answer.tookOver });
    }
    tell(this.lease);
  }
  /** It was done between question and answer. */
  #compareClocks(sent: Instant, at: number): void {
    const { clock, tell } = this.#options;
    const tookMs = clock.monotonic() - sent.monotonic;
    if (tookMs > OFF_MS) return;
    this.#storeClock = at - (sent.monotonic + tookMs / 2);
    const aheadMs = this.#ahead(instantOf(clock));
    if (isOff(aheadMs) !== this.#isOff) tell({ type: 'clockOff', aheadMs, isOff: !this.#isOff });
    this.#isOff = isOff(aheadMs);
  }

  /** By how much our wall clock is ahead of the clock of the store, whole ms: that one goes on as the monotonic one does. */
  #ahead({ monotonic, wall }: Instant): number {
    return this.#storeClock === undefined ? 0 : Math.round(wall - monotonic - this.#storeClock);
  }
}

function isOff(aheadMs: number): boolean {
  return Math.abs(aheadMs) > OFF_MS;
}
