// One connection, spoken over step by step: a command, its answer, never longer than the budget, never more octets than a server needs.
// Replies are read by the machine that the relay uses; whatever breaks its rules ends the conversation with a clear answer.

import { latin1 } from '../base/bytes.ts';
import { type Capabilities, parseCapabilities } from '../protocol/delivery/commands.ts';
import { type RemoteReply, ReplyReader } from '../protocol/delivery/reply-reader.ts';
import type { Clock } from '../platform/platform.ts';
import type { Handshake, ProbeLine, ProbeTls } from '../platform/probe-wire.ts';
import type { Answer } from './answer.ts';
import type { Budget } from './budget.ts';
import type { TranscriptWriter } from './transcript.ts';

/** All that a server may say on one connection. */
const OCTETS_MAX = 128 * 1024;

export interface Hello {
  readonly reply: RemoteReply;
  readonly capabilities: Capabilities;
}

export interface Conversation {
  /** The next answer that comes by itself: a greeting, or what must not come. */
  next(waitMs?: number): Promise<Answer>;
  /** `shown` stands in the transcript in place of what holds a secret. */
  say(line: string, shown?: string): Promise<Answer>;
  /** Octets as they are (one character each), no answer awaited. */
  raw(octets: string, shown?: string): void;
  /** EHLO; a string: why there is no list. */
  hello(): Promise<Hello | string>;
  /** Starts TLS after the 220 of STARTTLS, or at once for implicit TLS. */
  secure(tls: ProbeTls): Promise<Handshake>;
  /** Octets in clear arrived after the reply to STARTTLS. */
  readonly saidTooMuch: boolean;
  readonly isOver: boolean;
  /** Since the begin of the run, ms. */
  readonly elapsed: number;
  note(text: string): void;
  quit(): Promise<void>;
  drop(): void;
}

export interface ConversationTools {
  readonly clock: Clock;
  readonly budget: Budget;
  readonly transcript: TranscriptWriter;
  readonly stepMs: number;
  readonly ehloName: string;
}

export function createConversation(line: ProbeLine, tools: ConversationTools): Conversation {
  return new RunningConversation(line, tools);
}

class RunningConversation implements Conversation {
  readonly #line: ProbeLine;
  readonly #tools: ConversationTools;
  readonly #answers: Answer[] = [];
  #reader = new ReplyReader();
  #waiting: ((answer: Answer) => void) | undefined;
  #end: Answer | undefined;
  #octets = 0;
  #saidTooMuch = false;

  constructor(line: ProbeLine, tools: ConversationTools) {
    this.#line = line;
    this.#tools = tools;
    this.#listen();
  }

  get saidTooMuch(): boolean {
    return this.#saidTooMuch;
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  get elapsed(): number {
    return this.#tools.budget.elapsed;
  }

  next(waitMs = this.#tools.stepMs): Promise<Answer> {
    const held = this.#answers.shift() ?? this.#end;
    if (held !== undefined) return Promise.resolve(held);
    const { clock, budget } = this.#tools;
    return new Promise((resolve) => {
      const cancel = clock.after(budget.step(waitMs), () => {
        this.#waiting = undefined;
        resolve({ type: 'silent' });
      });
      this.#waiting = (answer) => {
        cancel();
        resolve(answer);
      };
    });
  }

  async say(line: string, shown = line): Promise<Answer> {
    // A reply that stands here already answers no question.
    const early = this.#answers.shift();
    if (early !== undefined && early.type === 'reply') {
      this.#finish({ type: 'garbage', because: `a reply out of turn: ${early.reply.text}` });
      return this.#end ?? early;
    }
    this.raw(`${line}\r\n`, shown);
    const answer = early ?? (await this.next());
    // A late reply would be taken for that of the next command.
    if (answer.type === 'silent') this.#finish(answer);
    return answer;
  }

  raw(octets: string, shown = octets): void {
    this.#tools.transcript.add('client', shown);
    this.#line.write(latin1(octets));
  }

  async hello(): Promise<Hello | string> {
    const answer = await this.say(`EHLO ${this.#tools.ehloName}`);
    if (answer.type !== 'reply') return textOf(answer);
    if (answer.reply.code !== 250) return answer.reply.text;
    return { reply: answer.reply, capabilities: parseCapabilities(answer.reply.lines) };
  }

  async secure(tls: ProbeTls): Promise<Handshake> {
    const { budget, stepMs } = this.#tools;
    this.#saidTooMuch = this.#answers.length > 0 || this.#reader.pending;
    this.#answers.length = 0;
    this.#reader = new ReplyReader();
    const told = await this.#line.startTls(tls, budget.step(stepMs));
    if (told.type === 'secured') {
      this.note(`TLS: ${told.version} ${told.cipher} ${told.problem ?? 'verified'}`);
      this.#listen();
    } else this.#finish({ type: 'garbage', because: `TLS failed: ${told.detail}` });
    return told;
  }

  note(text: string): void {
    this.#tools.transcript.add('note', text);
  }

  async quit(): Promise<void> {
    if (this.#end === undefined) await this.say('QUIT');
    this.drop();
  }

  drop(): void {
    this.#end ??= { type: 'closed', because: 'closed by us' };
    this.#line.destroy();
  }

  #listen(): void {
    this.#line.listen({
      bytes: (bytes) => this.#received(bytes),
      closed: (because) => this.#finish({ type: 'closed', because }),
    });
  }

  #received(bytes: Uint8Array): void {
    if (this.#end !== undefined) return;
    this.#octets += bytes.length;
    const { replies, broken } = this.#reader.push(bytes);
    for (const reply of replies.slice(0, 1000)) this.#arrive({ type: 'reply', reply });
    if (broken !== undefined) this.#finish({ type: 'garbage', because: `${broken}: ${beginOf(bytes)}` });
    else if (this.#octets > OCTETS_MAX)
      this.#finish({ type: 'garbage', because: 'the server speaks without end' });
  }

  #arrive(answer: Answer): void {
    this.#tools.transcript.add(answer.type === 'reply' ? 'server' : 'note', textOf(answer));
    const waiter = this.#waiting;
    this.#waiting = undefined;
    if (waiter === undefined) this.#answers.push(answer);
    else waiter(answer);
  }

  #finish(answer: Answer): void {
    if (this.#end !== undefined) return;
    this.#end = answer;
    this.#line.destroy();
    this.#arrive(answer);
  }
}

function textOf(answer: Answer): string {
  if (answer.type === 'reply') return `${answer.reply.code} ${answer.reply.lines.join(' | ')}`;
  return answer.type === 'silent' ? 'no reply in time' : answer.because;
}

function beginOf(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes.subarray(0, 40)).toString('latin1'));
}
