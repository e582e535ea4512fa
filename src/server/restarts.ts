// Replaces a thread that died: at once the first time; one that dies again and again meets something that takes time.

import type { Log } from '../observe/log.ts';
import type { Clock } from '../platform/platform.ts';
import type { Thread } from './thread.ts';

/** Doubles with each death within a minute, up to 8 times as long. */
const RESTART_MS = 200;
const MINUTE_MS = 60_000;

export class Restarts {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #isWanted: (thread: Thread) => boolean;
  readonly #deaths: number[] = [];
  readonly #missing = new Set<string>();

  /** `isWanted`: should there be such a thread now? */
  constructor(clock: Clock, log: Log, isWanted: (thread: Thread) => boolean) {
    this.#clock = clock;
    this.#log = log;
    this.#isWanted = isWanted;
  }

  /** Names of threads that died and do not run again yet. */
  get missing(): readonly string[] {
    return [...this.#missing];
  }

  watch(thread: Thread, replace: () => Promise<void>): void {
    void thread.ended.then(async (because) => {
      if (!this.#isWanted(thread)) return;
      this.#missing.add(thread.name);
      this.#log.error({ thread: thread.name, because }, 'thread died, starting it again');
      const deaths = this.#deaths;
      const now = this.#clock.monotonic();
      deaths.push(now);
      while ((deaths[0] ?? now) < now - MINUTE_MS) deaths.shift();
      await this.#pause(deaths.length - 1);
      await this.#replaceUntilDone(thread, replace);
    });
  }

  async #replaceUntilDone(thread: Thread, replace: () => Promise<void>): Promise<void> {
    const { name } = thread;
    for (let tries = 0; this.#isWanted(thread); tries += 1) {
      try {
        await replace();
        this.#missing.delete(name);
        return this.#log.info({ thread: name }, 'thread runs again');
      } catch (error) {
        this.#log.error({ thread: name, error: String(error) }, 'thread could not be started');
        await this.#pause(tries);
      }
    }
  }

  #pause(doublings: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(RESTART_MS * 2 ** Math.min(doublings, 3), resolve);
    });
  }
}
