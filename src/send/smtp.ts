// `postern send -bs`, as Symfony Mailer, Swift Mailer and Alpine call sendmail: each message that comes as SMTP goes the way of every other one of
// `send`, and its reply is what the server said of it.

import { hostname } from 'node:os';
import { failureInWords } from '../base/failure-words.ts';
import { latin1 } from '../base/bytes.ts';
import { EX, type SysExit } from '../base/sysexits.ts';
import { systemClock } from '../platform/clock.ts';
import { systemEntropy } from '../platform/entropy.ts';
import { distinctMailboxes } from '../protocol/wire/mailbox.ts';
import { serializeReply, type Reply } from '../protocol/wire/reply.ts';
import type { SendArguments } from './arguments.ts';
import { type Environment, loadSendConfig, type SendConfig } from './config.ts';
import { carryOrPutOff, putOff, RECIPIENTS_MAX, type Tell } from './deliver.ts';
import { compose } from './message.ts';
import type { Carrier, Outgoing, SendResult } from './outgoing.ts';
import { openCarrier, ownBook, withOwnAddressOrStandIn } from './parts.ts';
import { type PipedAnswer, type PipedMessage, type PipeEnd, speakOverPipe } from './pipe.ts';
import { SendFailure } from './failure.ts';

const TOLD_MAX = 10;
const LINE_MAX = 400;

/** What `exitOf` and `exitOfStatus` lead to, the other way. */
const replies: Readonly<Record<SysExit, readonly [code: number, status: string]>> = {
  [EX.OK]: [250, '2.0.0'],
  [EX.USAGE]: [554, '5.5.4'],
  [EX.DATAERR]: [554, '5.6.0'],
  [EX.NOUSER]: [550, '5.1.1'],
  [EX.UNAVAILABLE]: [554, '5.0.0'],
  [EX.SOFTWARE]: [451, '4.3.0'],
  [EX.OSERR]: [451, '4.3.0'],
  [EX.TEMPFAIL]: [451, '4.4.0'],
  [EX.PROTOCOL]: [554, '5.7.0'],
  [EX.NOPERM]: [550, '5.7.1'],
  [EX.CONFIG]: [554, '5.3.5'],
};

/** The exit code: that of the session, not of its messages, which were answered one by one, but for one that was cut off. */
export async function takeSmtp(given: SendArguments, environment: Environment, tell: Tell): Promise<SysExit> {
  const write = (bytes: Uint8Array): void => void process.stdout.write(bytes);
  let config: SendConfig;
  try {
    const loaded = await loadSendConfig(given.config, environment);
    config = await withOwnAddressOrStandIn(loaded, environment, given.queue);
  } catch (error) {
    // Instead of a greeting: a program shows what it was told there.
    if (error instanceof SendFailure) write(latin1(serializeReply(greetingOf(error))));
    throw error;
  }
  let carrier: Carrier | undefined;

  async function carry(outgoing: Outgoing): Promise<SendResult | undefined> {
    if (given.queue || config.queue === 'always') {
      await putOff(outgoing, config, environment);
      return undefined;
    }
    carrier ??= await openCarrier(config, environment, given.verbose);
    const verdict = await carryOrPutOff(outgoing, carrier, config, environment);
    if (verdict.isOfHost) await closeCarrier();
    return verdict;
  }

  /** After a failure of the host the next message connects again, because the failure may be over. */
  async function closeCarrier(): Promise<void> {
    const closed = carrier;
    carrier = undefined;
    await closed?.close();
  }

  async function handIn(message: PipedMessage): Promise<PipedAnswer> {
    try {
      const { outgoing, id } = outgoingOf(message, given, config);
      return answerOf(await carry(outgoing), id);
    } catch (error) {
      const text = failureInWords(error);
      tell(text);
      return refusedWith(error instanceof SendFailure ? error.code : EX.OSERR, [text]);
    }
  }

  let end: PipeEnd;
  try {
    end = await speakOverPipe({
      ...{ input: process.stdin, write, clock: systemClock, hostname: hostname(), handIn },
      ...{ messageOctetsMax: config.sizeMax, recipientsMax: RECIPIENTS_MAX },
    });
  } finally {
    // The program may keep its end open.
    process.stdin.destroy();
    await closeCarrier();
  }
  if (end === 'ended') return EX.OK;
  // Every complete message has been answered.
  tell('the input ended (or stopped for an hour) in the middle of a message: that one was not sent');
  return EX.DATAERR;
}

function outgoingOf(
  { envelope: { reversePath, recipients: given }, content: input }: PipedMessage,
  { fullName, notify, ret, envelopeId }: SendArguments,
  config: SendConfig,
): { readonly outgoing: Outgoing; readonly id: string } {
  const book = ownBook(config);
  const { content, messageIdField } = compose(input, {
    ...{ dotIsText: true, recipientsFromHeader: false, fullName: fullName ?? config.name },
    author: reversePath === '' ? book.own() : reversePath,
    now: systemClock.now(),
    random: (length) => systemEntropy().bytes(length),
    ...{ sender: book.sender, recipients: book.recipients },
  });
  const recipients = distinctMailboxes(given.flatMap(({ forwardPath }) => book.recipients(forwardPath)));
  const outgoing = {
    ...{ reversePath, recipients, content },
    ...(notify === undefined ? {} : { notify }),
    ...(ret === undefined ? {} : { ret }),
    ...(envelopeId === undefined ? {} : { envelopeId }),
    ...(config.standIn === undefined ? {} : { standIn: config.standIn }),
  };
  return { outgoing, id: messageIdField };
}

/** Undefined: it is in the queue. What some have must not be sent to them again: that is no 4yz. */
function answerOf(verdict: SendResult | undefined, id: string): PipedAnswer {
  const [first] = verdict?.left ?? [];
  if (verdict === undefined || first === undefined) return { type: 'accepted', id };
  const { left, accepted, code, message } = verdict;
  if (accepted === 0) return refusedWith(code, [message]);
  const lasting = left.find(({ again }) => again === 'no') ?? first;
  return refusedWith(lasting.code === EX.TEMPFAIL ? EX.UNAVAILABLE : lasting.code, [
    `sent, but not to all: ${message}`,
    ...left.slice(0, TOLD_MAX).map(({ forwardPath, problem }) => `${forwardPath}: ${problem}`),
    ...(left.length > TOLD_MAX ? [`and ${left.length - TOLD_MAX} more`] : []),
  ]);
}

function refusedWith(exit: SysExit, lines: readonly string[]): PipedAnswer {
  const reply = replyOf(exit, lines);
  return { type: 'refused', refusal: { name: 'cannotAcceptNow', cause: lines.join('; '), reply } };
}

/** A greeting has no enhanced status (RFC 2034), and puts off by 421. */
function greetingOf({ code, message }: SendFailure): Reply {
  const { lines, ...reply } = replyOf(code, [message]);
  return { code: reply.code < 500 ? 421 : 554, lines };
}

function replyOf(exit: SysExit, lines: readonly string[]): Reply {
  const [code, status] = replies[exit];
  return { code, status, lines: lines.map((line) => line.replaceAll(/\s+/g, ' ').slice(0, LINE_MAX)) };
}
