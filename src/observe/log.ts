// Log lines as JSON, one event a line (pino). They are gathered and written together; a sink that blocks costs lines, which are
// counted, and never holds up mail.

import { pino, type DestinationStream, type Logger } from 'pino';

export type Log = Logger;

const BUFFER_MAX = 4 * 1024 * 1024;

export interface LogSink extends DestinationStream {
  /** Lines that were dropped because the sink was blocked. */
  readonly dropped: number;
  flush(): void;
}

/** Standard output of the process; only the main thread writes it. */
export function standardOutput(): LogSink {
  let dropped = 0;
  const stream = process.stdout;
  return {
    write(lines) {
      if (stream.writableLength > BUFFER_MAX) dropped += 1;
      else stream.write(lines);
    },
    get dropped() {
      return dropped;
    },
    flush() {
      // What is buffered goes out before the process ends: standard output is not destroyed by us.
    },
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

function isoNow(): string {
  return new Date(performance.timeOrigin + performance.now()).toISOString();
}
