// One message over a delivery session. Where PIPELINING is offered, MAIL, all RCPT and DATA go in one write, and the next message may follow
// the content of the last one; each reply finds its command by counting (`in-step.ts`). With LMTP every accepted recipient gets its own final reply
// (RFC 2033). By BDAT (RFC 3030) a small message goes whole in one write, commands and content.

import { mailCommand, misfit, needsUtf8, rcptCommand } from './commands.ts';
import { isDoubtful, isGoAhead } from './in-step.ts';
import type { DeliveryTransaction, RecipientResult } from './ports.ts';
import type { RemoteReply } from './reply-reader.ts';
import { close, type DeliveryState, expect, fail, send } from './session.ts';

export interface Transaction {
  readonly request: DeliveryTransaction;
  readonly results: (RecipientResult | undefined)[];
  /** Recipients that RCPT accepted, by their number. */
  readonly accepted: number[];
  /** The end of the content went out: silence from now on leaves the fate unknown. */
  endSent: boolean;
  /** It has its results; they are told when those before it were, and what follows is in step. */
  ended: { readonly replyLost: boolean } | undefined;
  /** False: its commands went out behind a content that was not answered, and DATA has no reply yet. */
  inStep: boolean;
  /** One of its commands has a reply. */
  heard: boolean;
  contentSent(): void;
}

type Refused = Extract<RecipientResult, { type: 'refused' }>['command'];

export function beginTransaction(state: DeliveryState, request: DeliveryTransaction): void {
  const transaction: Transaction = {
    request,
    results: request.envelope.recipients.map(() => undefined),
    accepted: [],
    endSent: false,
    ended: undefined,
    inStep: true,
    heard: false,
    contentSent: () => awaitFinal(state, transaction),
  };
  state.open.push(transaction);
  const unfit = misfit(request, state.capabilities);
  if (unfit !== undefined) {
    fillUndecided(transaction, unfit.status, unfit.diagnostic, true);
    return finish(state, transaction, false);
  }
  if (state.capabilities.has('PIPELINING')) pipelined(state, transaction);
  else oneByOne(state, transaction);
}

function usesChunks({ settings, capabilities }: DeliveryState, { octets }: DeliveryTransaction): boolean {
  return settings.chunking === true && octets !== undefined && capabilities.has('CHUNKING');
}

function commandsOf(
  state: DeliveryState,
  { request }: Transaction,
): { readonly mail: string; readonly rcpts: readonly string[] } {
  const utf8 = needsUtf8(request);
  const vouchForNobody = state.user !== undefined && state.settings.isAuthor !== true;
  return {
    mail: `${clearedFirst(state)}${mailCommand(request, state.capabilities, vouchForNobody)}`,
    rcpts: request.envelope.recipients.map((recipient) => rcptCommand(recipient, state.capabilities, utf8)),
  };
}

/** A BDAT that is or may be refused leaves its transaction at the server (RFC 3030 section 2). */
function clearedFirst(state: DeliveryState): string {
  if (!state.needsReset) return '';
  state.needsReset = false;
  expect(state, 'command', () => undefined);
  return 'RSET\r\n';
}

function pipelined(state: DeliveryState, transaction: Transaction): void {
  const { mail, rcpts } = commandsOf(state, transaction);
  const chunks = usesChunks(state, transaction.request);
  const eager = chunks && transaction.request.eager === true;
  send(state, `${mail}${rcpts.join('')}${chunks ? '' : 'DATA\r\n'}`);
  transaction.inStep = chunks || state.open.length === 1;
  let mailReply: RemoteReply | undefined;
  expect(state, 'command', (reply) => {
    transaction.heard = true;
    if (isGoAhead(reply)) return outOfStep(state);
    mailReply = reply;
  });
  rcpts.forEach((_, at) =>
    expect(state, 'command', (reply) => {
      if (isGoAhead(reply)) return outOfStep(state);
      takeRcpt(transaction, at, mailReply ?? reply, reply);
      if (chunks && !eager && at === rcpts.length - 1) afterRcpt(state, transaction);
    }),
  );
  if (eager) sendChunk(state, transaction);
  else if (!chunks) expect(state, 'data', (reply) => takeData(state, transaction, reply));
}

function oneByOne(state: DeliveryState, transaction: Transaction): void {
  const { mail, rcpts } = commandsOf(state, transaction);
  const nextRcpt = (at: number): void => {
    const rcpt = rcpts[at];
    if (rcpt === undefined) return afterRcpt(state, transaction);
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

function afterRcpt(state: DeliveryState, transaction: Transaction): void {
  if (transaction.accepted.length === 0) return reset(state, transaction);
  if (usesChunks(state, transaction.request)) return sendChunk(state, transaction);
  send(state, 'DATA\r\n');
  expect(state, 'data', (reply) => takeData(state, transaction, reply));
}

/** A MAIL that was refused is why the RCPT is, whatever the latter's reply says. */
function takeRcpt(
  transaction: Transaction,
  at: number,
  mailReply: RemoteReply | undefined,
  reply: RemoteReply,
): void {
  if (mailReply !== undefined && !isPositive(mailReply))
    transaction.results[at] = refusedBy(mailReply, 'MAIL');
  else if (isPositive(reply)) transaction.accepted.push(at);
  else transaction.results[at] = refusedBy(reply, 'RCPT');
}

/** A 354 for MAIL or RCPT: one reply is missing. */
function outOfStep(state: DeliveryState): void {
  fail(state, 'the server left out a reply', 'nonsense');
}

function takeData(state: DeliveryState, transaction: Transaction, reply: RemoteReply): void {
  transaction.inStep = true;
  tell(state);
  if (reply.code === 354 && transaction.accepted.length > 0) {
    state.sending = transaction;
    state.outputs.push({ type: 'content', framing: 'data' });
  } else if (reply.code === 354) {
    // A server that lets us in without recipients gets an empty end, and nothing of the message (EXT-PIPE-b).
    send(state, '.\r\n');
    expect(state, 'final', () => finish(state, transaction, false));
  } else {
    for (const at of transaction.accepted) transaction.results[at] = refusedBy(reply, 'content');
    reset(state, transaction);
  }
}

/** The whole content as one chunk. Its octets are counted, so that nothing in them can be taken for commands. */
function sendChunk(state: DeliveryState, transaction: Transaction): void {
  send(state, `BDAT ${transaction.request.octets ?? 0} LAST\r\n`);
  state.needsReset = true;
  state.sending = transaction;
  state.outputs.push({ type: 'content', framing: 'chunk' });
  transaction.contentSent = () => {
    state.sending = undefined;
    transaction.endSent = true;
  };
  expect(state, 'final', (reply) => {
    if (state.sending === transaction && isPositive(reply))
      return fail(state, 'the server accepted what it had not read', 'nonsense');
    if (state.sending === transaction) return refusedInContent(state, transaction, reply);
    takeFinal(state, transaction, transaction.accepted, reply);
    // With one behind it the RSET is on its way already.
    if (isPositive(reply) && state.open.at(-1) === transaction) state.needsReset = false;
    finish(state, transaction, false);
  });
}

function awaitFinal(state: DeliveryState, transaction: Transaction): void {
  state.sending = undefined;
  transaction.endSent = true;
  const replies =
    state.settings.protocol === 'lmtp' ? transaction.accepted.map((at) => [at]) : [transaction.accepted];
  replies.forEach((recipients, index) =>
    expect(state, 'final', (reply) => {
      takeFinal(state, transaction, recipients, reply);
      if (index === replies.length - 1) finish(state, transaction, false);
    }),
  );
}

function takeFinal(
  state: DeliveryState,
  { results }: Transaction,
  recipients: readonly number[],
  reply: RemoteReply,
): void {
  for (const at of recipients)
    results[at] = isPositive(reply) ? acceptedBy(state, reply) : refusedBy(reply, 'content');
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

function refusedBy(reply: RemoteReply, command: Refused): RecipientResult {
  return { type: 'refused', reply, permanent: reply.code >= 500, command };
}

function fillRefused(transaction: Transaction, reply: RemoteReply): void {
  transaction.results.forEach((result, at) => {
    transaction.results[at] = result ?? refusedBy(reply, 'MAIL');
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
  if (state.sending === transaction) state.sending = undefined;
  fillUndecided(transaction, '4.4.2', 'the server gave no reply for this recipient', false);
  transaction.ended = { replyLost };
  transaction.inStep = true;
  tell(state);
}

/** Results in the order of beginning. */
function tell(state: DeliveryState): void {
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
  transaction: Transaction,
  diagnostic: string,
  permanent = false,
): void {
  if (transaction.ended !== undefined && !isDoubtful(state, transaction)) return;
  for (const at of transaction.ended === undefined ? [] : transaction.accepted)
    transaction.results[at] = undefined;
  const status = permanent ? '5.6.3' : '4.4.2';
  const mayBeAccepted = (at: number): boolean =>
    transaction.accepted.includes(at) || transaction.request.eager === true;
  const replyLost =
    transaction.endSent &&
    transaction.results.some((result, at) => result === undefined && mayBeAccepted(at));
  for (const at of transaction.accepted) {
    transaction.results[at] ??= { type: 'undecided', status, diagnostic, permanent };
  }
  fillUndecided(transaction, status, diagnostic, permanent);
  finish(state, transaction, replyLost);
}

/** A server that has heard enough says so before the end: its word counts, the rest is not sent, the connection is of no use. */
export function refusedInContent(state: DeliveryState, transaction: Transaction, reply: RemoteReply): void {
  for (const at of transaction.accepted) transaction.results[at] = refusedBy(reply, 'content');
  finish(state, transaction, false);
  close(state);
}
