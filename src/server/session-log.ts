// The log as a front writes it: session and message ids lead from the connection to the delivery. A session's refusals are written up to
// a number, then only counted, so that a stranger can't fill the disk (6409-5.2-b, F-DOS-9).

import type { Log } from '../observe/log.ts';

export interface RefusedLine {
  readonly command: string;
  readonly code: number;
  readonly status: string;
  readonly cause: string;
  readonly client: string;
  /** Of the account that it concerns, if there is one. The client is not told. */
  readonly login?: string | undefined;
}

export interface SessionLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  /** From here to `ended` its refusals are counted; what is decided after its end is written as it comes. */
  began(session: string): void;
  refused(session: string, line: RefusedLine): void;
  /** The session is over: says how many of its refusals were not written. */
  ended(session: string): void;
}

const REFUSALS_MAX = 50;

/** For sessions of the self-test: marked, and told at level debug alone, because nobody but this server speaks in them. */
export function createSelfTestLog(log: Log): SessionLog {
  const marked = (facts: object): object => ({ selfTest: true, ...facts });
  return {
    debug: (facts, message) => log.debug(marked(facts), message),
    info: (facts, message) => log.debug(marked(facts), message),
    warn: (facts, message) => log.warn(marked(facts), message),
    error: (facts, message) => log.error(marked(facts), message),
    began: () => undefined,
    refused: (session, line) => log.debug(marked({ session, ...line }), 'refused'),
    ended: () => undefined,
  };
}

export function createSessionLog(log: Log): SessionLog {
  const counts = new Map<string, number>();
  return {
    debug: (facts, message) => log.debug(facts, message),
    info: (facts, message) => log.info(facts, message),
    warn: (facts, message) => log.warn(facts, message),
    error: (facts, message) => log.error(facts, message),
    began: (session) => void counts.set(session, 0),
    refused(session, line) {
      const count = (counts.get(session) ?? 0) + 1;
      if (counts.has(session)) counts.set(session, count);
      if (count <= REFUSALS_MAX) log.info({ session, ...line }, 'refused');
    },
    ended(session) {
      const count = counts.get(session) ?? 0;
      counts.delete(session);
      if (count > REFUSALS_MAX)
        log.warn({ session, unwritten: count - REFUSALS_MAX }, 'more refusals were not written');
    },
  };
}
