// `submit` and `openSubmission`: messages over one connection to the best submission server. The connection is opened when it is first needed
// and again when the server has closed it between two messages; what a server may have accepted is never sent twice.

import { isOfConnection } from '../policy/pace.ts';
import { isForNextTransaction, whoGoesAgain, withVerdict } from '../protocol/delivery/portion.ts';
import type { Envelope } from '../protocol/envelope.ts';
import { connectBest, type Connected } from './connect.ts';
import { abortable } from './abort.ts';
import type { Connection } from './connection.ts';
import { type EnvelopeInput, readEnvelope } from './envelope.ts';
import { aborted, badInput, SubmissionError } from './errors.ts';
import { errorOf } from './failures.ts';
import { type Content, type MessageInput, readMessage } from './message.ts';
import { readOptions, type SubmissionOptions } from './options.ts';
import { nothingHappened } from './outcome.ts';
import type { PendingMessage, SendOutcome } from './pending-message.ts';
import { type Known, resultOf, type SubmissionResult } from './result.ts';
import type { Attempt, Candidate } from './server.ts';

export interface ServerFacts {
  readonly candidate: Candidate;
  /** The login that was accepted; undefined: none was given. */
  readonly login: string | undefined;
  /** e.g. `TLSv1.3` */
  readonly tlsVersion: string;
  readonly cipher: string;
  /** EHLO keywords of the server, upper case, with their arguments. */
  readonly capabilities: ReadonlyMap<string, string>;
  /** The servers that were tried, in order; the last one is in use. */
  readonly attempts: readonly Attempt[];
}

export interface Submission extends AsyncDisposable {
  readonly server: ServerFacts;
  /**
   * Calls need not wait for each other: messages follow one another on the connection without a pause. Rejects with `SubmissionError`.
   */
  submit(
    message: MessageInput,
    envelope: EnvelopeInput,
    options?: { readonly signal?: AbortSignal },
  ): Promise<SubmissionResult>;
  /** Waits for what is under way, then says goodbye. */
  close(): Promise<void>;
}

/**
 * Submits one message: finds the server, secures the connection, authenticates, sends, says goodbye. Without `host` and `address` the server is
 * that of the reverse-path. Rejects with `SubmissionError` if no recipient was accepted.
 */
export async function submit(
  message: MessageInput,
  envelope: EnvelopeInput,
  options: SubmissionOptions,
): Promise<SubmissionResult> {
  // The envelope is judged before any connection is made.
  const { reversePath } = readEnvelope(envelope);
  const address = options.address ?? (reversePath === '' ? undefined : reversePath);
  const submission = await openSubmission({ ...options, ...(address === undefined ? {} : { address }) });
  try {
    return await submission.submit(message, envelope, options);
  } finally {
    await submission.close();
  }
}

/** Connects and authenticates; rejects with `SubmissionError`. */
export async function openSubmission(options: SubmissionOptions): Promise<Submission> {
  const settings = readOptions(options);
  const { signal } = options;
  const isAborted = (): boolean => signal?.aborted === true;
  if (isAborted()) throw aborted(false);
  try {
    // A later connection also serves other callers, so the signal of this one must not end it.
    return new OpenSubmission(() => connectBest(settings, undefined), await connectBest(settings, signal));
  } catch (error) {
    throw isAborted() ? aborted(false) : error;
  }
}

interface Waiting extends PendingMessage {
  retried: boolean;
  /** Messages after which the connection before was used up. */
  suspect?: number;
  fail(error: unknown): void;
}

class OpenSubmission implements Submission {
  readonly #connect: () => Promise<Connected>;
  readonly #queue: Waiting[] = [];
  #connected: Connected;
  /** Messages that the server takes over one connection, as far as is known. */
  #messagesMax = Infinity;
  #reconnecting = false;
  #open = 0;
  #closing = false;
  #settled: (() => void)[] = [];

  constructor(connect: () => Promise<Connected>, connected: Connected) {
    this.#connect = connect;
    this.#connected = connected;
    this.#adopt(connected);
  }

  get server(): ServerFacts {
    const { connection, candidate, attempts } = this.#connected;
    const { user, capabilities } = connection.session;
    return {
      ...{ candidate, attempts, capabilities, login: user },
      tlsVersion: connection.tls?.version ?? '',
      cipher: connection.tls?.cipher ?? '',
    };
  }

  async submit(
    message: MessageInput,
    envelope: EnvelopeInput,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<SubmissionResult> {
    if (this.#closing) throw badInput('the submission is closed', 'Open another one.');
    const read = readEnvelope(envelope);
    this.#open += 1;
    try {
      const content = await abortable(readMessage(message), signal).catch((error: unknown) => {
        throw signal?.aborted === true ? aborted(false) : error;
      });
      return await this.#submitRead(content, read, signal);
    } finally {
      this.#open -= 1;
      if (this.#open === 0) for (const settled of this.#settled.splice(0)) settled();
    }
  }

  /** In as many transactions as the server's limit on recipients asks for (C-ORD-12, RFC 9422). */
  async #submitRead(
    content: Content,
    envelope: Envelope,
    signal: AbortSignal | undefined,
  ): Promise<SubmissionResult> {
    const known: Known = new Map();
    let left = envelope.recipients;
    try {
      while (left.length > 0) {
        const { results, replyLost } = await this.#carry(content, { ...envelope, recipients: left }, signal);
        const told = replyLost ? results : withVerdict(results);
        left.forEach((recipient, at) => {
          const result = told[at];
          if (result === undefined) return;
          known.set(recipient, { result, replyLost: replyLost && !isForNextTransaction(result) });
        });
        if (replyLost || !mayRepeat(content)) break;
        left = whoGoesAgain(results).flatMap((at) => left[at] ?? []);
      }
    } catch (error) {
      // Recipients accepted by now are reported, whatever became of the others.
      if (![...known.values()].some(({ result }) => result.type === 'accepted')) throw error;
    } finally {
      if (content.type === 'stream') await content.dispose();
    }
    return resultOf(envelope, known);
  }

  #carry(content: Content, envelope: Envelope, signal: AbortSignal | undefined): Promise<SendOutcome> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        const queued = this.#queue.indexOf(pending);
        if (queued >= 0) this.#queue.splice(queued, 1);
        settle(reject, aborted(this.#connected.connection.cancel(pending)));
      };
      function settle<T>(how: (value: T) => void, value: T): void {
        signal?.removeEventListener('abort', abort);
        how(value);
      }
      const pending: Waiting = {
        ...{ content, envelope, cancelled: false, retried: false },
        done: (outcome) => {
          if (pending.cancelled) return;
          if (pending.contentError !== undefined) settle(reject, unreadable(pending.contentError));
          else if (this.#mayGoAgain(pending, outcome)) this.#queue.unshift(pending);
          else settle(resolve, outcome);
        },
        fail: (error) => settle(reject, error),
      };
      if (signal?.aborted === true) return abort();
      signal?.addEventListener('abort', abort, { once: true });
      this.#queue.push(pending);
      this.#pump();
    });
  }

  /**
   * True: the server had closed the idle connection, or it limits the messages of a connection and said so to MAIL or DATA of this one. The message
   * goes first over the next connection, so that each connection settles at least one message.
   */
  #mayGoAgain(pending: Waiting, outcome: SendOutcome): boolean {
    const canSend = pending.content.type === 'whole' || pending.content.canOpen();
    const { results, replyLost, messagesBefore } = outcome;
    const isAccepted = results.some(({ type }) => type === 'accepted');
    if (isAccepted && pending.suspect !== undefined) this.#learn(pending.suspect);
    const isRefused = results.some((result) => result.type === 'refused' && isOfConnection(result));
    if (canSend && isRefused && messagesBefore > 0 && !replyLost && !isAccepted) {
      pending.suspect = messagesBefore;
      return true;
    }
    if (!outcome.reused || pending.retried || !canSend || !nothingHappened(outcome)) return false;
    pending.retried = true;
    return true;
  }

  #learn(messages: number): void {
    this.#messagesMax = Math.min(this.#messagesMax, messages);
    this.#connected.connection.messagesMax = this.#messagesMax;
  }

  #adopt(connected: Connected): void {
    this.#connected = connected;
    connected.connection.messagesMax = this.#messagesMax;
    connected.connection.changed = () => this.#pump();
  }

  #pump(): void {
    const { connection } = this.#connected;
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      if (!connection.usable) return void this.#reconnect(connection);
      if (!connection.canTake(first.content)) return;
      this.#queue.shift();
      connection.begin(first);
    }
  }

  async #reconnect(old: Connection): Promise<void> {
    // Results for the old connection are given before anything new begins.
    if (this.#reconnecting || !old.idle) return;
    this.#reconnecting = true;
    try {
      const connected = await this.#connect();
      this.#adopt(connected);
      if (this.#closing && this.#open === 0) connected.connection.quit();
      const { failure } = connected.connection;
      if (failure !== undefined) throw errorOf(connected.candidate, failure);
    } catch (error) {
      for (const pending of this.#queue.splice(0)) pending.fail(error);
    } finally {
      this.#reconnecting = false;
    }
    this.#pump();
  }

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#open > 0) await new Promise<void>((resolve) => this.#settled.push(resolve));
    this.#connected.connection.quit();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** A stream is read once, unless the caller gave a function that makes it. */
function mayRepeat(content: Content): boolean {
  return content.type === 'whole' || content.isRepeatable;
}

function unreadable(cause: unknown): SubmissionError {
  if (cause instanceof SubmissionError) return cause;
  const because = cause instanceof Error ? cause.message : String(cause);
  return new SubmissionError('badInput', `the message could not be sent whole: ${because}`, {
    retry: 'never',
    nextStep: 'Nothing of it was accepted. Mend what reads the message, then send it again.',
  });
}
