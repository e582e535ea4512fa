// The command table: what may be said when, and who carries it out. The loop enforces the flags, so that no command checks for
// itself whether TLS, a greeting or an authentication came before it.

import { helo, ehlo, help, noop, quit, rset, startTls, verify } from './commands-session.ts';
import { auth } from './commands-auth.ts';
import { bdat, data, mail, rcpt } from './commands-mail.ts';
import { type CommandLine, type Gates, gateProblem } from './gate.ts';
import { refusal } from '../refusal.ts';
import { countError, leave, refuse, refuseWith, type SessionState } from './state.ts';
import type { SessionRole } from './ports.ts';

interface Command extends Gates {
  run(state: SessionState, line: CommandLine): void;
  readonly roles?: readonly SessionRole[];
  /** Counts as junk: allowed, but not endlessly. */
  readonly junk?: true;
  /** The command checks its gates itself, because octets follow that must be read whatever the verdict. */
  readonly ownGates?: true;
  /** Nothing may be sent after it before its reply (RFC 3207 section 4). */
  readonly lastInGroup?: true;
  /** Belongs to a transaction: after a refused MAIL it is refused for the same reason. */
  readonly goesOn?: true;
}

const JUNK_MAX = 100;
/** A user's client that pauses this long between two of these is only keeping its connection alive. */
const KEEP_ALIVE_MS = 1000;

const commands: Readonly<Record<string, Command>> = {
  EHLO: { run: ehlo, beforeTls: true, beforeHello: true, beforeAuth: true, junk: true },
  HELO: { run: helo, beforeTls: true, beforeHello: true, beforeAuth: true, junk: true },
  NOOP: { run: noop, beforeTls: true, beforeHello: true, beforeAuth: true, junk: true },
  RSET: { run: rset, beforeTls: true, beforeHello: true, beforeAuth: true, junk: true },
  QUIT: { run: quit, beforeTls: true, beforeHello: true, beforeAuth: true },
  HELP: { run: help, beforeHello: true, beforeAuth: true, junk: true },
  VRFY: { run: verify, beforeHello: true, junk: true },
  STARTTLS: { run: startTls, beforeTls: true, beforeHello: true, beforeAuth: true, lastInGroup: true },
  AUTH: { run: auth, beforeAuth: true, roles: ['submission'] },
  MAIL: { run: mail },
  RCPT: { run: rcpt, goesOn: true },
  DATA: { run: data, goesOn: true },
  BDAT: { run: bdat, goesOn: true, ownGates: true },
};
const table: ReadonlyMap<string, Command> = new Map(Object.entries(commands));

const notImplemented = new Set(['EXPN', 'ETRN', 'ATRN', 'TURN', 'SEND', 'SOML', 'SAML', 'BURL']);
/** First words of other protocols (F-AUTH-12, F-REL-14): the client does not mean an SMTP server. */
const foreign = new Set(['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'CONNECT', 'DELETE', 'PATCH', 'PROXY']);

export function runCommand(state: SessionState, line: CommandLine): void {
  const { verb } = line;
  const command = table.get(verb);
  if (command?.goesOn !== true) state.consequences = 0;
  if (command === undefined) return unknown(state, verb);
  if (command.roles?.includes(state.settings.role) === false)
    return refuse(state, verb, 'notImplemented', 'not on this role');
  const missing = command.ownGates === true ? undefined : gateProblem(state, command);
  if (missing !== undefined) return refuseWith(state, verb, missing);
  if (command.lastInGroup === true && state.input.length > 0) {
    return leave(state, 'pipelinedAfterStartTls', 'protocol');
  }
  if (command.junk === true) countJunk(state);
  if (state.phase !== 'closed') command.run(state, line);
}

function unknown(state: SessionState, verb: string): void {
  if (foreign.has(verb)) return leave(state, 'notSmtp', 'protocol');
  if (notImplemented.has(verb)) {
    const missing = verb === 'EXPN' ? gateProblem(state, { beforeHello: true }) : undefined;
    return refuseWith(state, verb, missing ?? refusal('notImplemented', 'not implemented'));
  }
  refuse(state, 'unknown', 'unknownCommand', `unknown command ${verb.slice(0, 20)}`);
}

function countJunk(state: SessionState): void {
  if (state.login !== undefined && state.now - state.junkAt >= KEEP_ALIVE_MS) state.junk = 0;
  state.junkAt = state.now;
  state.junk += 1;
  if (state.junk > JUNK_MAX) countError(state);
}
