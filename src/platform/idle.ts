// Runs something once this thread has done all that already waits for it. A thread that has nothing else to do loses no time by it; one
// under load gathers more before it runs, and no timer is set.

/** How a thread knows that nothing came meanwhile; tests bring their own. */
export interface Loop {
  /** Counts what the operating system has told this thread: sockets, other threads, files. */
  events(): number;
  /** Milliseconds of a clock that never steps back. */
  now(): number;
  /** Runs after everything that is known to wait now. */
  nextTurn(run: () => void): void;
}

const ownLoop: Loop = {
  events: () => performance.nodeTiming.uvMetricsInfo.events,
  now: () => performance.now(),
  nextTurn: (run) => void setImmediate(run),
};

/** Runs in the turn after the first that brings no event, or in the first after `longestMs`. */
export function whenIdle(run: () => void, longestMs: number, loop: Loop = ownLoop): void {
  const dueAt = loop.now() + longestMs;
  let before = -1;
  const look = (): void => {
    const events = loop.events();
    if (events === before || loop.now() >= dueAt) return run();
    before = events;
    loop.nextTurn(look);
  };
  loop.nextTurn(look);
}
