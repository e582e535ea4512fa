// The state of a server session, and the changes that every command needs: reply, ask, refuse, forget.

import { latin1 } from '../../base/bytes.ts';
import type { Envelope } from '../envelope.ts';
import { refusal, type Refusal } from '../refusal.ts';
import type { Exchange } from '../sasl/mechanism.ts';
import type { ChunkFraming } from '../wire/chunk-framing.ts';
import type { DataFraming } from '../wire/data-framing.ts';
import { InputBuffer } from '../wire/input-buffer.ts';
import { serializeReply, type Reply } from '../wire/reply.ts';
import { reply, type ReplyName } from '../wire/reply-registry.ts';
import type { Recipients } from './recipients.ts';
import type {
  AuthenticationVerdict,
  CloseReason,
  SessionOutput,
  SessionSettings,
  TlsFacts,
} from './ports.ts';

export type Phase = 'command' | 'sasl' | 'handshake' | 'data' | 'chunk' | 'closed';

export interface TransactionState {
  /** Its list grows with each recipient that is accepted. */
  readonly envelope: Envelope;
  readonly recipients: Recipients;
  /** RCPT that were accepted: a mailbox may be named again. */
  acceptedRecipients: number;
  refusedRecipients: number;
  /** DATA or BDAT has begun: `messageStart` went out. */
  content?: ContentState;
}

export interface ContentState {
  readonly command: 'DATA' | 'BDAT';
  readonly framing: DataFraming | ChunkFraming;
  octets: number;
  readonly startedAt: number;
  /** The content can't be accepted any more: the rest is read and thrown away. */
  spoiled?: Refusal;
  /** Since when, and how many octets there were by then. */
  spoiledSince?: { readonly at: number; readonly octets: number };
  /** BDAT … LAST is under way. */
  last: boolean;
}

type Asked = Extract<SessionOutput, { readonly question: number }>;

export interface Question {
  readonly asked: Asked;
  readonly askedAt: number;
}

export interface SessionState {
  readonly settings: SessionSettings;
  readonly input: InputBuffer;
  readonly startedAt: number;
  phase: Phase;
  now: number;
  /** Time of the last whole command, or of the last octet of content. */
  lastProgressAt: number;
  ehlo: { readonly name: string; readonly extended: boolean } | undefined;
  tls: TlsFacts | undefined;
  login: string | undefined;
  transaction: TransactionState | undefined;
  /** Octets of a refused chunk still to be read and thrown away, then the refusal. */
  discard:
    { left: number; readonly octets: number; readonly since: number; readonly refusal: Refusal } | undefined;
  /** A chunk failed: RSET, EHLO or QUIT first (RFC 3030 section 2). */
  chunkFailed: boolean;
  /** An AUTH under way; `verdict`: it stands, and the client's next line is the last. */
  sasl: { readonly exchange: Exchange; readonly verdict?: AuthenticationVerdict } | undefined;
  question: Question | undefined;
  lastQuestion: number;
  /** A reply that has to wait, so that guessing is slow. */
  delayed: { readonly reply: Reply; readonly at: number } | undefined;
  /** Errors since the last accepted message. */
  errors: number;
  /** Refusals that are no error (4yz, and those that follow from another), counted likewise: strangers may not cause them without end. */
  futile: number;
  /** Recipients of strangers that we refused, in the whole session: a message to somebody known buys no more guesses at names. */
  refusedNames: number;
  junk: number;
  junkAt: number;
  /** Refusals that may still follow from one that the client had not read when it wrote on. */
  consequences: number;
  /** When TLS was established, or the last guess was answered. */
  loginAwaitedSince: number | undefined;
  /** When the first MAIL was accepted, later the last message. */
  arrivedAt: number | undefined;
  authFailures: number;
  leaving: { readonly name: ReplyName; readonly reason: CloseReason } | undefined;
  paused: boolean;
  outputs: SessionOutput[];
  unsent: string[];
}

/** Every property is set from the start, so that V8 gives all sessions one shape. */
export function newState(settings: SessionSettings, now: number): SessionState {
  return {
    settings,
    input: new InputBuffer(),
    startedAt: now,
    phase: 'command',
    now,
    lastProgressAt: now,
    ehlo: undefined,
    tls: undefined,
    login: undefined,
    transaction: undefined,
    discard: undefined,
    chunkFailed: false,
    sasl: undefined,
    question: undefined,
    lastQuestion: 0,
    delayed: undefined,
    errors: 0,
    futile: 0,
    refusedNames: 0,
    junk: 0,
    junkAt: now,
    consequences: 0,
    loginAwaitedSince: undefined,
    arrivedAt: undefined,
    authFailures: 0,
    leaving: undefined,
    paused: false,
    outputs: [],
    unsent: [],
  };
}

export function send(state: SessionState, answer: Reply): void {
  state.unsent.push(serializeReply(answer));
}

export function sendNamed(
  state: SessionState,
  name: ReplyName,
  values: Readonly<Record<string, string | number>> = {},
): void {
  send(state, reply(name, { hostname: state.settings.hostname, ...values }));
}

/** One write for everything that was replied since the last one; other outputs keep their place among the replies. */
export function flush(state: SessionState): void {
  if (state.unsent.length === 0) return;
  state.outputs.push({ type: 'send', bytes: latin1(state.unsent.join('')) });
  state.unsent = [];
}

export function emit(state: SessionState, output: SessionOutput): void {
  flush(state);
  state.outputs.push(output);
}

type Unnumbered<T> = T extends unknown ? Omit<T, 'question'> : never;

export function ask(state: SessionState, output: Unnumbered<Asked>): void {
  state.lastQuestion += 1;
  const asked = { ...output, question: state.lastQuestion } as Asked;
  state.question = { asked, askedAt: state.now };
  emit(state, asked);
}

/** A refusal that the session itself decided: replied, reported, and counted if it is an error of the client's. */
export function refuse(
  state: SessionState,
  command: string,
  name: ReplyName,
  cause: string,
  values: Readonly<Record<string, string | number>> = {},
): void {
  refuseWith(state, command, refusal(name, cause, values));
}

export function refuseWith(state: SessionState, command: string, decided: Refusal): void {
  emit(state, { type: 'refused', refusal: decided, command, envelope: state.transaction?.envelope });
  send(state, decided.reply);
  if (state.consequences > 0 && consequences.has(decided.name)) {
    state.consequences -= 1;
    return countFutile(state);
  }
  expectConsequences(state, command);
  countRefusal(state, decided);
}

/** What a refused MAIL, RCPT or BDAT makes of the commands that follow it in one group (RFC 2920 section 3.1). */
const consequences: ReadonlySet<ReplyName> = new Set(['badSequence', 'noValidRecipients']);

/** They are no errors of their own; any other command ends the group. */
export function expectConsequences(state: SessionState, command: string): void {
  const isUnderWay = state.transaction !== undefined || state.chunkFailed;
  if (command === 'MAIL' || (command === 'BDAT' && isUnderWay))
    state.consequences = state.settings.recipientsMax + 1;
  else if (command === 'RCPT' && isUnderWay) state.consequences = Math.max(state.consequences, 1);
}

export function offersDsn({ role, noDsn }: SessionSettings): boolean {
  return role !== 'mx' && noDsn !== true;
}

/** True: nobody is accountable for this client. */
export function isStranger({ login, settings }: SessionState): boolean {
  return login === undefined && settings.role !== 'local';
}

/** A refusal for now, or because of a limit, may be tried again later: it is no error. */
export function countRefusal(state: SessionState, { reply: { code } }: Refusal): void {
  if (code >= 500) countError(state);
  else countFutile(state);
}

/** Far beyond what the longest list of an honest client meets (F-ERR). */
const FUTILE_FACTOR = 4;
const FUTILE_RECIPIENTS_MIN = 1000;

/** Excess recipients never end the session of somebody accountable. */
function countFutile(state: SessionState): void {
  if (!isStranger(state)) return;
  state.futile += 1;
  const most = FUTILE_FACTOR * Math.max(FUTILE_RECIPIENTS_MIN, state.settings.recipientsMax);
  if (state.futile >= most) leave(state, 'tooManyErrors', 'errors');
}

/** Factor on the budget of errors: a list with old addresses goes on over many messages. */
const REFUSED_NAMES_FACTOR = 4;

/** Accepted mail does not begin this count again: it would be the price of the next names to try (F-ERR). */
export function countRefusedName(state: SessionState): void {
  state.refusedNames += 1;
  if (state.refusedNames >= REFUSED_NAMES_FACTOR * state.settings.errorsMax.beforeAuth)
    leave(state, 'tooManyErrors', 'errors');
}

/** Past the budget the session ends (F-ERR); an authenticated client has a larger one, and accepted mail begins it again. */
export function countError(state: SessionState): void {
  state.errors += 1;
  const { beforeAuth, afterAuth } = state.settings.errorsMax;
  if (state.errors >= (state.login === undefined ? beforeAuth : afterAuth))
    leave(state, 'tooManyErrors', 'errors');
}

export function leave(state: SessionState, name: ReplyName, reason: CloseReason): void {
  if (state.phase === 'closed') return;
  sendNamed(state, name);
  close(state, reason);
}

export function close(state: SessionState, reason: CloseReason): void {
  if (state.phase === 'closed') return;
  endTransaction(state, reason);
  state.phase = 'closed';
  state.question = undefined;
  state.delayed = undefined;
  emit(state, { type: 'close', reason });
}

/** The transaction is void; content that was begun is dropped. */
export function endTransaction(state: SessionState, because: string): void {
  if (state.transaction !== undefined) emit(state, { type: 'abort', because });
  state.transaction = undefined;
  state.chunkFailed = false;
}

/** The transaction has ended: accepted or refused after its last octet. */
export function concludeTransaction(state: SessionState): void {
  state.transaction = undefined;
  state.junk = 0;
}
