// What is shown of the store, for whoever asks how the server is: heard in time or not at all, because that is asked most when the store is slow. Each look is under way
// once, however often it is asked for: else those that nobody waits for any more would keep from the store's connections whoever logs in.

import { causeInWords } from '../base/failure-words.ts';
import { createSharedAnswer } from '../base/shared-answer.ts';
import type { Clock } from '../platform/platform.ts';
import { withDeadline } from '../platform/with-deadline.ts';

/** For an answer, ms. */
export const LOOK_MS = 2_000;

export interface Looked<T> {
  /** Undefined: it was not heard in time. */
  readonly value: T | undefined;
  /** Why not. */
  readonly because?: string;
}

/** Never rejects. `what` is looked at: a name of its own. */
export type Look = <T>(what: string, find: () => Promise<T>) => Promise<Looked<T>>;

export function createLook(clock: Clock): Look {
  const underWay = createSharedAnswer<unknown>();
  return async <T>(what: string, find: () => Promise<T>) => {
    try {
      return { value: (await withDeadline(clock, LOOK_MS, underWay(what, find))) as T };
    } catch (error) {
      return { value: undefined, because: causeInWords(error) };
    }
  };
}
