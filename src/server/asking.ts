// Questions of main to a thread that may be gone, or that has just been born.

import { LineClosed } from '../platform/line.ts';
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
