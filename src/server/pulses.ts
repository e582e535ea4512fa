// The pulses of a node whose store others write too: each renews its lease and tells what others changed, and all threads are told how long that holds
// (`src/store/holder.ts`). Without its lease a node begins nothing: no message is accepted, and none is claimed.

import { causeInWords } from '../base/failure-words.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { withDeadline } from '../platform/with-deadline.ts';
import type { EngineWriter, Namesake, PulseAnswer } from '../store/engine.ts';
import { type Feed, FRESH_MS, heardFrom, nothingTold } from '../store/freshness.ts';
import { instantOf, type LeaseNotice } from '../store/holder.ts';
import {
  afterPulse,
  beforePulse,
  type Instant,
  lifeGoesOn,
  newLife,
  type OwnLease,
  PULSE_MS,
  type Right,
  rightSince,
  stands,
} from '../store/lease.ts';
import { type Incarnation, newIncarnation } from '../store/owner.ts';
import type { Change, Outcome } from '../store/port.ts';
import type { SideWorks } from '../store/side-work.ts';
import { inStoreTime } from '../store/store-time.ts';
import { namesakeInWords, watchNamesake } from './namesake.ts';
import type { StoreThreadNotice } from './store-thread-notice.ts';

export interface Pulses {
  /** What a new line is told first. */
  readonly lease: LeaseNotice;
  /**
   * Fulfilled when the lease is held, or nothing was heard of the first try: what is asked before would be refused. While another has the name of this node it waits
   * for the end of that lease, and rejects with `NodeNameTaken` when the other one turns out to live.
   */
  readonly begun: Promise<void>;
  /**
   * The same, but what begins something fails without the lease: judged when the group is sent, which may have waited long. What is due goes by the clock of the
   * store (`src/store/store-time.ts`), so nothing is sent before that was heard
   * once.
   */
  guarded(apply: EngineWriter['apply']): EngineWriter['apply'];
  /** What becomes of changes that begin something and can't be begun now, all of them; undefined: they are to be asked. */
  refusal(changes: readonly Change[]): readonly Outcome[] | undefined;
  /** Why nothing can be accepted, by the last pulse. */
  readonly unfit: string | undefined;
  /** What still holds of what was told: a new line has not heard it. */
  readonly standing: readonly StoreThreadNotice[];
  /** The pulse, if it ever failed. */
  readonly sideWorks: SideWorks;
  /** None is sent any more, and nothing begins. Gives the life that is to be ended. */
  stop(): Incarnation;
}

/** Without an answer for so long the next pulse is sent, ms. */
const ANSWER_MS = 5_000;
/** Between two words about pulses that fail, ms. */
const TOLD_EACH_MS = 60_000;
const NO_LEASE = 'this node does not hold its lease';
/** From so far on two clocks are not the same, ms. */
const OFF_MS = 1_000;

export function startPulses(o: {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly life: Incarnation;
  /** No thread before this one had that life. */
  readonly isNewLife: boolean;
  readonly pulse: NonNullable<EngineWriter['pulse']>;
  tell(notice: StoreThreadNotice): void;
  /** Before it has begun: for the name of this node. */
  waits(because: string): void;
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
  #unfit: string | undefined;
  #failures = 0;
  /** Of the last pulse; undefined: it did not fail. */
  #failure: string | undefined;
  /** When that was said last, monotonic, ms. */
  #failureToldAt = -Infinity;
  /** Another has the name of this node. */
  #isTaken = false;
  readonly #namesake: (by: Namesake) => void;
  #stopped = false;
  readonly #begins = Promise.withResolvers<void>();
  readonly #compared = Promise.withResolvers<void>();
  readonly begun = this.#begins.promise;

  constructor(options: Parameters<typeof startPulses>[0]) {
    const { tell, waits } = options;
    this.#options = options;
    this.#namesake = watchNamesake({
      isNew(by) {
        tell({ type: 'nameTaken', by });
        waits(`${namesakeInWords(by)}: if it does not live any more, its lease ends in some seconds`);
      },
      lives: (error) => this.#begins.reject(error),
    });
    const { incarnation } = options.life;
    this.#own = options.isNewLife ? newLife(incarnation) : lifeGoesOn(incarnation);
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

  get standing(): readonly StoreThreadNotice[] {
    const aheadMs = this.#ahead(instantOf(this.#options.clock));
    return [
      this.lease,
      ...(this.#unfit === undefined ? [] : [{ type: 'unfit', because: this.#unfit } as const]),
      ...(this.#isOff ? [{ type: 'clockOff', aheadMs, isOff: true } as const] : []),
    ];
  }

  stop(): Incarnation {
    this.#stopped = true;
    this.#own = newLife(this.#own.incarnation);
    return { ...this.#options.life, incarnation: this.#own.incarnation };
  }

  guarded(apply: EngineWriter['apply']): EngineWriter['apply'] {
    const send = this.#inStoreTime(apply);
    return (given, lane) => {
      const waits = this.#storeClock === undefined && this.refusal(given) === undefined;
      return waits ? this.#compared.promise.then(() => send(given, lane)) : send(given, lane);
    };
  }

  #inStoreTime(apply: EngineWriter['apply']): EngineWriter['apply'] {
    return (given, lane) => {
      const aheadMs = this.#ahead(instantOf(this.#options.clock));
      const changes = isOff(aheadMs) ? given.map((change) => inStoreTime(change, aheadMs)) : given;
      const refused = changes.map((change) => this.#refused(change));
      if (refused.every((one) => one === undefined)) return apply(changes, lane);
      const merge = (outcomes: readonly Outcome[]): readonly Outcome[] => {
        let at = 0;
        const next = (): Outcome => outcomes[at++] ?? { type: 'failed', cause: 'no outcome' };
        return refused.map((one) => one ?? next());
      };
      const asked = changes.filter((_, at) => refused[at] === undefined);
      const outcomes = asked.length === 0 ? [] : apply(asked, lane);
      return outcomes instanceof Promise ? outcomes.then(merge) : merge(outcomes);
    };
  }

  get sideWorks(): SideWorks {
    if (this.#failures === 0) return {};
    const because = this.#failure;
    return { pulse: { failures: this.#failures, ...(because === undefined ? {} : { because }) } };
  }

  get unfit(): string | undefined {
    return this.#unfit;
  }

  refusal(changes: readonly Change[]): readonly Outcome[] | undefined {
    const refused = changes.map((change) => this.#refused(change));
    return refused.every((one) => one !== undefined) ? refused : undefined;
  }

  /** What was asked before goes on: only the store knows what came of it. */
  #refused(change: Change): Outcome | undefined {
    const begins = change.type === 'claim' || (change.type === 'accept' && change.again !== true);
    if (!begins) return undefined;
    const now = instantOf(this.#options.clock);
    if (!stands(this.#own.held, now))
      return { type: 'failed', cause: `${NO_LEASE}: ${this.#failure ?? 'it has not heard of the store'}` };
    // Whose mail may leave is not known: it would go back at once.
    if (change.type === 'claim' && !stands(this.#sure, now))
      return { type: 'failed', cause: 'this node has not heard who may send' };
    if (change.type === 'accept' && this.#unfit !== undefined) return { type: 'unfit', cause: this.#unfit };
    return undefined;
  }

  async #go(): Promise<void> {
    if (this.#stopped) return;
    const { clock, entropy } = this.#options;
    const sent = instantOf(clock);
    this.#own = beforePulse(this.#own, sent, () => newIncarnation(entropy));
    const { incarnation } = this.#own;
    await this.#send({ incarnation, sent }).then(
      () => this.#works(),
      (error: unknown) => this.#failed(error),
    );
    const isOver = incarnation !== this.#own.incarnation;
    if (!isOver && !this.#isTaken) this.#begins.resolve();
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
    if (this.#stopped) return;
    this.#isTaken = answer.type === 'taken';
    if (answer.type === 'taken') return this.#namesake(answer.by);
    this.#own = afterPulse(this.#own, pulse, answer.type, () => newIncarnation(entropy));
    if (answer.type === 'alive') {
      const { feed, notices } = heardFrom(this.#feed, answer);
      this.#feed = feed;
      this.#sure = rightSince(pulse.sent, FRESH_MS);
      this.#toldLife = life;
      this.#compareClocks(pulse.sent, answer.at);
      this.#judge(answer);
      // Before it is said that all was told.
      for (const notice of notices) tell(notice);
      if (answer.tookOver.length > 0) tell({ type: 'tookOver', lives: answer.tookOver });
    }
    tell(this.lease);
  }

  #judge({ unfit: because }: Extract<PulseAnswer, { type: 'alive' }>): void {
    const isNew = because !== this.#unfit;
    this.#unfit = because;
    if (isNew) this.#options.tell({ type: 'unfit', ...(because === undefined ? {} : { because }) });
  }

  /** Without one the lease runs out: that is told by itself, and this is why. */
  #failed(error: unknown): void {
    const now = this.#options.clock.monotonic();
    const because = causeInWords(error);
    this.#failures += 1;
    this.#failure = because;
    if (now - this.#failureToldAt < TOLD_EACH_MS) return;
    this.#failureToldAt = now;
    this.#options.tell({ type: 'sideWork', work: 'pulse', because });
  }

  #works(): void {
    if (this.#failure === undefined) return;
    this.#failure = undefined;
    this.#failureToldAt = -Infinity;
    this.#options.tell({ type: 'sideWork', work: 'pulse' });
  }

  /** It was done between question and answer. A slow answer is better than none. */
  #compareClocks(sent: Instant, at: number): void {
    const { clock, tell } = this.#options;
    const tookMs = clock.monotonic() - sent.monotonic;
    const isClose = tookMs <= OFF_MS;
    if (!isClose && this.#storeClock !== undefined) return;
    this.#storeClock = at - (sent.monotonic + tookMs / 2);
    this.#compared.resolve();
    if (!isClose) return;
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
