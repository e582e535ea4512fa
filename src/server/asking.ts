// Questions of main to a thread that may be gone, or that has just been born.

import { failureInWords } from '../base/failure-words.ts';
import type { Log } from '../observe/log.ts';
import { LineClosed } from '../platform/line.ts';
import type { Clock } from '../platform/platform.ts';
import { withDeadline } from '../platform/with-deadline.ts';
import type { LookupThreadQuestion } from './lookup-body.ts';
import type { FrontQuestion } from './plan.ts';
import type { StoreQuestion } from './store-body.ts';
import type { Thread } from './thread.ts';

type Question = FrontQuestion | StoreQuestion | LookupThreadQuestion;

/** Undefined: it has died, and what replaces it starts with the present plan. */
export async function askIfAlive({ line }: Thread, question: Question): Promise<unknown> {
  return line.ask(question).catch((error: unknown) => {
    if (error instanceof LineClosed) return undefined;
    throw error;
  });
}

/** Does what was asked while the thread was starting. A thread that can't must not live on beside its replacement. */
export async function askOrEnd(thread: Thread, question: Question): Promise<void> {
  try {
    await thread.line.ask(question);
  } catch (error) {
    await thread.terminate();
    throw error;
  }
}

/** For the end of its life a node takes so long at most, ms. */
const END_MS = 5_000;

/** Of this node, in the store thread, where several share the store: else others would wait for the end of its lease before they send what it held. */
export async function endLife({ line }: Thread, clock: Clock, log: Pick<Log, 'warn'>): Promise<void> {
  try {
    await withDeadline(clock, END_MS, line.ask({ end: true } satisfies StoreQuestion));
  } catch (error) {
    log.warn({ because: failureInWords(error) }, 'others take over from this node when its lease is over');
  }
}
