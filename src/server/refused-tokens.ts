// Tokens of the API that were refused: each is counted, and the log tells of them at most once in ten seconds, or somebody who guesses would fill it.

import type { RefusedToken } from '../http/api/tokens.ts';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../platform/platform.ts';

const TOLD_EACH_MS = 10_000;

export class RefusedTokens {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #log: Pick<Log, 'warn'>;
  #count = 0;
  #told = 0;
  #toldAt = -Infinity;

  constructor(clock: Pick<Clock, 'monotonic'>, log: Pick<Log, 'warn'>) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Since the start. */
  get count(): number {
    return this.#count;
  }

  add(refused: RefusedToken): void {
    this.#count += 1;
    const now = this.#clock.monotonic();
    if (now - this.#toldAt < TOLD_EACH_MS) return;
    this.#log.warn({ ...refused, times: this.#count - this.#told }, 'a token of the API was refused');
    this.#told = this.#count;
    this.#toldAt = now;
  }
}
