// AUTH (RFC 4954): the command, the exchange of base64 lines, and what becomes of the answers.
// The exchange tells each step: say something, or ask. An answer is material, with which the exchange goes on, or the verdict that ends it.

import { octetString } from '../../base/bytes.ts';
import type { SaslStep } from '../sasl/mechanism.ts';
import { decodeBase64, encodeBase64 } from '../wire/base64.ts';
import { withoutBlanks } from '../wire/blanks.ts';
import type { TakenLine } from '../wire/input-buffer.ts';
import type { Reply } from '../wire/reply.ts';
import { reply, type ReplyName } from '../wire/reply-registry.ts';
import type { CommandLine } from './gate.ts';
import type { AuthenticationAnswer, AuthenticationVerdict } from './ports.ts';
import { ask, emit, leave, refuse, send, type SessionState } from './state.ts';

export function auth(state: SessionState, { argument }: CommandLine): void {
  if (state.login !== undefined) return refuse(state, 'AUTH', 'authAgain', 'already authenticated');
  if (state.transaction !== undefined) return refuse(state, 'AUTH', 'authInTransaction', 'in a transaction');
  const [name = '', initial, ...more] = argument.split(/ +/);
  if (name === '' || more.length > 0)
    return refuse(state, 'AUTH', 'badArgument', 'AUTH wants a mechanism and at most one response');
  if (state.authFailures >= state.settings.authFailuresMax)
    return leave(state, 'tooManyAuthFailures', 'errors');
  const mechanism = state.settings.mechanisms.find((one) => one.name === name.toUpperCase());
  if (mechanism === undefined)
    return refuse(state, 'AUTH', 'authUnknownMechanism', 'mechanism is not offered');
  if (initial !== undefined && !mechanism.clientFirst)
    return refuse(state, 'AUTH', 'authInitialResponseNotAllowed', 'initial response');
  state.sasl = { exchange: mechanism.open(state.tls) };
  if (initial === undefined) return take(state, state.sasl.exchange.begin());
  respond(state, initial === '=' ? '' : initial);
}

/** A line of the exchange. */
export function saslLine(state: SessionState, line: TakenLine): void {
  state.phase = 'command';
  if (line.type !== 'line' && line.type !== 'flawed')
    return giveUp(state, 'authLineTooLong', 'line of the exchange too long');
  const text = withoutBlanks(octetString(line.bytes));
  if (text === '*') return giveUp(state, 'authCancelled', 'cancelled by the client');
  const verdict = state.sasl?.verdict;
  if (verdict === undefined) return respond(state, text);
  state.sasl = undefined;
  if (verdict.type === 'refused') return send(state, verdict.refusal.reply);
  if (text === '') return logIn(state, verdict.login);
  fail(state, 'a response after the last');
}

function respond(state: SessionState, text: string): void {
  const bytes = decodeBase64(text);
  if (bytes === undefined) return giveUp(state, 'authBadBase64', 'base64');
  if (state.sasl !== undefined) take(state, state.sasl.exchange.respond(bytes));
}

function take(state: SessionState, step: SaslStep): void {
  switch (step.type) {
    case 'challenge':
      state.phase = 'sasl';
      return send(state, challenge(step.bytes));
    case 'evidence':
      return ask(state, { type: 'authenticate', evidence: step.evidence });
    case 'tlsBinding':
      return ask(state, step);
    case 'malformed':
      return fail(state, step.cause);
  }
}

/** `askedAt`: when the question was asked that this answers. */
export function authenticationAnswered(
  state: SessionState,
  answer: AuthenticationAnswer,
  askedAt: number,
): void {
  if (answer.type !== 'material') return takeVerdict(state, answer, askedAt);
  const exchange = state.sasl?.exchange;
  if (exchange?.given === undefined) giveUp(state, 'authTemporary', 'the mechanism asked for no material');
  else take(state, exchange.given(answer.octets));
}

/** A guess counts when it is judged, whatever the client says to the last challenge. */
function takeVerdict(state: SessionState, verdict: AuthenticationVerdict, askedAt: number): void {
  const { sasl } = state;
  state.sasl = undefined;
  const { finalData } = verdict;
  const at = verdict.type === 'refused' ? askedAt + verdict.notBeforeMs : state.now;
  if (verdict.type === 'refused') {
    state.authFailures += 1;
    // A person who mistyped may try again.
    state.loginAwaitedSince = Math.max(state.now, at);
  }
  if (sasl !== undefined && finalData !== undefined) {
    state.sasl = { exchange: sasl.exchange, verdict };
    state.phase = 'sasl';
    return sendAt(state, challenge(finalData), at);
  }
  if (verdict.type === 'refused') sendAt(state, verdict.refusal.reply, at);
  else logIn(state, verdict.login);
}

function logIn(state: SessionState, login: string): void {
  state.login = login;
  state.errors = 0;
  state.junk = 0;
  emit(state, { type: 'loggedIn' });
  send(state, reply('authOk'));
}

function challenge(bytes: Uint8Array): Reply {
  return reply('authContinue', { challenge: encodeBase64(bytes) });
}

function sendAt(state: SessionState, said: Reply, at: number): void {
  if (at > state.now) state.delayed = { reply: said, at };
  else send(state, said);
}

/** What the client brought is no message of the mechanism: it counts as a wrong password does. */
function fail(state: SessionState, cause: string): void {
  state.authFailures += 1;
  giveUp(state, 'authFailed', cause);
}

function giveUp(state: SessionState, name: ReplyName, cause: string): void {
  state.sasl = undefined;
  refuse(state, 'AUTH', name, cause);
}
