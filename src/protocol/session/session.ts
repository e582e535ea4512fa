// The SMTP server as a state machine: inputs go in, outputs come out; no socket, no clock, no promise.
//   An input changes the state → while no question is open and octets are left, the present phase reads on → replies leave together.
// Commands are in `commands.ts` (the table) and `commands-*.ts`, content in `content.ts`, time in `deadlines.ts`.

import { octetString, utf8Text } from '../../base/bytes.ts';
import { unreachable } from '../../base/assert.ts';
import type { ReversePathAndParameters } from '../envelope.ts';
import type { Refusal } from '../refusal.ts';
import { isAsciiText } from '../wire/mailbox.ts';
import type { TakenLine } from '../wire/input-buffer.ts';
import { withoutBlanks } from '../wire/blanks.ts';
import { runCommand } from './commands.ts';
import type { CommandLine } from './gate.ts';
import { authenticationAnswered, saslLine } from './commands-auth.ts';
import { readChunk, readData } from './content.ts';
import { deadlineOf, timedOut } from './deadlines.ts';
import { Recipients } from './recipients.ts';
import type { ServerSession, SessionInput, SessionOutput, SessionSettings, SessionView } from './ports.ts';
import {
  close,
  concludeTransaction,
  countRefusal,
  countRefusedName,
  emit,
  expectConsequences,
  flush,
  isStranger,
  leave,
  newState,
  refuse,
  send,
  sendNamed,
  type SessionState,
} from './state.ts';

const HELD_OCTETS_MAX = 64 * 1024;
/** The mechanisms' largest responses (RFC 4954 section 4). */
const AUTH_LINE_OCTETS_MAX = 12_288;
/** Command lines with every parameter at its longest. */
const COMMAND_LINE_OCTETS_MAX = 2048;

export function createServerSession(
  settings: SessionSettings,
  nowMs: number,
): { readonly session: ServerSession; readonly outputs: readonly SessionOutput[] } {
  const state = newState(settings, nowMs);
  sendNamed(state, 'greeting');
  return { session: new RunningSession(state), outputs: takeOutputs(state) };
}

class RunningSession implements ServerSession {
  readonly #state: SessionState;

  constructor(state: SessionState) {
    this.#state = state;
  }

  get deadline(): number | undefined {
    return deadlineOf(this.#state);
  }

  get view(): SessionView {
    const { ehlo, tls, login } = this.#state;
    return { ehlo: ehlo?.name, withProtocol: withProtocol(this.#state), tls, login };
  }

  get closed(): boolean {
    return this.#state.phase === 'closed';
  }

  receive(input: SessionInput, now: number): readonly SessionOutput[] {
    const state = this.#state;
    state.now = now;
    if (state.phase !== 'closed') {
      take(state, input);
      readOn(state);
    }
    return takeOutputs(state);
  }

  awaits(question: number): boolean {
    return this.#state.question?.asked.question === question;
  }
}

function takeOutputs(state: SessionState): readonly SessionOutput[] {
  flush(state);
  const { outputs } = state;
  state.outputs = [];
  return outputs;
}

function take(state: SessionState, input: SessionInput): void {
  switch (input.type) {
    case 'bytes':
      return state.input.push(input.bytes);
    case 'tls':
      return tlsEstablished(state, input);
    case 'authentication':
      return takeAuthentication(state, input);
    case 'verdict':
      return takeVerdict(state, input);
    case 'acceptance':
      return takeAcceptance(state, input);
    case 'drain':
      state.leaving ??= { name: 'shuttingDown', reason: 'drain' };
      return;
    case 'revoked':
      state.leaving = { name: 'revoked', reason: 'revoked' };
      return;
    case 'timeout':
      return timedOut(state);
    case 'closed':
      return close(state, 'client');
    default:
      return unreachable(input);
  }
}

/** Closes the open question if it is this one; an answer to any other is late and ignored. */
function isOpen(state: SessionState, number: number): boolean {
  if (state.question?.asked.question !== number) return false;
  state.question = undefined;
  state.lastProgressAt = state.now;
  return true;
}

/** Nothing that was said before the handshake counts (RFC 3207 section 4.2). */
function tlsEstablished(state: SessionState, { facts }: Extract<SessionInput, { type: 'tls' }>): void {
  state.tls = facts;
  state.ehlo = undefined;
  state.input.takeAll();
  state.lastProgressAt = state.now;
  state.loginAwaitedSince = state.now;
  if (state.phase === 'handshake') state.phase = 'command';
}

function takeAuthentication(
  state: SessionState,
  { question, answer }: Extract<SessionInput, { type: 'authentication' }>,
): void {
  const askedAt = state.question?.askedAt ?? state.now;
  if (isOpen(state, question)) authenticationAnswered(state, answer, askedAt);
}

function takeVerdict(
  state: SessionState,
  { question, verdict, forwardPath }: Extract<SessionInput, { type: 'verdict' }>,
): void {
  const asked = state.question?.asked;
  if (asked === undefined || !isOpen(state, question)) return;
  if (verdict.type === 'refused') return refusedByPolicy(state, asked.type === 'mail', verdict.refusal);
  if (asked.type === 'mail') {
    beginTransaction(state, asked.from);
    return sendNamed(state, 'senderOk');
  }
  if (asked.type !== 'recipient' || state.transaction === undefined) return;
  state.transaction.acceptedRecipients += 1;
  state.transaction.recipients.add(
    forwardPath === undefined || forwardPath === asked.recipient.forwardPath
      ? asked.recipient
      : { ...asked.recipient, forwardPath },
  );
  sendNamed(state, 'recipientOk');
}

function beginTransaction(state: SessionState, from: ReversePathAndParameters): void {
  const recipients = new Recipients();
  const envelope = { ...from, recipients: recipients.list };
  state.transaction = { envelope, recipients, acceptedRecipients: 0, refusedRecipients: 0 };
  state.arrivedAt ??= state.now;
}

function refusedByPolicy(state: SessionState, isMail: boolean, decided: Refusal): void {
  if (!isMail && state.transaction !== undefined) state.transaction.refusedRecipients += 1;
  send(state, decided.reply);
  if (decided.reply.code === 421) return close(state, 'expired');
  expectConsequences(state, isMail ? 'MAIL' : 'RCPT');
  // Strangers who try one address after the other run out of budget; an accountable user with an old list does not.
  if (!isStranger(state)) return;
  countRefusal(state, decided);
  if (!isMail && decided.reply.code >= 500) countRefusedName(state);
}

function takeAcceptance(
  state: SessionState,
  { question, answer }: Extract<SessionInput, { type: 'acceptance' }>,
): void {
  if (!isOpen(state, question)) return;
  concludeTransaction(state);
  if (answer.type === 'accepted') {
    state.errors = 0;
    state.futile = 0;
    state.arrivedAt = state.now;
    return sendNamed(state, 'accepted', { id: answer.id });
  }
  send(state, answer.refusal.reply);
  if (answer.refusal.reply.code === 421) return close(state, 'expired');
  if (isStranger(state)) countRefusal(state, answer.refusal);
}

/** Reads until nothing is left, or something is asked, delayed or awaited. */
function readOn(state: SessionState): void {
  while (isIdle(state) && step(state));
  const held = state.input.length;
  if (!state.paused && held > HELD_OCTETS_MAX) {
    state.paused = true;
    emit(state, { type: 'pause' });
  } else if (state.paused && held <= HELD_OCTETS_MAX / 2) {
    state.paused = false;
    emit(state, { type: 'resume' });
  }
}

function isIdle(state: SessionState): boolean {
  return state.question === undefined && state.delayed === undefined && state.phase !== 'closed';
}

function step(state: SessionState): boolean {
  switch (state.phase) {
    case 'command':
      if (state.leaving !== undefined) leave(state, state.leaving.name, state.leaving.reason);
      return state.phase === 'command' && readLine(state, commandLine);
    case 'sasl':
      return readLine(state, saslLine);
    case 'data':
      return readData(state);
    case 'chunk':
      return readChunk(state);
    case 'handshake':
    case 'closed':
      return false;
  }
}

function readLine(state: SessionState, run: (state: SessionState, line: TakenLine) => void): boolean {
  const line = state.input.takeLine(AUTH_LINE_OCTETS_MAX);
  if (line === undefined) return false;
  state.lastProgressAt = state.now;
  if (line.type === 'endless') {
    sendNamed(state, 'commandLineTooLong');
    leave(state, 'tooManyErrors', 'errors');
  } else run(state, line);
  return true;
}

const syntaxReplies = { MAIL: 'senderSyntax', RCPT: 'recipientSyntax' } as const;

function commandLine(state: SessionState, line: TakenLine): void {
  if (line.type === 'tooLong' || line.type === 'endless')
    return refuse(state, 'unknown', 'commandLineTooLong', 'line too long');
  const octets = octetString(line.bytes);
  const verb = /^[A-Za-z0-9]*/.exec(octets)?.[0].toUpperCase() ?? '';
  const command = readCommand(verb, octets, line);
  if (typeof command === 'object') runCommand(state, command);
  else if (command === 'tooLong')
    refuse(state, 'unknown', 'commandLineTooLong', `${line.bytes.length} octets`);
  else {
    const syntax = verb === 'MAIL' || verb === 'RCPT' ? syntaxReplies[verb] : 'commandSyntax';
    refuse(state, verb === '' ? 'unknown' : verb, syntax, command);
  }
  // A client that means BDAT is going to send a chunk, whose octets would be read as commands.
  if (verb === 'BDAT' && (typeof command !== 'object' || command.verb === '')) close(state, 'framing');
}

type LineFlaw = 'tooLong' | 'bare CR, LF or NUL' | 'invalid UTF-8';

function readCommand(
  verb: string,
  octets: string,
  { type, bytes }: Extract<TakenLine, { readonly bytes: Uint8Array }>,
): CommandLine | LineFlaw {
  if (type === 'flawed') return 'bare CR, LF or NUL';
  if (bytes.length > COMMAND_LINE_OCTETS_MAX && verb !== 'AUTH') return 'tooLong';
  const text = isGreeting(verb) ? escaped(octets) : isAsciiText(octets) ? octets : utf8Text(bytes);
  if (text === undefined) return 'invalid UTF-8';
  const separated = text.length === verb.length || text[verb.length] === ' ';
  return { verb: separated ? verb : '', argument: withoutBlanks(text.slice(verb.length)) };
}

function isGreeting(verb: string): boolean {
  return verb === 'EHLO' || verb === 'HELO';
}

/** A name in whatever encoding the client's system has, as `\xFC`: it is kept for the record alone (5321-e). */
function escaped(octets: string): string {
  return octets.replaceAll(
    /[\\\x80-\xff]/g,
    (octet) => `\\x${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** RFC 3848, RFC 6531 section 4.3: A and S only after success. */
function withProtocol({ settings, ehlo, tls, login, transaction }: SessionState): string {
  if (settings.role === 'local') return 'local';
  if (ehlo?.extended !== true && transaction?.envelope.smtputf8 !== true) return 'SMTP';
  const base = transaction?.envelope.smtputf8 === true ? 'UTF8SMTP' : 'ESMTP';
  return `${base}${tls === undefined ? '' : 'S'}${login === undefined ? '' : 'A'}`;
}
