// A line between two threads: questions with answers, and notices without. Answers and notices of one turn of the event loop travel as
// one message; questions wait until this thread has done what lies before it. So a busy front wakes the store less often, and the store
// commits more at once: waking another thread costs more than most of what it is woken for. A question that can wait goes with the
// next that can't.

import type { MessagePort } from 'node:worker_threads';
import { createPlaces } from '../base/places.ts';
import { whenIdle } from './idle.ts';

/** The longest time for which a busy thread keeps questions back. */
const LONGEST_GATHERING_MS = 3;
/** This many urgent questions go at once: the other thread begins while this one is still busy, instead of the two taking turns. */
const GATHERED_MAX = 8;

interface Packet {
  readonly asks: readonly (readonly [number, unknown])[];
  readonly answers: readonly (readonly [number, unknown, FailureNote | undefined])[];
  readonly notices: readonly unknown[];
}

interface FailureNote {
  readonly name: string;
  readonly message: string;
}

/** What the other thread threw; `name` is the name of its error class. */
export class RemoteFailure extends Error {
  constructor(note: FailureNote) {
    super(note.message);
    this.name = note.name;
  }
}

/** The other end is gone: nothing is known about questions that were open. */
export class LineClosed extends Error {
  override readonly name = 'LineClosed';
}

export interface LineHandlers {
  /** Answers a question of the other side; a rejection travels back as `RemoteFailure`. */
  answer?(question: unknown): Promise<unknown> | unknown;
  notice?(notice: unknown): void;
}

export interface Line {
  /** `patienceMs`: how long the question may wait for company on its way; the longest of those that wait together. */
  ask(question: unknown, patienceMs?: number): Promise<unknown>;
  tell(notice: unknown): void;
  /** Closes this end; open questions of this side are rejected with `LineClosed`. */
  close(): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export function openLine(port: MessagePort, handlers: LineHandlers): Line {
  /** By the numbers of their questions. */
  const waiting = createPlaces<Waiting>();
  let asks: [number, unknown][] = [];
  let answers: [number, unknown, FailureNote | undefined][] = [];
  let notices: unknown[] = [];
  let scheduled = false;
  let gathering = false;
  let urgent = 0;
  let patience: NodeJS.Timeout | undefined;
  let closed = false;

  function flush(): void {
    scheduled = false;
    if (closed || asks.length + answers.length + notices.length === 0) return;
    const packet: Packet = { asks, answers, notices };
    asks = [];
    urgent = 0;
    answers = [];
    notices = [];
    port.postMessage(packet);
  }

  function schedule(): void {
    if (scheduled || closed) return;
    scheduled = true;
    setImmediate(flush);
  }

  function gather(): void {
    urgent += 1;
    if (urgent === GATHERED_MAX) return flush();
    if (scheduled || gathering || closed) return;
    gathering = true;
    whenIdle(() => {
      gathering = false;
      flush();
    }, LONGEST_GATHERING_MS);
  }

  function gatherWithin(patienceMs: number): void {
    if (patienceMs === 0) return gather();
    if (scheduled || gathering || closed) return;
    // It keeps running after a flush: the next question waits less, and no timer is made for each.
    patience ??= setTimeout(() => {
      patience = undefined;
      if (!gathering) flush();
    }, patienceMs);
  }

  function respond(number: number, value: unknown, failure?: FailureNote): void {
    answers.push([number, value, failure]);
    schedule();
  }

  async function answer(number: number, question: unknown): Promise<void> {
    try {
      respond(number, await handlers.answer?.(question));
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      respond(number, undefined, { name, message });
    }
  }

  function end(): void {
    if (closed) return;
    closed = true;
    clearTimeout(patience);
    for (const { reject } of waiting.all()) reject(new LineClosed('the other thread is gone'));
  }

  port.on('message', (packet: Packet) => {
    for (const [number, value, failure] of packet.answers) {
      const asked = waiting.at(number);
      if (asked !== undefined) waiting.leave(number, asked);
      if (failure === undefined) asked?.resolve(value);
      else asked?.reject(new RemoteFailure(failure));
    }
    for (const [number, question] of packet.asks) void answer(number, question);
    for (const notice of packet.notices) handlers.notice?.(notice);
  });
  port.on('close', end);

  return {
    ask(question, patienceMs = 0) {
      if (closed) return Promise.reject(new LineClosed('the other thread is gone'));
      return new Promise((resolve, reject) => {
        asks.push([waiting.take({ resolve, reject }), question]);
        gatherWithin(patienceMs);
      });
    },
    tell(notice) {
      notices.push(notice);
      schedule();
    },
    close() {
      if (closed) return;
      flush();
      end();
      port.close();
    },
  };
}
