// From what the delivery machine reports to what the caller gets: an outcome for each recipient, or one error if nobody will get the message.

import type { RecipientResult } from '../protocol/delivery/ports.ts';
import { isForNextTransaction } from '../protocol/delivery/portion.ts';
import { isOfAddress } from '../protocol/delivery/results.ts';
import type { EnvelopeRecipient } from '../protocol/envelope.ts';
import { type RecipientOutcome, type Retry, serverReply, SubmissionError } from './errors.ts';
import type { SendOutcome } from './pending-message.ts';

/** The server did not decide about the message: another connection may carry it. */
export function nothingHappened({ results, replyLost }: SendOutcome): boolean {
  const asked = results.filter((result) => !isOfAddress(result));
  return (
    !replyLost &&
    asked.length > 0 &&
    asked.every((result) =>
      result.type === 'undecided'
        ? !result.permanent
        : result.type === 'refused' && result.reply.code === 421,
    )
  );
}

export function outcomeOf(
  { forwardPath }: EnvelopeRecipient,
  result: RecipientResult,
  replyLost: boolean,
): RecipientOutcome {
  switch (result.type) {
    case 'accepted':
      return { type: 'accepted', forwardPath, reply: serverReply(result.reply) };
    case 'refused': {
      const reply = serverReply(result.reply);
      return { type: 'refused', forwardPath, retry: retryOf(result), problem: reply.text, reply };
    }
    case 'undecided':
      if (replyLost) return { type: 'unknown', forwardPath, problem: result.diagnostic };
      return {
        ...{ type: 'refused', forwardPath, problem: result.diagnostic },
        retry: result.permanent ? 'otherServer' : 'later',
      };
  }
}

/** 552 on RCPT was meant as 452 (RFC 5321 section 4.5.3.1.10). */
function retryOf(result: Extract<RecipientResult, { type: 'refused' }>): Retry {
  return result.permanent && !isForNextTransaction(result) ? 'never' : 'later';
}

/** Nobody will get it: why, as one error. */
export function failureOf(
  results: readonly RecipientResult[],
  recipients: readonly RecipientOutcome[],
): SubmissionError {
  if (recipients.some(({ type }) => type === 'unknown'))
    return new SubmissionError(
      'outcomeUnknown',
      'the connection broke after the message was sent: it may have been accepted',
      {
        retry: 'never',
        nextStep: 'Find out whether it arrived before you send it again, and keep its Message-ID.',
        recipients,
      },
    );
  const refused = results.find((result) => result.type === 'refused');
  if (refused === undefined) return undecided(results, recipients);
  const some = recipients.some((recipient) => recipient.type === 'refused' && recipient.retry !== 'never');
  return new SubmissionError('refused', refusalText(refused, recipients.length), {
    retry: some ? 'later' : 'never',
    nextStep: nextStepOf(refused),
    reply: serverReply(refused.reply),
    recipients,
  });
}

function undecided(
  results: readonly RecipientResult[],
  recipients: readonly RecipientOutcome[],
): SubmissionError {
  const unfit = results.find((result) => result.type === 'undecided' && result.permanent);
  if (unfit?.type === 'undecided')
    return new SubmissionError('notSupported', unfit.diagnostic.replace('the next hop', 'the server'), {
      retry: 'otherServer',
      nextStep: 'Change the message so that it does without, or use a server that can.',
      recipients,
    });
  const [first] = results;
  const because = first?.type === 'undecided' ? first.diagnostic : 'no answer';
  return new SubmissionError('interrupted', `the message was not accepted: ${because}`, {
    retry: 'later',
    nextStep:
      'Send it again; if it stays so, the network or the server has trouble with messages like this one.',
    recipients,
  });
}

type Refused = Extract<RecipientResult, { type: 'refused' }>;

function refusalText({ command, reply }: Refused, recipients: number): string {
  const what = {
    MAIL: 'the server refused the reverse-path',
    RCPT: recipients > 1 ? 'the server refused every recipient' : 'the server refused the recipient',
    DATA: 'the server refused the message',
    content: 'the server refused the message',
  }[command];
  return `${what}: ${reply.text}`;
}

function nextStepOf({ command, reply, permanent }: Refused): string {
  if (!permanent) return 'Try again later; the server only put it off.';
  if (reply.status.startsWith('5.7.'))
    return 'The login may not send this: use an address that belongs to it, or ask the operator for the right.';
  if (command === 'RCPT') return 'Check the addresses of the recipients.';
  return command === 'MAIL'
    ? 'Check the reverse-path: it must be an address of this login.'
    : 'Change the message as the server’s answer says; the same will be refused again.';
}
