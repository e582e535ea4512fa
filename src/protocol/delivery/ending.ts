// How things end: a transaction with its results, told in the order of beginning; the connection, with what was under way over it. Whatever fails before
// a transaction is the host's failure; within one it is the message's or a recipient's.

import { isDoubtful } from './in-step.ts';
import type { FailureCause } from './ports.ts';
import type { RemoteReply } from './reply-reader.ts';
import { fillRefused, fillUndecided, forgetReplies, refusedBy } from './results.ts';
import { type DeliveryState, send, type TransactionState } from './state.ts';

export function finish(state: DeliveryState, transaction: TransactionState, replyLost: boolean): void {
  if (state.sending === transaction) state.sending = undefined;
  const diagnostic = 'the server gave no reply for this recipient';
  fillUndecided(transaction.results, { status: '4.4.2', diagnostic, permanent: false });
  transaction.ended = { replyLost };
  transaction.inStep = true;
  tell(state);
}

/** Results in the order of beginning. */
export function tell(state: DeliveryState): void {
  const { open } = state;
  for (let [first, next] = open; first?.ended !== undefined; [first, next] = open) {
    if (next?.inStep === false && !state.closed) return;
    open.shift();
    const results = first.results.filter((result) => result !== undefined);
    state.outputs.push({ type: 'result', results, replyLost: first.ended.replyLost });
  }
}

/** A connection that breaks inside a transaction is a 451 for everything undecided (E-S-2). */
export function interrupted(
  state: DeliveryState,
  transaction: TransactionState,
  diagnostic: string,
  permanent = false,
): void {
  if (transaction.ended !== undefined && !isDoubtful(state, transaction)) return;
  for (const at of transaction.ended === undefined ? [] : transaction.accepted)
    transaction.results[at] = undefined;
  // The replies may belong to earlier commands: the refusal of another recipient must not fail this one.
  if (!transaction.inStep) forgetReplies(transaction.results);
  if (transaction.farewell !== undefined) fillRefused(transaction.results, transaction.farewell);
  const status = permanent ? '5.6.3' : '4.4.2';
  const replyLost =
    transaction.endSent &&
    transaction.results.some((result, at) => result === undefined && transaction.accepted.includes(at));
  for (const at of transaction.accepted) {
    transaction.results[at] ??= { type: 'undecided', status, diagnostic, permanent };
  }
  fillUndecided(transaction.results, { status, diagnostic, permanent });
  finish(state, transaction, replyLost);
}

/** A server may refuse before the end of the content: its reply counts, the rest is not sent, and the connection can't be used any more. */
export function refusedInContent(
  state: DeliveryState,
  transaction: TransactionState,
  reply: RemoteReply,
): void {
  for (const at of transaction.accepted) transaction.results[at] = refusedBy(reply, 'content');
  finish(state, transaction, false);
  close(state);
}

/** Transactions under way get their results first. */
export function close(state: DeliveryState): void {
  if (state.closed) return;
  state.closed = true;
  for (const transaction of [...state.open]) interrupted(state, transaction, 'the connection was given up');
  state.outputs.push({ type: 'close' });
}

/** The connection can't be used any more: transactions under way are undecided; if there is none, the host has failed. */
export function fail(state: DeliveryState, diagnostic: string, because: FailureCause): void {
  if (state.closed) return;
  if (state.open.length === 0) {
    const { stage } = state;
    state.outputs.push({ type: 'hostFailed', diagnostic, status: '4.4.2', stage, because });
  }
  for (const transaction of [...state.open]) interrupted(state, transaction, diagnostic);
  close(state);
}

/** The server does not offer something that we need. */
export function missing(state: DeliveryState, diagnostic: string): void {
  fail(state, diagnostic, 'missing');
}

export function hostFailed(state: DeliveryState, reply: RemoteReply): void {
  const { stage } = state;
  const status = `4${reply.status.slice(1)}`;
  state.outputs.push({ type: 'hostFailed', diagnostic: reply.text, status, stage, because: 'reply', reply });
  if (reply.code !== 421) send(state, 'QUIT\r\n');
  close(state);
}

/** Only the transaction whose content it is fails for good. */
export function contentFailed(state: DeliveryState, because: string, permanent: boolean): void {
  for (const transaction of [...state.open])
    interrupted(state, transaction, because, permanent && transaction === state.sending);
  close(state);
}
