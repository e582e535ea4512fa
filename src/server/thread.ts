// A thread of this server as main sees it: born, ready, connected to others by ports, watched, replaced when it dies.

import { MessageChannel, Worker } from 'node:worker_threads';
import { type Line, type LineHandlers, openLine } from '../platform/line.ts';
import type { ThreadGreeting, ThreadNews } from './desk-thread.ts';

/**
 * A front makes a hundred kibioctets of garbage for each message, which lives for some ten milliseconds: a small nursery is full before that, and
 * what is still needed is copied twice and collected at length. Others gain nothing by a large one.
 */
const YOUNG_MIB = { store: 24, desk: 24, front: 24 } as const;

export type ThreadKind = 'store' | 'desk' | 'front';

export interface Thread {
  readonly name: string;
  /** Main's own line to it. */
  readonly line: Line;
  /** Resolves with what ended it. */
  readonly ended: Promise<string>;
  greet(connect: ThreadGreeting['connect'], port: ThreadGreeting['port']): void;
  terminate(): Promise<void>;
}

export interface ThreadOptions {
  readonly kind: ThreadKind;
  readonly name: string;
  readonly birth: object;
  readonly heapMiB: number;
  readonly handlers?: LineHandlers;
}

/** Resolves when the thread says that it is ready; rejects if it ends before. */
export async function startThread({
  kind,
  name,
  birth,
  heapMiB,
  handlers = {},
}: ThreadOptions): Promise<Thread> {
  const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./${kind}-thread.${extension}`, import.meta.url), {
    workerData: birth,
    name,
    resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: YOUNG_MIB[kind] },
  });
  let reason = '';
  const ended = new Promise<string>((resolve) => {
    worker.on('error', (error) => {
      reason ||= error instanceof Error ? (error.stack ?? error.message) : String(error);
    });
    worker.on('exit', (code) => resolve(reason === '' ? `exit code ${code}` : reason));
  });
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (news: ThreadNews) => {
      if ('ready' in news) resolve();
      else reason ||= news.failed;
    });
    void ended.then((why) => reject(new Error(why)));
  });
  const { port1, port2 } = new MessageChannel();
  const greet: Thread['greet'] = (connect, port) =>
    worker.postMessage({ connect, port } satisfies ThreadGreeting, [port]);
  greet('main', port2);
  return {
    name,
    line: openLine(port1, handlers),
    ended,
    greet,
    async terminate() {
      await worker.terminate();
    },
  };
}

/** Gives `asker` a line to `answerer`. */
export function connectThreads(
  asker: Thread,
  answerer: Thread,
  kinds: { readonly asker: ThreadKind; readonly answerer: ThreadKind },
): void {
  const { port1, port2 } = new MessageChannel();
  asker.greet(kinds.answerer, port1);
  answerer.greet(kinds.asker, port2);
}
