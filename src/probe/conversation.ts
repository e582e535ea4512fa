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
  const { clock, budget, transcript, stepMs } = tools;
  const answers: Answer[] = [];
  let reader = new ReplyReader();
  let waiting: ((answer: Answer) => void) | undefined;
  let end: Answer | undefined;
  let octets = 0;
  let saidTooMuch = false;

  function arrive(answer: Answer): void {
    transcript.add(answer.type === 'reply' ? 'server' : 'note', textOf(answer));
    const waiter = waiting;
    waiting = undefined;
    if (waiter === undefined) answers.push(answer);
    else waiter(answer);
  }
  function finish(answer: Answer): void {
    if (end !== undefined) return;
    end = answer;
    line.destroy();
    arrive(answer);
  }
  const events = {
    bytes(bytes: Uint8Array): void {
      if (end !== undefined) return;
      octets += bytes.length;
      const { replies, broken } = reader.push(bytes);
      for (const reply of replies.slice(0, 1000)) arrive({ type: 'reply', reply });
      if (broken !== undefined) finish({ type: 'garbage', because: `${broken}: ${beginOf(bytes)}` });
      else if (octets > OCTETS_MAX) finish({ type: 'garbage', because: 'the server speaks without end' });
    },
    closed: (because: string): void => finish({ type: 'closed', because }),
  };
  line.listen(events);

  function next(waitMs = stepMs): Promise<Answer> {
    const held = answers.shift();
    if (held !== undefined) return Promise.resolve(held);
    if (end !== undefined) return Promise.resolve(end);
    return new Promise((resolve) => {
      const cancel = clock.after(budget.step(waitMs), () => {
        waiting = undefined;
        resolve({ type: 'silent' });
      });
      waiting = (answer) => {
        cancel();
        resolve(answer);
      };
    });
  }

  const conversation: Conversation = {
    next,
    async say(text, shown = text) {
      // A reply that stands here already answers no question.
      const early = answers.shift();
      if (early !== undefined && early.type === 'reply') {
        finish({ type: 'garbage', because: `a reply out of turn: ${early.reply.text}` });
        return end ?? early;
      }
      conversation.raw(`${text}\r\n`, shown);
      const answer = early ?? (await next());
      // A late reply would be taken for that of the next command.
      if (answer.type === 'silent') finish(answer);
      return answer;
    },
    raw(text, shown = text) {
      transcript.add('client', shown);
      line.write(latin1(text));
    },
    async hello() {
      const answer = await conversation.say(`EHLO ${tools.ehloName}`);
      if (answer.type !== 'reply') return textOf(answer);
      if (answer.reply.code !== 250) return answer.reply.text;
      return { reply: answer.reply, capabilities: parseCapabilities(answer.reply.lines) };
    },
    async secure(tls) {
      saidTooMuch = answers.length > 0 || reader.pending;
      answers.length = 0;
      reader = new ReplyReader();
      const told = await line.startTls(tls, budget.step(stepMs));
      if (told.type === 'secured') {
        transcript.add('note', `TLS: ${told.version} ${told.cipher} ${told.problem ?? 'verified'}`);
        line.listen(events);
      } else finish({ type: 'garbage', because: `TLS failed: ${told.detail}` });
      return told;
    },
    get saidTooMuch() {
      return saidTooMuch;
    },
    get isOver() {
      return end !== undefined;
    },
    get elapsed() {
      return budget.elapsed;
    },
    note: (text) => transcript.add('note', text),
    async quit() {
      if (end === undefined) await conversation.say('QUIT');
      conversation.drop();
    },
    drop() {
      end ??= { type: 'closed', because: 'closed by us' };
      line.destroy();
    },
  };
  return conversation;
}

function textOf(answer: Answer): string {
  if (answer.type === 'reply') return `${answer.reply.code} ${answer.reply.lines.join(' | ')}`;
  return answer.type === 'silent' ? 'no reply in time' : answer.because;
}

function beginOf(bytes: Uint8Array): string {
  return JSON.stringify(Buffer.from(bytes.subarray(0, 40)).toString('latin1'));
}
