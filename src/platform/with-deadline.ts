// An answer that comes in time, or an error.

import type { Clock } from './platform.ts';

export class NoAnswerInTime extends Error {
  override readonly name = 'NoAnswerInTime';
}

/** Rejects once `delayMs` have passed without an answer, with `NoAnswerInTime`. */
export async function withDeadline<T>(clock: Clock, delayMs: number, answer: Promise<T>): Promise<T> {
  let cancel = (): void => undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(delayMs, () => reject(new NoAnswerInTime('no answer in time')));
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    cancel();
  }
}
