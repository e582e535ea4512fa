// A line between two threads, as src/platform/line.ts makes it of a port: what is said arrives in order, after a moment; when the other
// end dies, what was asked and not answered is unknown.

import { type Line, LineClosed, RemoteFailure } from '../../src/platform/line.ts';
import type { Chance } from './chance.ts';
import type { Life, VirtualTime } from './time.ts';

export interface SimulatedLine {
  /** The end of the asking thread. */
  readonly line: Line;
  /** A notice from the answering end. */
  tell(notice: unknown): void;
}

export interface LineEnds {
  readonly time: VirtualTime;
  readonly chance: Chance;
  readonly asker: Life;
  readonly answerer: Life;
  answer(question: unknown): Promise<unknown>;
  notice?(notice: unknown): void;
}

export function simulatedLine(ends: LineEnds): SimulatedLine {
  const { time, asker, answerer } = ends;
  const waiting = new Set<(error: Error) => void>();
  const there = inOrder(ends, answerer);
  const back = inOrder(ends, asker);
  /** The last messages of a dying thread may or may not have left it. */
  let lost = false;
  let closed = false;

  answerer.onEnd(() => {
    lost = ends.chance.happens(0.5);
    // The port closes after what still arrives.
    back(() => {
      closed = true;
      for (const reject of waiting) reject(new LineClosed('the other thread is gone'));
      waiting.clear();
    });
  });

  function ask(question: unknown): Promise<unknown> {
    if (closed) return Promise.reject(new LineClosed('the other thread is gone'));
    return new Promise((resolve, reject) => {
      if (!asker.alive) return;
      waiting.add(reject);
      const settle = (done: () => void): void => {
        if (!answerer.alive) return;
        back(() => {
          if (!lost && waiting.delete(reject)) done();
        });
      };
      there(() => {
        ends.answer(question).then(
          (value) => settle(() => resolve(value)),
          (error: unknown) =>
            settle(() =>
              reject(new RemoteFailure(error instanceof Error ? error : new Error(String(error)))),
            ),
        );
      });
    });
  }

  function tell(notice: unknown): void {
    if (answerer.alive) back(() => (lost ? undefined : ends.notice?.(notice)));
  }

  if (!answerer.alive) time.after(0, () => (closed = true), asker);
  return { line: { ask, tell: () => undefined, close: () => undefined }, tell };
}

/** Says things to a life, each after the one before it. */
function inOrder({ time, chance }: LineEnds, to: Life): (run: () => void) => void {
  let last = 0;
  return (run) => {
    last = Math.max(last, time.monotonic + chance.between(0.02, 0.3));
    time.after(last - time.monotonic, run, to);
  };
}
