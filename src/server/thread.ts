// The threads of this server as main sees them: started, ready, connected to each other, watched. `systemCrew` starts threads of the system, the
// simulation has a crew of its own.

import { setFlagsFromString } from 'node:v8';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { FailureNote } from '../platform/line-packets.ts';
import { type Line, type LineHandlers, openLine, RemoteFailure } from '../platform/line.ts';
import type { Peer, Waiting } from './thread-body.ts';
import type { ThreadGreeting, ThreadNews } from './thread-entry.ts';

/**
 * A message leaves a hundred kibioctets of garbage, which lives for some ten milliseconds: in a small nursery what is still needed is copied twice,
 * a large one no longer fits the caches.
 */
const YOUNG_MIB = 24;

/**
 * The old generation is not collected below this. V8 begins with a few mebioctets and lets it grow by what is alive, which is little in each thread here:
 * a front under load was collected every few hundred messages, for 5 to 13 % of all processor time.
 */
const OLD_AT_FIRST_MIB = 48;

export type ThreadKind = 'store' | 'lookup' | 'front' | 'face';

export interface Thread {
  readonly kind: ThreadKind;
  readonly name: string;
  /** Main's own line to it. */
  readonly line: Line;
  /** Resolves with the reason when the thread has ended. */
  readonly ended: Promise<string>;
  terminate(): Promise<void>;
}

export interface ThreadOptions {
  readonly kind: ThreadKind;
  readonly name: string;
  readonly birth: object;
  readonly heapMiB: number;
  readonly handlers?: LineHandlers;
  /** It waits for something before it can be ready. Told again now and then. */
  waits?(waiting: Waiting): void;
}

/** All threads of this server, also those still starting, so that none can outlive it. */
export interface Crew {
  /** Resolves when the thread says that it is ready; rejects if it ends before, or if the crew has stopped. */
  start(options: ThreadOptions): Promise<Thread>;
  /** Gives `asker` a line to `answerer`; both are of this crew. */
  connect(asker: Thread, answerer: Thread): void;
  /** Resolves when no thread lives any more: the one that writes ends last, and `lastWords` come before. None is started from then on. */
  stop(lastWords: () => Promise<void>): Promise<void>;
}

const ORDER_OF_STOPPING: readonly ThreadKind[] = ['face', 'front', 'lookup', 'store'];

export function systemCrew(): Crew {
  const alive = new Map<Worker, ThreadKind>();
  const workers = new WeakMap<Thread, Worker>();
  let stopped = false;
  return {
    start({ kind, name, birth, heapMiB, handlers = {}, waits = () => undefined }) {
      if (stopped) return Promise.reject(new Error('the server is stopping'));
      setFlagsFromString(`--initial-old-space-size=${OLD_AT_FIRST_MIB}`);
      const extension = import.meta.filename.endsWith('.ts') ? 'ts' : 'js';
      const worker = new Worker(new URL(`./${kind}-thread.${extension}`, import.meta.url), {
        workerData: birth,
        name,
        resourceLimits: { maxOldGenerationSizeMb: heapMiB, maxYoungGenerationSizeMb: YOUNG_MIB },
      });
      alive.set(worker, kind);
      worker.once('exit', () => alive.delete(worker));
      return threadOf(worker, { kind, name, handlers, waits }).then((thread) => {
        workers.set(thread, worker);
        return thread;
      });
    },
    connect(asker, answerer) {
      const { port1, port2 } = new MessageChannel();
      greet(workers.get(asker), answerer.kind, port1);
      greet(workers.get(answerer), asker.kind, port2);
    },
    async stop(lastWords) {
      stopped = true;
      for (const kind of ORDER_OF_STOPPING) {
        if (kind === 'store') await lastWords();
        for (const [worker, itsKind] of alive) if (itsKind === kind) await worker.terminate();
      }
    },
  };
}

function greet(worker: Worker | undefined, connect: Peer, port: MessagePort): void {
  worker?.postMessage({ connect, port } satisfies ThreadGreeting, [port]);
}

async function threadOf(
  worker: Worker,
  { kind, name, handlers, waits }: Required<Pick<ThreadOptions, 'kind' | 'name' | 'handlers' | 'waits'>>,
): Promise<Thread> {
  let failed: FailureNote | undefined;
  const ended = new Promise<string>((resolve) => {
    worker.on('error', (error) => {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      failed ??= { name: 'Error', message };
    });
    worker.on('exit', (code) => resolve(failed?.message ?? `exit code ${code}`));
  });
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (news: ThreadNews) => {
      if ('ready' in news) resolve();
      else if ('waits' in news) waits(news.waits);
      else failed ??= news.failed;
    });
    void ended.then((message) => reject(new RemoteFailure(failed ?? { name: 'Error', message })));
  });
  const { port1, port2 } = new MessageChannel();
  greet(worker, 'main', port2);
  return {
    ...{ kind, name, line: openLine(port1, handlers), ended },
    async terminate() {
      await worker.terminate();
    },
  };
}
