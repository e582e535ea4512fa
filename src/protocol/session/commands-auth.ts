// AUTH (RFC 4954): the command, the exchange of base64 lines, and what becomes of the answer.

import { octetString } from '../../base/bytes.ts';
import { mechanismNamed, type SaslStep } from '../sasl/sasl.ts';
import { decodeBase64, encodeBase64 } from '../wire/base64.ts';
import { withoutBlanks } from '../wire/blanks.ts';
import type { TakenLine } from '../wire/input-buffer.ts';
import { reply } from '../wire/reply-registry.ts';
import type { CommandLine } from './gate.ts';
import type { AuthenticationAnswer } from './ports.ts';
import { ask, leave, refuse, send, sendNamed, type SessionState } from './state.ts';

export function auth(state: SessionState, { argument }: CommandLine): void {
  if (state.login !== undefined) return refuse(state, 'AUTH', 'authAgain', 'already authenticated');
  if (state.transaction !== undefined) return refuse(state, 'AUTH', 'authInTransaction', 'in a transaction');
  const [name = '', initial, ...more] = argument.split(/ +/);
  if (name === '' || more.length > 0)
    return refuse(state, 'AUTH', 'badArgument', 'AUTH wants a mechanism and at most one response');
  if (state.authFailures >= state.settings.authFailuresMax)
    return leave(state, 'tooManyAuthFailures', 'errors');
  const mechanism = mechanismNamed(name, state.settings.mechanisms);
  if (mechanism === undefined)
    return refuse(state, 'AUTH', 'authUnknownMechanism', 'mechanism is not offered');
  state.sasl = { mechanism, responses: [] };
  if (initial === undefined) return advance(state);
  if (!mechanism.clientFirst) {
    state.sasl = undefined;
    return refuse(state, 'AUTH', 'authInitialResponseNotAllowed', 'initial response');
  }
  respond(state, initial === '=' ? '' : initial);
}

/** A line of the exchange. */
export function saslLine(state: SessionState, line: TakenLine): void {
  state.phase = 'command';
  if (line.type !== 'line' && line.type !== 'flawed') {
    state.sasl = undefined;
    return refuse(state, 'AUTH', 'authLineTooLong', 'line of the exchange too long');
  }
  const text = withoutBlanks(octetString(line.bytes));
  if (text === '*') {
    state.sasl = undefined;
    return refuse(state, 'AUTH', 'authCancelled', 'cancelled by the client');
  }
  respond(state, text);
}

function respond(state: SessionState, text: string): void {
  const bytes = decodeBase64(text);
  if (bytes === undefined) {
    state.sasl = undefined;
    return refuse(state, 'AUTH', 'authBadBase64', 'base64');
  }
  state.sasl?.responses.push(bytes);
  advance(state);
}

function advance(state: SessionState): void {
  const { sasl } = state;
  if (sasl === undefined) return;
  const step: SaslStep = sasl.mechanism.next(sasl.responses);
  if (step.type === 'challenge') {
    state.phase = 'sasl';
    return sendNamed(state, 'authContinue', { challenge: encodeBase64(step.bytes) });
  }
  state.sasl = undefined;
  if (step.type === 'credentials') return ask(state, { type: 'authenticate', credentials: step.credentials });
  state.authFailures += 1;
  refuse(state, 'AUTH', 'authFailed', step.cause);
}

export function authenticated(state: SessionState, answer: AuthenticationAnswer): void {
  if (answer.type === 'authenticated') {
    state.login = answer.login;
    state.errors = 0;
    state.junk = 0;
    return send(state, reply('authOk'));
  }
  state.authFailures += 1;
  // A person who mistyped may try again.
  state.loginAwaitedSince = state.now + answer.delayMs;
  if (answer.delayMs > 0) state.delayed = { reply: answer.refusal.reply, at: state.now + answer.delayMs };
  else send(state, answer.refusal.reply);
}
