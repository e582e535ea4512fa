// Log lines as JSON, one event a line, in the form of pino, whose destination writes them: gathered and together, by a thread of the pool.
// A sink that blocks costs lines, which are counted, and never holds up mail. The lines are composed here: pino asks for the text of each
// name and value by itself, which takes four times as long, several times a message.

import { destination } from 'pino';
import { systemClock } from '../platform/clock.ts';

const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal'] as const;

export type LogLevel = (typeof LEVELS)[number];

/** `facts` become members of the line as they stand; those that are undefined are left out. */
export interface Log {
  /** What is below it is not written. */
  level: LogLevel;
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  fatal(facts: object, message: string): void;
}

/** Takes whole lines. */
export interface LineSink {
  write(lines: string): void;
}

const FLUSH_MS = 2000;

/** Octets that may wait for the sink. */
const WAITING_OCTETS_MAX = 4 * 1024 * 1024;

export interface LogSink extends LineSink {
  /** Lines that were dropped because the sink was blocked. */
  readonly dropped: number;
  /** Writes out what waits, and nothing after it: at the end of the process. What a full disk or a blocked reader does not take within two seconds is given up. */
  flush(): Promise<void>;
}

/** Standard output of the process; only the main thread writes it. */
export const standardOutput = (): LogSink => openSink(1);

export function openSink(descriptor: number): LogSink {
  let dropped = 0;
  let ended = false;
  const stream = destination({ dest: descriptor, sync: false, maxLength: WAITING_OCTETS_MAX });
  stream.on('drop', () => {
    dropped += 1;
  });
  // Nobody reads any more: the server goes on without a log.
  stream.on('error', () => {
    dropped += 1;
  });
  return {
    write: (lines) => {
      if (!ended) stream.write(lines);
    },
    get dropped() {
      return dropped;
    },
    flush: () =>
      new Promise((resolve) => {
        if (ended) return resolve();
        const done = (): void => {
          ended = true;
          clearTimeout(enough);
          // At exit pino would write what is left synchronously, and try a disk that is full again for ever.
          stream.destroy();
          resolve();
        };
        const enough = setTimeout(done, FLUSH_MS);
        stream.once('drain', done);
        stream.once('error', done);
        // Nothing more to write still says when all before it is written.
        stream.write('');
      }),
  };
}

export function createLog(level: LogLevel, sink: LineSink): Log {
  let least = LEVELS.indexOf(level);
  const writer = (name: LogLevel): Log['info'] => {
    const rank = LEVELS.indexOf(name);
    return (facts, message) => {
      if (rank >= least) sink.write(lineOf(name, facts, message));
    };
  };
  return {
    get level() {
      return LEVELS[least] ?? 'info';
    },
    set level(next) {
      least = LEVELS.indexOf(next);
    },
    debug: writer('debug'),
    info: writer('info'),
    warn: writer('warn'),
    error: writer('error'),
    fatal: writer('fatal'),
  };
}

function lineOf(level: LogLevel, facts: object, message: string): string {
  const members = JSON.stringify(facts).slice(1, -1);
  const between = members === '' ? '' : ',';
  return `{"level":"${level}","time":"${isoNow()}"${between}${members},"msg":${JSON.stringify(message)}}\n`;
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
