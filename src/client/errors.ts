// What can go wrong with a submission, as one typed error: what it was, whether to try again, what the server said, what to do next.

import type { RemoteReply } from '../protocol/delivery/reply-reader.ts';
import type { Attempt } from './server.ts';

/**
 * - `badInput`: an address, a parameter, the message or an option is not well-formed; nothing was sent.
 * - `noServer`: no submission server is known for the address, or its domain says that it has none.
 * - `confirmationNeeded`: the server that was found lies outside the domain of the address, and nobody confirmed it (RFC 6186 section 6).
 * - `unreachable`: no candidate could be reached.
 * - `certificate`: the server's certificate is not valid for its name; no credentials were sent.
 * - `tls`: no secure session came about for another reason.
 * - `authentication`: login or password were refused.
 * - `unavailable`: the server takes no mail from us now.
 * - `notSupported`: the message needs an extension that the server has not, or is larger than it takes.
 * - `refused`: the server refused the reverse-path, every recipient, or the message.
 * - `interrupted`: the connection broke before the message was sent whole: nothing was accepted.
 * - `outcomeUnknown`: the connection broke after the message was sent: it may have been accepted.
 * - `aborted`: the caller's signal ended it.
 */
export type ErrorKind =
  | 'badInput'
  | 'noServer'
  | 'confirmationNeeded'
  | 'unreachable'
  | 'certificate'
  | 'tls'
  | 'authentication'
  | 'unavailable'
  | 'notSupported'
  | 'refused'
  | 'interrupted'
  | 'outcomeUnknown'
  | 'aborted';

/** `never`: not as it is. `later`: the same again after a while. `otherServer`: another server may do. */
export type Retry = 'never' | 'later' | 'otherServer';

export interface ServerReply {
  /** e.g. 550 */
  readonly code: number;
  /** `class.subject.detail` (RFC 3463), e.g. `5.7.1`; made of the code where the server gave none. */
  readonly enhancedStatus: string;
  /** One line, printable ASCII, at most 1,000 characters. */
  readonly text: string;
}

export function serverReply({ code, status, text }: RemoteReply): ServerReply {
  return { code, enhancedStatus: status, text };
}

/** What became of one recipient. */
export type RecipientOutcome =
  | { readonly type: 'accepted'; readonly forwardPath: string; readonly reply: ServerReply }
  | {
      readonly type: 'refused';
      readonly forwardPath: string;
      readonly retry: Retry;
      /** In words; the server's, if it said anything. */
      readonly problem: string;
      readonly reply?: ServerReply;
    }
  /** All was sent and no answer came: it may be accepted. To send it again may double it. */
  | { readonly type: 'unknown'; readonly forwardPath: string; readonly problem: string };

interface Details {
  readonly retry: Retry;
  readonly nextStep: string;
  readonly reply?: ServerReply;
  readonly recipients?: readonly RecipientOutcome[];
  readonly attempts?: readonly Attempt[];
}

export class SubmissionError extends Error {
  override readonly name = 'SubmissionError';
  readonly kind: ErrorKind;
  readonly retry: Retry;
  /** What to do about it, in words. */
  readonly nextStep: string;
  readonly reply: ServerReply | undefined;
  /** Each recipient's own answer, where there was one. */
  readonly recipients: readonly RecipientOutcome[];
  /** The servers that were tried, in order. */
  readonly attempts: readonly Attempt[];

  constructor(kind: ErrorKind, message: string, details: Details) {
    super(message);
    this.kind = kind;
    this.retry = details.retry;
    this.nextStep = details.nextStep;
    this.reply = details.reply;
    this.recipients = details.recipients ?? [];
    this.attempts = details.attempts ?? [];
  }

  get enhancedStatus(): string | undefined {
    return this.reply?.enhancedStatus;
  }
}

/** The same error with the servers that were tried before it came up. */
export function withAttempts(error: SubmissionError, attempts: readonly Attempt[]): SubmissionError {
  const { kind, message, retry, nextStep, reply, recipients } = error;
  return new SubmissionError(kind, message, {
    ...{ retry, nextStep, recipients, attempts },
    ...(reply === undefined ? {} : { reply }),
  });
}

export function badInput(message: string, nextStep: string): SubmissionError {
  return new SubmissionError('badInput', message, { retry: 'never', nextStep });
}

export function aborted(mayBeAccepted: boolean): SubmissionError {
  return mayBeAccepted
    ? new SubmissionError('aborted', 'aborted after the message was sent: it may have been accepted', {
        retry: 'never',
        nextStep: 'Find out whether it arrived before you send it again, and keep its Message-ID.',
      })
    : new SubmissionError('aborted', 'aborted before the message was sent whole: it was not accepted', {
        retry: 'later',
        nextStep: 'Send it again when you want to.',
      });
}
