// Time in a session: when must something have happened, and what if it has not (requirements G-8). Only whole commands and octets of
// content count as progress, so that a client that drips octets gains nothing by it (F-DOS-2).

import { refusal } from '../refusal.ts';
import { concludeTransaction, emit, leave, send, type SessionState } from './state.ts';

/** Slowest content that is waited for, octets per millisecond, after a first idle time's grace. */
const CONTENT_RATE = 0.1;

export function deadlineOf(state: SessionState): number | undefined {
  if (state.phase === 'closed') return undefined;
  if (state.question !== undefined) return state.question.askedAt + state.settings.timeouts.replyMs;
  if (state.delayed !== undefined) return state.delayed.at;
  return Math.min(idleDeadline(state), totalBeforeAuth(state), slowestContent(state));
}

function idleDeadline({ lastProgressAt, settings }: SessionState): number {
  return lastProgressAt + settings.timeouts.idleMs;
}

/** Role mx: until the first MAIL. */
function totalBeforeAuth({ startedAt, settings, login, transaction }: SessionState): number {
  const arrived = settings.role === 'mx' ? transaction !== undefined : login !== undefined;
  return arrived ? Infinity : startedAt + settings.timeouts.beforeAuthMs;
}

function slowestContent({ transaction, settings }: SessionState): number {
  const content = transaction?.content;
  return content === undefined
    ? Infinity
    : content.startedAt + settings.timeouts.idleMs + content.octets / CONTENT_RATE;
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

/** The shell did not answer: the client is told to try again, and the late answer will be ignored. */
function unanswered(state: SessionState): void {
  const kind = state.question?.kind;
  state.question = undefined;
  state.lastProgressAt = state.now;
  const decided =
    kind === 'authentication'
      ? refusal('authTemporary', 'no answer in time')
      : refusal('localError', 'no answer in time');
  send(state, decided.reply);
  if (kind === 'accept') {
    concludeTransaction(state);
    emit(state, { type: 'unanswered' });
  } else if (kind === 'recipient' && state.transaction !== undefined)
    state.transaction.refusedRecipients += 1;
}
