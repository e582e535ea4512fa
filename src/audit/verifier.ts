// A verification of the trail that goes on by itself: one at a time, and half of the time at rest, so that others' look-ups go on beside it. How far it is and how it
// ended is kept in memory until the next one.

import { failureInWords } from '../base/failure-words.ts';
import { type Verifiable, type Verification, verifyTrail } from './verify.ts';

export interface VerifierClock {
  now(): number;
  /** Milliseconds. */
  monotonic(): number;
  rest(ms: number): Promise<void>;
}

export interface VerificationView {
  readonly state: 'running' | 'ended' | 'stopped' | 'failed';
  readonly startedAt: number;
  readonly by: string;
  /** A link that was kept elsewhere. */
  readonly expect?: string;
  /** Walked so far. A trail that was purged meanwhile is walked again. */
  readonly events: number;
  /** When it began. */
  readonly of: number;
  readonly endedAt?: number;
  /** Ended: what it found. */
  readonly result?: Verification;
  /** Failed: it could not be found out. */
  readonly because?: string;
}

export interface VerifierTask {
  readonly by: string;
  readonly expect?: string;
  /** Events that the trail has. */
  readonly of: number;
}

class Stopped extends Error {
  override readonly name = 'Stopped';
}

/** The last one that came to its end. */
export interface LastVerified {
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  /** Something is not as it was written. */
  readonly isBroken: boolean;
}

export class Verifier {
  readonly #clock: VerifierClock;
  readonly #verified: (last: LastVerified) => void;
  #view: VerificationView | undefined;
  #isStopped = false;

  /** `verified`: hears of each that came to its end. */
  constructor(clock: VerifierClock, verified: (last: LastVerified) => void = () => undefined) {
    this.#clock = clock;
    this.#verified = verified;
  }

  /** Undefined: there was none since the start. */
  get view(): VerificationView | undefined {
    return this.#view;
  }

  /** False: another one is under way. */
  start(lookups: Verifiable, { by, expect, of }: VerifierTask): boolean {
    if (this.#view?.state === 'running') return false;
    const said = expect === undefined ? {} : { expect };
    this.#isStopped = false;
    this.#view = { state: 'running', startedAt: this.#clock.now(), by, ...said, events: 0, of };
    void this.#work(lookups, this.#view);
    return true;
  }

  /** It ends with the page that is under way. */
  stop(): void {
    this.#isStopped = true;
  }

  async #work(lookups: Verifiable, first: VerificationView): Promise<void> {
    const { expect } = first;
    let at = this.#clock.monotonic();
    const progress = async (events: number): Promise<void> => {
      if (this.#isStopped) throw new Stopped();
      this.#view = { ...first, events };
      await this.#clock.rest(this.#clock.monotonic() - at);
      at = this.#clock.monotonic();
    };
    try {
      const options = expect === undefined ? { progress } : { expect, progress };
      const result = await verifyTrail(lookups, options);
      this.#end({ state: 'ended', events: result.events, result });
      this.#verified({ endedAt: this.#clock.now(), isBroken: result.broken !== undefined });
    } catch (error) {
      if (error instanceof Stopped) this.#end({ state: 'stopped' });
      else this.#end({ state: 'failed', because: failureInWords(error) });
    }
  }

  #end(end: Partial<VerificationView>): void {
    if (this.#view !== undefined) this.#view = { ...this.#view, ...end, endedAt: this.#clock.now() };
  }
}
