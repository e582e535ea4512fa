// One message over a delivery session. Where PIPELINING is offered, MAIL, all RCPT and DATA go in one write; each reply finds its
// command by counting. With LMTP every accepted recipient gets its own final reply (RFC 2033).

import { mailCommand, misfit, needsUtf8, rcptCommand } from './commands.ts';
import type { DeliveryTransaction, RecipientResult } from './ports.ts';
import type { RemoteReply } from './reply-reader.ts';
import { close, type DeliveryState, expect, send } from './session.ts';

export interface Transaction {
  readonly request: DeliveryTransaction;
  readonly results: (RecipientResult | undefined)[];
  /** Recipients that RCPT accepted, by their number. */
  readonly accepted: number[];
  sendingContent: boolean;
  /** The end of the content went out: silence from now on leaves the fate unknown. */
  endSent: boolean;
  contentSent(): void;
}

export function beginTransaction(state: DeliveryState, request: DeliveryTransaction): void {
  const transaction: Transaction = {
    request,
    results: request.envelope.recipients.map(() => undefined),
    accepted: [],
    sendingContent: false,
    endSent: false,
    contentSent: () => awaitFinal(state, transaction),
  };
  state.transaction = transaction;
  const unfit = misfit(request, state.capabilities);
  if (unfit !== undefined) {
    fillUndecided(transaction, unfit.status, unfit.diagnostic, true);
    return finish(state, transaction, false);
  }
  if (state.capabilities.has('PIPELINING')) pipelined(state, transaction);
  else oneByOne(state, transaction);
}

function commandsOf(
  state: DeliveryState,
  { request }: Transaction,
): { readonly mail: string; readonly rcpts: readonly string[] } {
  const utf8 = needsUtf8(request);
  return {
    mail: mailCommand(request, state.capabilities, state.authenticated),
    rcpts: request.envelope.recipients.map((recipient) => rcptCommand(recipient, state.capabilities, utf8)),
  };
}

function pipelined(state: DeliveryState, transaction: Transaction): void {
  const { mail, rcpts } = commandsOf(state, transaction);
  send(state, `${mail}${rcpts.join('')}DATA\r\n`);
  let mailReply: RemoteReply | undefined;
  expect(state, 'command', (reply) => {
    mailReply = reply;
  });
  rcpts.forEach((_, at) =>
    expect(state, 'command', (reply) => takeRcpt(transaction, at, mailReply ?? reply, reply)),
  );
  expect(state, 'data', (reply) => takeData(state, transaction, reply));
}

function oneByOne(state: DeliveryState, transaction: Transaction): void {
  const { mail, rcpts } = commandsOf(state, transaction);
  const nextRcpt = (at: number): void => {
    const rcpt = rcpts[at];
    if (rcpt === undefined) {
      if (transaction.accepted.length === 0) return reset(state, transaction);
      send(state, 'DATA\r\n');
      return expect(state, 'data', (reply) => takeData(state, transaction, reply));
    }
    send(state, rcpt);
    expect(state, 'command', (reply) => {
      takeRcpt(transaction, at, undefined, reply);
      nextRcpt(at + 1);
    });
  };
  send(state, mail);
  expect(state, 'command', (reply) => {
    if (isPositive(reply)) return nextRcpt(0);
    fillRefused(transaction, reply);
    reset(state, transaction);
  });
}

/** A MAIL that was refused is why the RCPT is, whatever the latter's reply says. */
function takeRcpt(
  transaction: Transaction,
  at: number,
  mailReply: RemoteReply | undefined,
  reply: RemoteReply,
): void {
  const cause = mailReply !== undefined && !isPositive(mailReply) ? mailReply : reply;
  if (isPositive(cause)) transaction.accepted.push(at);
  else transaction.results[at] = refusedBy(cause);
}

function takeData(state: DeliveryState, transaction: Transaction, reply: RemoteReply): void {
  if (reply.code === 354 && transaction.accepted.length > 0) {
    transaction.sendingContent = true;
    state.outputs.push({ type: 'content' });
  } else if (reply.code === 354) {
    // A server that lets us in without recipients gets an empty end, and nothing of the message (EXT-PIPE-b).
    send(state, '.\r\n');
    expect(state, 'final', () => finish(state, transaction, false));
  } else {
    for (const at of transaction.accepted) transaction.results[at] = refusedBy(reply);
    reset(state, transaction);
  }
}

function awaitFinal(state: DeliveryState, transaction: Transaction): void {
  transaction.sendingContent = false;
  transaction.endSent = true;
  const replies =
    state.settings.protocol === 'lmtp' ? transaction.accepted.map((at) => [at]) : [transaction.accepted];
  replies.forEach((recipients, index) =>
    expect(state, 'final', (reply) => {
      for (const at of recipients)
        transaction.results[at] = isPositive(reply) ? acceptedBy(state, reply) : refusedBy(reply);
      if (index === replies.length - 1) finish(state, transaction, false);
    }),
  );
}

function isPositive({ code }: RemoteReply): boolean {
  return code >= 200 && code < 300;
}

function acceptedBy(state: DeliveryState, reply: RemoteReply): RecipientResult {
  return {
    type: 'accepted',
    reply,
    reportsPassedOn: state.settings.protocol === 'smtp' && state.capabilities.has('DSN'),
  };
}

function refusedBy(reply: RemoteReply): RecipientResult {
  return { type: 'refused', reply, permanent: reply.code >= 500 };
}

function fillRefused(transaction: Transaction, reply: RemoteReply): void {
  transaction.results.forEach((result, at) => {
    transaction.results[at] = result ?? refusedBy(reply);
  });
}

function fillUndecided(
  transaction: Transaction,
  status: string,
  diagnostic: string,
  permanent: boolean,
): void {
  transaction.results.forEach((result, at) => {
    transaction.results[at] = result ?? { type: 'undecided', status, diagnostic, permanent };
  });
}

/** Nothing of the transaction is left at the server; the next one may begin when it says so. */
function reset(state: DeliveryState, transaction: Transaction): void {
  send(state, 'RSET\r\n');
  expect(state, 'command', (reply) => {
    finish(state, transaction, false);
    if (!isPositive(reply)) close(state);
  });
}

function finish(state: DeliveryState, transaction: Transaction, replyLost: boolean): void {
  state.transaction = undefined;
  fillUndecided(transaction, '4.4.2', 'the server gave no reply for this recipient', false);
  const results = transaction.results.flatMap((result) => (result === undefined ? [] : [result]));
  state.outputs.push({ type: 'result', results, replyLost });
}

/** A connection that breaks inside a transaction is a 451 for everything undecided (E-S-2). */
export function interrupted(
  state: DeliveryState,
  transaction: Transaction,
  diagnostic: string,
  permanent = false,
): void {
  const status = permanent ? '5.6.3' : '4.4.2';
  const replyLost =
    transaction.endSent &&
    transaction.results.some((result, at) => result === undefined && transaction.accepted.includes(at));
  for (const at of transaction.accepted) {
    transaction.results[at] ??= { type: 'undecided', status, diagnostic, permanent };
  }
  fillUndecided(transaction, status, diagnostic, permanent);
  finish(state, transaction, replyLost);
}

/** A server that has heard enough says so before the end: its word counts, the rest is not sent, the connection is of no use. */
export function refusedInContent(state: DeliveryState, transaction: Transaction, reply: RemoteReply): void {
  for (const at of transaction.accepted) transaction.results[at] = refusedBy(reply);
  finish(state, transaction, false);
  close(state);
}
