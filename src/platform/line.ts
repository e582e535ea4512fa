// A line between two threads: questions with answers, and notices without. When what is said leaves is in `line-packets.ts`.

import type { MessagePort } from 'node:worker_threads';
import { createSlots } from '../base/slots.ts';
import { type FailureNote, LinePackets, type Packet } from './line-packets.ts';

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
  /** Once, when either end has closed it. */
  closed?(): void;
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
  const waiting = createSlots<Waiting>();
  const packets = new LinePackets((packet) => port.postMessage(packet));
  let closed = false;

  async function answer(number: number, question: unknown): Promise<void> {
    try {
      packets.answer(number, await handlers.answer?.(question));
    } catch (error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      packets.answer(number, undefined, { name, message });
    }
  }

  function end(): void {
    if (closed) return;
    closed = true;
    packets.end();
    for (const { reject } of waiting.all()) reject(new LineClosed('the other thread is gone'));
    handlers.closed?.();
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
        packets.ask(waiting.take({ resolve, reject }), question, patienceMs);
      });
    },
    tell: (notice) => packets.notice(notice),
    close() {
      if (closed) return;
      packets.flush();
      end();
      port.close();
    },
  };
}
