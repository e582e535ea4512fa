// The log lines of a front on their way to main, who alone writes them: gathered for a moment, because each hand-over wakes the other
// thread. Warnings and errors go at once: they may be the last that is heard.

import type { Clock } from '../platform/platform.ts';

const GATHER_MS = 50;
const GATHER_LENGTH_MAX = 64 * 1024;
const URGENT = /^\{"level":"(?:warn|error|fatal)"/;

export interface LogFeed {
  write(line: string): void;
  flush(): void;
}

export function createLogFeed(clock: Clock, hand: (lines: string) => void): LogFeed {
  let gathered = '';
  let cancel: (() => void) | undefined;

  function flush(): void {
    cancel?.();
    cancel = undefined;
    if (gathered === '') return;
    const lines = gathered;
    gathered = '';
    hand(lines);
  }

  return {
    write(line) {
      gathered += line;
      if (gathered.length >= GATHER_LENGTH_MAX || URGENT.test(line)) flush();
      else cancel ??= clock.after(GATHER_MS, flush);
    },
    flush,
  };
}
