// The fronts that live, as main asks them: all of them, or the one that is next.

import type { Log } from '../observe/log.ts';
import { askIfAlive } from './asking.ts';
import type { FrontQuestion } from './plan.ts';
import type { Thread } from './thread.ts';

export class FrontThreads {
  readonly #log: Log;
  readonly #byNumber = new Map<number, Thread>();
  #turns = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Until it ends. */
  add(number: number, thread: Thread): void {
    this.#byNumber.set(number, thread);
    void thread.ended.then(() => this.#byNumber.delete(number));
  }

  get alive(): readonly Thread[] {
    return [...this.#byNumber.values()];
  }

  /** They take turns. */
  next(): Thread | undefined {
    this.#turns += 1;
    const { alive } = this;
    return alive[this.#turns % alive.length];
  }

  /** The answers of those that do not die meanwhile. */
  async ask(question: FrontQuestion): Promise<readonly unknown[]> {
    const answers = this.alive.map((front) => askIfAlive(front, question));
    return (await Promise.all(answers)).filter((answer) => answer !== undefined);
  }

  /** Each by itself: one that can't is no reason to end the others before their time. */
  async drain(graceMs: number): Promise<void> {
    const drained = this.alive.map((front) =>
      askIfAlive(front, { ask: 'drain', graceMs }).catch((error: unknown) => {
        this.#log.error({ thread: front.name, error: String(error) }, 'a front did not drain');
      }),
    );
    await Promise.all(drained);
  }
}
