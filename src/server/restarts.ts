// Replaces a thread that died: at once the first time; one that dies again and again meets something that takes time.

import { reasonInWords } from '../base/failure-words.ts';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../platform/platform.ts';
import type { Thread, ThreadKind } from './thread.ts';

/** Doubles with each death within a minute, up to 8 times as long. */
const RESTART_MS = 200;
const MINUTE_MS = 60_000;

/** A thread that died and does not run again yet. */
export interface Missing {
  readonly name: string;
  /** Of what is known the last: why it died, could not be started, or what it waits for. One line. */
  readonly because: string;
}

export class Restarts {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #isWanted: (thread: Thread) => boolean;
  /** Within the last minute. */
  readonly #deaths: number[] = [];
  readonly #counted = new Map<ThreadKind, number>();
  /** Why, by the names of threads. */
  readonly #missing = new Map<string, string>();

  /** `isWanted`: should there be such a thread now? */
  constructor(clock: Clock, log: Log, isWanted: (thread: Thread) => boolean) {
    this.#clock = clock;
    this.#log = log;
    this.#isWanted = isWanted;
  }

  get missing(): readonly Missing[] {
    return [...this.#missing].map(([name, because]) => ({ name, because }));
  }

  /** How many threads of this kind died since the start. */
  deathsOf(kind: ThreadKind): number {
    return this.#counted.get(kind) ?? 0;
  }

  /** It is being started, and waits for something before it runs. */
  waits(name: string, because: string): void {
    if (this.#missing.has(name)) this.#missing.set(name, firstLine(because));
  }

  watch(thread: Thread, replace: () => Promise<void>): void {
    void thread.ended.then(async (because) => {
      if (!this.#isWanted(thread)) return;
      this.#missing.set(thread.name, firstLine(because));
      this.#counted.set(thread.kind, this.deathsOf(thread.kind) + 1);
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
        this.#missing.set(name, firstLine(reasonInWords(error)));
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

/** What ended a thread may be told with its stack. */
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
