// How many password hashes may run at once (requirements F-AUTH-6): few, so that the thread pool still serves files and DNS;
// some wait; beyond that the answer is `busy` at once, which becomes 454 and never a wrong verdict.

export type GateOutcome<T> = { readonly type: 'done'; readonly value: T } | { readonly type: 'busy' };

export interface KdfGate {
  run<T>(job: () => Promise<T>): Promise<GateOutcome<T>>;
  readonly running: number;
  readonly waiting: number;
}

export const RUNNING_MAX = 2;
export const WAITING_MAX = 64;

export function createKdfGate(runningMax = RUNNING_MAX, waitingMax = WAITING_MAX): KdfGate {
  const queue: (() => void)[] = [];
  let running = 0;

  function leave(): void {
    running -= 1;
    queue.shift()?.();
  }

  function enter(): Promise<void> | undefined {
    if (running < runningMax) {
      running += 1;
      return undefined;
    }
    return new Promise((resolve) => {
      queue.push(() => {
        running += 1;
        resolve();
      });
    });
  }

  return {
    async run(job) {
      if (running >= runningMax && queue.length >= waitingMax) return { type: 'busy' };
      await enter();
      try {
        return { type: 'done', value: await job() };
      } finally {
        leave();
      }
    },
    get running() {
      return running;
    },
    get waiting() {
      return queue.length;
    },
  };
}
