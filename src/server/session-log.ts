// The log as a front writes it: session and message ids lead from the connection to the delivery. What strangers cause is bounded by `line-budget.ts`, and a
// session's refusals are written up to a number, then only counted, so that nobody can fill the disk (6409-5.2-b, F-DOS-9).

import type { Log } from '../observe/log.ts';
import type { LineBudget } from './line-budget.ts';

export interface RefusedLine {
  readonly command: string;
  readonly code: number;
  readonly status: string;
  readonly cause: string;
  readonly client: string;
  /** The account that it concerns, if there is one. The client is not told. */
  readonly login?: string | undefined;
}

export interface ConnectedFacts {
  readonly client: string;
  readonly clientPort: number;
  readonly port: number;
  readonly role: string;
  /** The address of the proxy that told of this client. */
  readonly proxy?: string;
}

/** A connection from a proxy that did not say whose it is. */
interface UnnamedFacts {
  readonly proxy: string;
  readonly proxyPort: number;
  readonly port: number;
  readonly role: string;
  readonly cause: string;
}

export interface SessionLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
  /** From here to `disconnected` refusals are counted; later ones are written as they come. */
  connected(session: string, facts: ConnectedFacts): void;
  /** Somebody has logged in: refusals left out so far are written now. */
  accountable(session: string): void;
  /** `isAccountable`: the client has logged in. */
  refused(session: string, line: RefusedLine, isAccountable: boolean): void;
  /** Closed before there was a session. */
  unnamed(facts: UnnamedFacts): void;
  /** The session is over: says how many of its refusals were not written. */
  disconnected(session: string, facts: object): void;
}

const UNNAMED = 'closed: the proxy did not say whose connection it is';
const REFUSALS_MAX = 50;
/** Lines for the begin and the end of a session. */
const LINES_OF_SESSION = 2;

/** For sessions of the self-test: marked, and only at level debug, because this server is its own client there. */
export function createSelfTestLog(log: Log): SessionLog {
  const marked = (facts: object): object => ({ selfTest: true, ...facts });
  return {
    debug: (facts, message) => log.debug(marked(facts), message),
    info: (facts, message) => log.debug(marked(facts), message),
    warn: (facts, message) => log.warn(marked(facts), message),
    error: (facts, message) => log.error(marked(facts), message),
    connected: (session, facts) => log.debug(marked({ session, ...facts }), 'connected'),
    accountable: () => undefined,
    refused: (session, line) => log.debug(marked({ session, ...line }), 'refused'),
    unnamed: (facts) => log.debug(marked(facts), UNNAMED),
    disconnected: (session, facts) => log.debug(marked({ session, ...facts }), 'disconnected'),
  };
}

interface SessionState {
  readonly facts: ConnectedFacts;
  refusals: number;
  isWritten: boolean;
  isAccountable: boolean;
}

export function createSessionLog(log: Log, budget: LineBudget): SessionLog {
  const sessions = new Map<string, SessionState>();
  return {
    debug: (facts, message) => log.debug(facts, message),
    info: (facts, message) => log.info(facts, message),
    warn: (facts, message) => log.warn(facts, message),
    error: (facts, message) => log.error(facts, message),
    connected(session, facts) {
      const isWritten = budget.mayWrite(facts.client, LINES_OF_SESSION);
      sessions.set(session, { facts, refusals: 0, isWritten, isAccountable: false });
      if (isWritten) log.info({ session, ...facts }, 'connected');
    },
    accountable(session) {
      const state = sessions.get(session);
      if (state === undefined || state.isAccountable) return;
      state.isAccountable = true;
      if (state.isWritten) return budget.giveBack(state.facts.client, LINES_OF_SESSION);
      state.isWritten = true;
      log.info({ session, ...state.facts }, 'connected');
    },
    refused(session, line, isAccountable) {
      const state = sessions.get(session);
      if (state !== undefined) state.refusals += 1;
      if ((state?.refusals ?? 1) > REFUSALS_MAX) return;
      if (isAccountable || budget.mayWrite(line.client, 1)) log.info({ session, ...line }, 'refused');
    },
    unnamed(facts) {
      if (budget.mayWrite(facts.proxy, 1)) log.warn(facts, UNNAMED);
    },
    disconnected(session, facts) {
      const state = sessions.get(session);
      sessions.delete(session);
      const unwritten = (state?.refusals ?? 0) - REFUSALS_MAX;
      if (unwritten > 0) log.warn({ session, unwritten }, 'more refusals were not written');
      if (state?.isWritten !== false) log.info({ session, ...facts }, 'disconnected');
    },
  };
}
