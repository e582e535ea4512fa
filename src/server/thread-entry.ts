// The entry of each thread of the server: gives a body what main sends into the thread, and says when it is ready.

import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import type { FailureNote } from '../platform/line-packets.ts';
import { openLine } from '../platform/line.ts';
import type { Peer, ThreadBody, Waiting } from './thread-body.ts';

/** How main connects two threads: `port` leads to a thread of that kind. */
export interface ThreadGreeting {
  readonly connect: Peer;
  readonly port: MessagePort;
}

/** Notices of a thread to main. */
export type ThreadNews =
  { readonly ready: true } | { readonly waits: Waiting } | { readonly failed: FailureNote };

/** What a thread tells main of itself. */
export interface ThreadStart {
  /** Ends the thread with a reason. */
  end(error: unknown): never;
  waits(waiting: Waiting): void;
}

/** `create` gets what main has sent. */
export function enterThread<Birth>(create: (birth: Birth, start: ThreadStart) => Promise<ThreadBody>): void {
  if (parentPort === null) throw new Error('this file is the entry of a thread');
  void enter(parentPort, create);
}

/** A rejection is nobody's, and so ends the thread with its words. */
async function enter<Birth>(
  main: MessagePort,
  create: (birth: Birth, start: ThreadStart) => Promise<ThreadBody>,
): Promise<void> {
  const tell = (news: ThreadNews): void => main.postMessage(news);
  const { promise: created, resolve: greets } = Promise.withResolvers<ThreadBody>();
  // From the beginning: a thread that listens to nobody ends while it waits.
  main.on('message', ({ connect, port }: ThreadGreeting) => {
    void created.then((body) => body.greet(connect, (handlers) => openLine(port, handlers)));
  });
  const body = await create(workerData as Birth, {
    end(error) {
      const { name, message } = error instanceof Error ? error : new Error(String(error));
      tell({ failed: { name, message } });
      return process.exit(1);
    },
    waits: (waiting) => tell({ waits: waiting }),
  });
  greets(body);
  tell({ ready: true });
}
