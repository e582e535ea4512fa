// The entry of each thread of the server: gives a body what main sends into the thread, and says when it is ready.

import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { openLine } from '../platform/line.ts';
import type { Peer, ThreadBody } from './thread-body.ts';

/** How main connects two threads: `port` leads to a thread of that kind. */
export interface ThreadGreeting {
  readonly connect: Peer;
  readonly port: MessagePort;
}

/** Notices of a thread to main. */
export type ThreadNews = { readonly ready: true } | { readonly failed: string };

/** `create` gets what main has sent, and a way to end the thread with a reason. */
export function enterThread<Birth>(
  create: (birth: Birth, end: (error: unknown) => never) => Promise<ThreadBody>,
): void {
  if (parentPort === null) throw new Error('this file is the entry of a thread');
  void enter(parentPort, create);
}

/** A rejection is nobody's, and so ends the thread with its words. */
async function enter<Birth>(
  main: MessagePort,
  create: (birth: Birth, end: (error: unknown) => never) => Promise<ThreadBody>,
): Promise<void> {
  const body = await create(workerData as Birth, (error) => {
    const failed = error instanceof Error ? error.message : String(error);
    main.postMessage({ failed } satisfies ThreadNews);
    return process.exit(1);
  });
  main.on('message', ({ connect, port }: ThreadGreeting) =>
    body.greet(connect, (handlers) => openLine(port, handlers)),
  );
  main.postMessage({ ready: true } satisfies ThreadNews);
}
