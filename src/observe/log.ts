// Log lines as JSON, one event a line (pino). They are gathered and written together by a thread of the pool; a sink that blocks costs
// lines, which are counted, and never holds up mail.

import { destination, pino, type DestinationStream, type Logger } from 'pino';
import { systemClock } from '../platform/clock.ts';

export type Log = Logger;

/** Octets that may wait for the sink. */
const WAITING_OCTETS_MAX = 4 * 1024 * 1024;

export interface LogSink extends DestinationStream {
  /** Lines that were dropped because the sink was blocked. */
  readonly dropped: number;
  /** Writes out what waits, at the end of the process. */
  flush(): void;
}

/** Standard output of the process; only the main thread writes it. */
export function standardOutput(): LogSink {
  let dropped = 0;
  const stream = destination({ dest: 1, sync: false, maxLength: WAITING_OCTETS_MAX });
  stream.on('drop', () => {
    dropped += 1;
  });
  // Nobody reads any more: the server goes on without a log.
  stream.on('error', () => {
    dropped += 1;
  });
  return {
    write: (lines) => void stream.write(lines),
    get dropped() {
      return dropped;
    },
    flush: () => stream.flushSync(),
  };
}

export function createLog(
  level: string,
  sink: DestinationStream,
  bindings: Readonly<Record<string, string>> = {},
): Log {
  return pino(
    {
      level,
      base: bindings,
      timestamp: () => `,"time":"${isoNow()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
}

let lastMs = 0;
let lastIso = '';

/** Many lines are written within one millisecond. */
function isoNow(): string {
  const now = systemClock.now();
  if (now !== lastMs) {
    lastMs = now;
    lastIso = new Date(now).toISOString();
  }
  return lastIso;
}
