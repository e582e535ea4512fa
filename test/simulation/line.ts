// A line between two threads, as src/platform/line.ts makes it of a port: what is said arrives in order, after a moment; when the other
// end dies, what was asked and not answered is unknown.

import { type Line, LineClosed, type LineHandlers, RemoteFailure } from '../../src/platform/line.ts';
import type { OpenLine } from '../../src/server/thread-body.ts';
import type { Chance } from './chance.ts';
import type { Life, VirtualTime } from './time.ts';

export interface LineWorld {
  readonly time: VirtualTime;
  readonly chance: Chance;
}

/** The two ends of a new line; each is opened once, by what runs in that life. */
export function simulatedLine(world: LineWorld, one: Life, other: Life): readonly [OpenLine, OpenLine] {
  const here = new End(world, one);
  const there = new End(world, other);
  here.reach(there);
  there.reach(here);
  return [(handlers) => here.open(handlers), (handlers) => there.open(handlers)];
}

class End {
  readonly #chance: Chance;
  readonly #life: Life;
  /** Lets something arrive here, after everything before it. */
  readonly #arrive: (run: () => void) => void;
  readonly #waiting = new Set<(error: Error) => void>();
  #handlers: LineHandlers = {};
  #other: End | undefined;
  #closed = false;
  /** The last messages of a dying thread may or may not have left it. */
  #lost = false;

  constructor({ time, chance }: LineWorld, life: Life) {
    this.#chance = chance;
    this.#life = life;
    this.#arrive = inOrder(time, chance, life);
  }

  reach(other: End): void {
    this.#other = other;
    if (!this.#life.alive) return other.#arrive(() => other.#close());
    this.#life.onEnd(() => {
      this.#lost = this.#chance.happens(0.5);
      // The port closes after what still arrives.
      other.#arrive(() => other.#close());
    });
  }

  open(handlers: LineHandlers): Line {
    this.#handlers = handlers;
    return {
      ask: (question) => this.#ask(question),
      tell: (notice) => this.#say((other) => other.#handlers.notice?.(notice)),
      close: () => this.#close(),
    };
  }

  #ask(question: unknown): Promise<unknown> {
    if (this.#closed) return Promise.reject(new LineClosed('the other thread is gone'));
    return new Promise((resolve, reject) => {
      if (!this.#life.alive) return;
      this.#waiting.add(reject);
      const settle = (done: () => void) => (): void => {
        if (this.#waiting.delete(reject)) done();
      };
      this.#say((other) =>
        other.#answer(question).then(
          (value) => other.#say(settle(() => resolve(value))),
          (error: unknown) =>
            other.#say(
              settle(() =>
                reject(new RemoteFailure(error instanceof Error ? error : new Error(String(error)))),
              ),
            ),
        ),
      );
    });
  }

  async #answer(question: unknown): Promise<unknown> {
    return this.#handlers.answer?.(question);
  }

  #say(heard: (by: End) => unknown): void {
    const other = this.#other;
    if (other === undefined || !this.#life.alive || this.#closed) return;
    other.#arrive(() => {
      if (!this.#lost) heard(other);
    });
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const reject of this.#waiting) reject(new LineClosed('the other thread is gone'));
    this.#waiting.clear();
    this.#handlers.closed?.();
  }
}

/** Says things to a life, each after the one before it. */
function inOrder(time: VirtualTime, chance: Chance, to: Life): (run: () => void) => void {
  let last = 0;
  return (run) => {
    last = Math.max(last, time.monotonic + chance.between(0.02, 0.3));
    time.arriving(last - time.monotonic, run, to);
  };
}
