// Deadlines of a session, and what happens when one passes (requirements G-8). Only whole commands and octets of
// content count as progress, so that a client that drips octets gains nothing by it (F-DOS-2).

import { refusal } from '../refusal.ts';
import { concludeTransaction, emit, expectConsequences, leave, send, type SessionState } from './state.ts';

/** Slowest content that is waited for, octets per millisecond, after a first idle time's grace. */
const CONTENT_RATE = 0.1;
/** The slowest content that is only read to be thrown away, after a shorter grace: waiting for it helps nobody (F-DOS-2). */
const DISCARD_RATE = 1;
const DISCARD_GRACE_MS = 30_000;

export function deadlineOf(state: SessionState): number | undefined {
  if (state.phase === 'closed') return undefined;
  if (state.question !== undefined) return state.question.askedAt + state.settings.timeouts.replyMs;
  if (state.delayed !== undefined) return state.delayed.at;
  return Math.min(idleDeadline(state), untilKnown(state), slowestContent(state), slowestDiscarded(state));
}

function idleDeadline({ lastProgressAt, settings }: SessionState): number {
  return lastProgressAt + settings.timeouts.idleMs;
}

/** A stranger who has said MAIL, until the next of its messages is accepted. */
const STRANGER_MS = 3_600_000;

/** Total time, whatever is said: until TLS, then until login, because a person may be typing a password. Role mx: until the first MAIL, then for each message. */
function untilKnown({
  startedAt,
  settings,
  login,
  arrivedAt,
  loginAwaitedSince,
  transaction,
  discard,
}: SessionState): number {
  const { beforeAuthMs, loginMs } = settings.timeouts;
  if (settings.role === 'local') return Infinity;
  if (settings.role === 'mx') {
    // Content has a deadline of its own.
    if (transaction?.content !== undefined || discard !== undefined) return Infinity;
    return arrivedAt === undefined ? startedAt + beforeAuthMs : arrivedAt + STRANGER_MS;
  }
  if (login !== undefined) return Infinity;
  return loginAwaitedSince === undefined ? startedAt + beforeAuthMs : loginAwaitedSince + loginMs;
}

function slowestContent({ transaction, settings }: SessionState): number {
  const content = transaction?.content;
  return content === undefined
    ? Infinity
    : content.startedAt + settings.timeouts.idleMs + content.octets / CONTENT_RATE;
}

function slowestDiscarded({ discard, transaction }: SessionState): number {
  if (discard !== undefined) return discardedBy(discard.since, discard.octets - discard.left);
  const content = transaction?.content;
  const since = content?.spoiledSince;
  return content === undefined || since === undefined
    ? Infinity
    : discardedBy(since.at, content.octets - since.octets);
}

function discardedBy(since: number, octets: number): number {
  return since + DISCARD_GRACE_MS + octets / DISCARD_RATE;
}

export function timedOut(state: SessionState): void {
  const deadline = deadlineOf(state);
  if (deadline === undefined || deadline > state.now) return;
  if (state.question !== undefined) return unanswered(state);
  if (state.delayed !== undefined) {
    send(state, state.delayed.reply);
    state.delayed = undefined;
    state.lastProgressAt = state.now;
    return;
  }
  leave(state, 'idle', 'idle');
}

const commandOf = { authenticate: 'AUTH', tlsBinding: 'AUTH', mail: 'MAIL', recipient: 'RCPT' } as const;

/** The shell did not answer in time: the client is told to try again, and the late answer is ignored. */
function unanswered(state: SessionState): void {
  const kind = state.question?.asked.type;
  state.question = undefined;
  state.sasl = undefined;
  state.lastProgressAt = state.now;
  const decided =
    kind === 'authenticate' || kind === 'tlsBinding'
      ? refusal('authTemporary', 'no answer in time')
      : refusal('localError', 'no answer in time');
  send(state, decided.reply);
  if (kind === 'mail') expectConsequences(state, 'MAIL');
  else if (kind === 'recipient') expectConsequences(state, 'RCPT');
  // A late `acceptance` is reported by the shell: only then is the fate of the message known.
  if (kind !== undefined && kind !== 'accept')
    emit(state, {
      ...{ type: 'refused', refusal: decided, command: commandOf[kind] },
      envelope: state.transaction?.envelope,
    });
  if (kind === 'accept') {
    concludeTransaction(state);
    emit(state, { type: 'unanswered' });
  } else if (kind === 'recipient' && state.transaction !== undefined)
    state.transaction.refusedRecipients += 1;
}
