// What one end of a line has to say, and when it leaves. Answers and notices of one turn of the event loop travel as
// one message; questions wait until this thread has done what lies before it. So a busy front wakes the store less often, and the store
// commits more at once: waking another thread costs more than most of what it is woken for. A question that can wait goes with the
// next that can't.

import { whenIdle } from './idle.ts';

/** The longest time for which a busy thread keeps questions back. */
const LONGEST_GATHERING_MS = 3;
/** This many urgent questions go at once: the other thread begins while this one is still busy, instead of the two taking turns. */
const GATHERED_MAX = 8;

export interface Packet {
  readonly asks: readonly (readonly [number, unknown])[];
  readonly answers: readonly (readonly [number, unknown, FailureNote | undefined])[];
  readonly notices: readonly unknown[];
}

export interface FailureNote {
  readonly name: string;
  readonly message: string;
}

export class LinePackets {
  #asks: [number, unknown][] = [];
  #answers: [number, unknown, FailureNote | undefined][] = [];
  #notices: unknown[] = [];
  #scheduled = false;
  #gathering = false;
  #urgent = 0;
  #patience: NodeJS.Timeout | undefined;
  #ended = false;
  readonly #post: (packet: Packet) => void;
  // Made once: one for each message would be garbage for each.
  readonly #flush = (): void => this.flush();
  readonly #gathered = (): void => {
    this.#gathering = false;
    this.flush();
  };

  constructor(post: (packet: Packet) => void) {
    this.#post = post;
  }

  /** `patienceMs`: how long it may wait for company on its way; the longest of those that wait together. */
  ask(number: number, question: unknown, patienceMs: number): void {
    this.#asks.push([number, question]);
    if (patienceMs === 0) return this.#gather();
    if (this.#scheduled || this.#gathering || this.#ended) return;
    // It keeps running after a flush: the next question waits less, and no timer is made for each.
    this.#patience ??= setTimeout(() => {
      this.#patience = undefined;
      if (!this.#gathering) this.flush();
    }, patienceMs);
  }

  answer(number: number, value: unknown, failure?: FailureNote): void {
    this.#answers.push([number, value, failure]);
    this.#schedule();
  }

  notice(notice: unknown): void {
    this.#notices.push(notice);
    this.#schedule();
  }

  flush(): void {
    this.#scheduled = false;
    const asks = this.#asks;
    const answers = this.#answers;
    const notices = this.#notices;
    if (this.#ended || asks.length + answers.length + notices.length === 0) return;
    this.#asks = [];
    this.#urgent = 0;
    this.#answers = [];
    this.#notices = [];
    this.#post({ asks, answers, notices });
  }

  /** Nothing leaves any more. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#patience);
  }

  #schedule(): void {
    if (this.#scheduled || this.#ended) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  #gather(): void {
    this.#urgent += 1;
    if (this.#urgent === GATHERED_MAX) return this.flush();
    if (this.#scheduled || this.#gathering || this.#ended) return;
    this.#gathering = true;
    whenIdle(this.#gathered, LONGEST_GATHERING_MS);
  }
}
