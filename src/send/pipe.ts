// SMTP over a pair of pipes, as programs speak it to `sendmail -bs`: the session machine of the server, fed from standard input. Who is at the other
// end was known before the first octet. One message is under way at a time: what is read meanwhile waits in the pipe.

import { concat, CR, indexOfBytes, LF } from '../base/bytes.ts';
import { LineEndings } from '../client/line-endings.ts';
import { createAlarm } from '../platform/alarm.ts';
import type { Clock } from '../platform/platform.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { Refusal } from '../protocol/refusal.ts';
import type {
  ServerSession,
  SessionInput,
  SessionOutput,
  SessionSettings,
} from '../protocol/session/ports.ts';
import { createServerSession } from '../protocol/session/session.ts';

const HOUR_MS = 3_600_000;
const ERRORS_MAX = 100;
const FIRST_LINE_OCTETS_MAX = 4096;

export interface PipedMessage {
  readonly envelope: Envelope;
  readonly content: Uint8Array;
}

export type PipedAnswer =
  | { readonly type: 'accepted'; readonly id: string }
  | { readonly type: 'refused'; readonly refusal: Refusal };

export interface PipeOptions {
  readonly input: AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): void;
  readonly clock: Clock;
  readonly hostname: string;
  readonly messageOctetsMax: number;
  readonly recipientsMax: number;
  handIn(message: PipedMessage): Promise<PipedAnswer>;
}

/** Of the session: `cutOff` means that the pipe ended, or nothing came for an hour, after MAIL and before the end of the message. */
export type PipeEnd = 'ended' | 'cutOff';

/** Resolves when the program has said QUIT, or closed its end. */
export async function speakOverPipe(options: PipeOptions): Promise<PipeEnd> {
  const { clock } = options;
  const { session, outputs } = createServerSession(settingsOf(options), clock.monotonic());
  let rung = Promise.withResolvers<SessionInput>();
  const alarm = createAlarm(clock, () => rung.resolve({ type: 'timeout' }));
  const transaction = new PipedTransaction(session, options);
  const input = withCrlf(options.input);
  await transaction.perform(outputs);
  let read: Promise<SessionInput> | undefined;
  let end: PipeEnd = 'ended';
  while (!session.closed) {
    read ??= readFrom(input);
    alarm.set(session.deadline);
    const heard = await Promise.race([read, rung.promise]);
    if (heard.type === 'timeout') rung = Promise.withResolvers<SessionInput>();
    else read = undefined;
    const isCut = heard.type !== 'bytes' && transaction.isUnderWay;
    await transaction.feed(heard);
    if (isCut && session.closed) end = 'cutOff';
  }
  alarm.end();
  return end;
}

/** A pipe that breaks has ended. */
async function readFrom(input: AsyncGenerator<Uint8Array, void>): Promise<SessionInput> {
  const read = await input.next().catch(() => undefined);
  return read === undefined || read.done === true ? { type: 'closed' } : { type: 'bytes', bytes: read.value };
}

function settingsOf({ hostname, messageOctetsMax, recipientsMax }: PipeOptions): SessionSettings {
  return {
    ...{ role: 'local', noDsn: true, hostname, tls: 'none', mechanisms: [], messageOctetsMax, recipientsMax },
    // Made fit for mail afterwards, where that is possible.
    longLines: 'pass',
    // A worker keeps its mailer open between messages. What is under way has limits of its own.
    timeouts: { beforeAuthMs: HOUR_MS, loginMs: HOUR_MS, idleMs: HOUR_MS, replyMs: Infinity },
    errorsMax: { beforeAuth: ERRORS_MAX, afterAuth: ERRORS_MAX },
    authFailuresMax: 1,
  };
}

/** Carries out what the session says, and answers what it asks. */
class PipedTransaction {
  readonly #session: ServerSession;
  readonly #options: PipeOptions;
  #isUnderWay = false;
  #message: { readonly envelope: Envelope; readonly parts: Uint8Array[] } | undefined;

  constructor(session: ServerSession, options: PipeOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** A sender was taken, and nothing has become of it yet. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  async feed(input: SessionInput): Promise<void> {
    await this.perform(this.#session.receive(input, this.#options.clock.monotonic()));
  }

  async perform(outputs: readonly SessionOutput[]): Promise<void> {
    for (const output of outputs) {
      const answer = await this.#carryOut(output);
      if (answer !== undefined) await this.feed(answer);
    }
  }

  async #carryOut(output: SessionOutput): Promise<SessionInput | undefined> {
    switch (output.type) {
      case 'send':
        this.#options.write(output.bytes);
        return undefined;
      case 'mail':
        this.#isUnderWay = true;
        return { type: 'verdict', question: output.question, verdict: { type: 'accepted' } };
      case 'recipient':
        return { type: 'verdict', question: output.question, verdict: { type: 'accepted' } };
      case 'abort':
        this.#isUnderWay = false;
        this.#message = undefined;
        return undefined;
      case 'messageStart':
        this.#message = { envelope: output.envelope, parts: [] };
        return undefined;
      case 'messageBytes':
        this.#message?.parts.push(output.bytes);
        return undefined;
      case 'accept':
        return { type: 'acceptance', question: output.question, answer: await this.#accept() };
      case 'authenticate':
      case 'tlsBinding':
      case 'loggedIn':
      case 'startTls':
      case 'pause':
      case 'resume':
      case 'unanswered':
      case 'refused':
      case 'close':
        return undefined;
    }
  }

  #accept(): Promise<PipedAnswer> {
    if (this.#message === undefined) throw new Error('a message has ended that did not start');
    const { envelope, parts } = this.#message;
    this.#isUnderWay = false;
    this.#message = undefined;
    return this.#options.handIn({ envelope, content: concat(parts) });
  }
}

/** As its first line ends, so do all lines of a program: one that writes LF alone, as to a real sendmail, means CRLF by it. */
async function* withCrlf(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let first: Uint8Array = new Uint8Array(0);
  let endings: LineEndings | 'theirs' | undefined;
  for await (const part of input) {
    if (endings !== undefined) {
      yield endings === 'theirs' ? part : endings.push(part);
      continue;
    }
    first = concat([first, part]);
    const end = indexOfBytes(first, Uint8Array.of(LF));
    if (end < 0 && first.length < FIRST_LINE_OCTETS_MAX) continue;
    endings = end < 0 || first[end - 1] === CR ? 'theirs' : new LineEndings();
    yield endings === 'theirs' ? first : endings.push(first);
  }
  if (endings === undefined && first.length > 0) yield first;
}
