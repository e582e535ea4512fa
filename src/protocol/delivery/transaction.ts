// One message over a delivery session. Where PIPELINING is offered, MAIL, all RCPT and DATA go in one write, and the next message may follow
// the content of the last one; each reply is matched to its command by counting (`in-step.ts`). With LMTP every accepted recipient gets its own final reply
// (RFC 2033). With BDAT (RFC 3030) the content is sent in one chunk, once a recipient was accepted.

import { type Capabilities, mailCommand, rcptCommand } from './commands.ts';
import { messageMisfit, needsUtf8, recipientMisfit } from './fitness.ts';
import { isGoAhead, isOfEnvelope } from './in-step.ts';
import { keepRoom } from './portion.ts';
import type { DeliveryTransaction, RecipientResult } from './ports.ts';
import type { RemoteReply } from './reply-reader.ts';
import { close, fail, finish, refusedInContent, tell } from './ending.ts';
import { fillRefused, fillUndecided, isPositive, refusedBy } from './results.ts';
import { type DeliveryState, expect, send, type TransactionState } from './state.ts';

export function beginTransaction(state: DeliveryState, request: DeliveryTransaction): void {
  const transaction: TransactionState = {
    request,
    results: request.envelope.recipients.map(() => undefined),
    accepted: [],
    endSent: false,
    ended: undefined,
    inStep: true,
    heard: false,
    farewell: undefined,
    contentSent: () => awaitFinal(state, transaction),
  };
  state.open.push(transaction);
  excludeMisfits(transaction, state.capabilities);
  keepRoom(transaction.results, state.settings, state.capabilities);
  if (transaction.results.every((result) => result !== undefined)) return finish(state, transaction, false);
  if (state.capabilities.has('PIPELINING')) pipelined(state, transaction);
  else oneByOne(state, transaction);
}

/** A recipient that the hop can't serve fails alone. */
function excludeMisfits({ request, results }: TransactionState, capabilities: Capabilities): void {
  const unfit = messageMisfit(request, capabilities);
  if (unfit !== undefined) return fillUndecided(results, { ...unfit, permanent: true });
  request.envelope.recipients.forEach(({ forwardPath }, at) => {
    const misfit = recipientMisfit(forwardPath, capabilities);
    if (misfit !== undefined)
      results[at] = { type: 'undecided', ...misfit, permanent: true, isRecipients: true };
  });
}

function usesChunk(
  { settings, capabilities }: DeliveryState,
  { chunked, octets }: DeliveryTransaction,
): boolean {
  const isAsked = chunked === true && settings.protocol === 'smtp' && octets !== undefined;
  return isAsked && capabilities.has('CHUNKING');
}

interface Commands {
  readonly mail: string;
  /** Recipients that this hop is asked about, with their numbers. */
  readonly rcpts: readonly { readonly at: number; readonly command: string }[];
}

function commandsOf(
  { capabilities, user, settings }: DeliveryState,
  transaction: TransactionState,
): Commands {
  const { request, results } = transaction;
  const asked = request.envelope.recipients
    .map((recipient, at) => ({ recipient, at }))
    .filter(({ at }) => results[at] === undefined);
  const forwardPaths = asked.map(({ recipient }) => recipient.forwardPath);
  const utf8 = needsUtf8(request, forwardPaths);
  const vouchForNobody = user !== undefined && settings.isAuthor !== true;
  return {
    mail: mailCommand(request, capabilities, utf8, vouchForNobody),
    rcpts: asked.map(({ recipient, at }) => ({ at, command: rcptCommand(recipient, capabilities, utf8) })),
  };
}

function pipelined(state: DeliveryState, transaction: TransactionState): void {
  const { mail, rcpts } = commandsOf(state, transaction);
  const byChunk = usesChunk(state, transaction.request);
  send(state, `${mail}${rcpts.map(({ command }) => command).join('')}${byChunk ? '' : 'DATA\r\n'}`);
  transaction.inStep = state.open.length === 1;
  let mailReply: RemoteReply | undefined;
  expect(state, 'command', (reply) => {
    // A farewell is no answer to MAIL: servers that limit the messages of a connection close after it.
    if (reply.code === 421) transaction.farewell = reply;
    else transaction.heard = true;
    if (isGoAhead(reply)) return outOfStep(state);
    mailReply = reply;
  });
  rcpts.forEach(({ at }, index) =>
    expect(state, 'command', (reply) => {
      if (isGoAhead(reply)) return outOfStep(state);
      takeRcpt(transaction, at, mailReply ?? reply, reply);
      if (byChunk && index === rcpts.length - 1) afterRcpt(state, transaction);
    }),
  );
  if (!byChunk) expect(state, 'data', (reply) => takeData(state, transaction, reply));
}

function oneByOne(state: DeliveryState, transaction: TransactionState): void {
  const { mail, rcpts } = commandsOf(state, transaction);
  const nextRcpt = (index: number): void => {
    const rcpt = rcpts[index];
    if (rcpt === undefined || state.leaving) return afterRcpt(state, transaction);
    send(state, rcpt.command);
    expect(state, 'command', (reply) => {
      takeRcpt(transaction, rcpt.at, undefined, reply);
      nextRcpt(index + 1);
    });
  };
  send(state, mail);
  expect(state, 'command', (reply) => {
    if (isPositive(reply)) return nextRcpt(0);
    fillRefused(transaction.results, reply);
    reset(state, transaction);
  });
}

function afterRcpt(state: DeliveryState, transaction: TransactionState): void {
  if (transaction.accepted.length === 0 || state.leaving) return reset(state, transaction);
  if (usesChunk(state, transaction.request)) return sendChunk(state, transaction);
  send(state, 'DATA\r\n');
  expect(state, 'data', (reply) => takeData(state, transaction, reply));
}

/** After a refused MAIL its reply is the result of each RCPT, whatever the reply to RCPT says. */
function takeRcpt(
  transaction: TransactionState,
  at: number,
  mailReply: RemoteReply | undefined,
  reply: RemoteReply,
): void {
  if (mailReply !== undefined && !isPositive(mailReply))
    transaction.results[at] = refusedBy(mailReply, 'MAIL');
  else if (isPositive(reply)) transaction.accepted.push(at);
  else transaction.results[at] = refusedBy(reply, 'RCPT');
}

/** A reply that belongs to another command. */
function outOfStep(state: DeliveryState): void {
  fail(state, 'the server left out a reply, or made one too many', 'nonsense');
}

function takeData(state: DeliveryState, transaction: TransactionState, reply: RemoteReply): void {
  // A server may say 421 at any time (RFC 5321 section 3.8): it need not be the reply to DATA, and proves nothing about earlier replies.
  const mayBeAnyTime = reply.code === 421 && transaction.farewell === undefined;
  if (mayBeAnyTime && !transaction.inStep) return fail(state, reply.text, 'reply');
  transaction.inStep = true;
  tell(state);
  if (reply.code === 354 && transaction.accepted.length > 0) {
    state.sending = transaction;
    state.outputs.push({ type: 'content', framing: 'data' });
  } else if (reply.code === 354) {
    // A server that says 354 although it accepted no recipient gets an empty content, and nothing of the message (EXT-PIPE-b).
    send(state, '.\r\n');
    expect(state, 'final', () => finish(state, transaction, false));
  } else {
    for (const at of transaction.accepted) transaction.results[at] = refusedBy(reply, 'DATA');
    reset(state, transaction);
  }
}

/**
 * The whole content as one chunk, its octets counted. Whoever refuses it may not have read it, and would take what is left of it for
 * commands: then the connection can't be used any more.
 */
function sendChunk(state: DeliveryState, transaction: TransactionState): void {
  send(state, `BDAT ${transaction.request.octets ?? 0} LAST\r\n`);
  state.sending = transaction;
  state.outputs.push({ type: 'content', framing: 'chunk' });
  expect(state, 'final', (reply) => {
    if (!isPositive(reply)) return refusedInContent(state, transaction, reply);
    if (state.sending === transaction)
      return fail(state, 'the server accepted what it had not read', 'nonsense');
    if (isOfEnvelope(reply)) return outOfStep(state);
    takeFinal(state, transaction, transaction.accepted, reply);
    finish(state, transaction, false);
  });
  transaction.contentSent = () => {
    state.sending = undefined;
    transaction.endSent = true;
  };
}

function awaitFinal(state: DeliveryState, transaction: TransactionState): void {
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
  { results }: TransactionState,
  recipients: readonly number[],
  reply: RemoteReply,
): void {
  for (const at of recipients)
    results[at] = isPositive(reply) ? acceptedBy(state, reply) : refusedBy(reply, 'content');
}

function acceptedBy(state: DeliveryState, reply: RemoteReply): RecipientResult {
  return {
    type: 'accepted',
    reply,
    reportsPassedOn: state.settings.protocol === 'smtp' && state.capabilities.has('DSN'),
  };
}

/** Resets the transaction at the server; the next one may begin after the reply. */
function reset(state: DeliveryState, transaction: TransactionState): void {
  if (state.leaving) {
    finish(state, transaction, false);
    return close(state);
  }
  send(state, 'RSET\r\n');
  expect(state, 'command', (reply) => {
    finish(state, transaction, false);
    if (!isPositive(reply)) close(state);
  });
}
