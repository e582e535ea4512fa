// Turns for use cases that read much: one person has a few of them under way at once, a few more wait, and the rest is told to come again. However often somebody asks, and
// whether or not he stays for the answer, no more of his work stands beside the work of others.

import { ComeAgain } from './failure.ts';

/** Runs the work when it is this person's turn. Rejects with `ComeAgain` if too many of his wait already. */
export type Turns = <T>(person: string, work: () => Promise<T>) => Promise<T>;

/** Of one person. */
export const AT_ONCE = 2;
export const WAITING_MAX = 8;

interface Line {
  running: number;
  readonly waiting: (() => void)[];
}

export function createTurns(): Turns {
  const lines = new Map<string, Line>();
  return async (person, work) => {
    const line = lines.get(person) ?? { running: 0, waiting: [] };
    lines.set(person, line);
    if (line.running < AT_ONCE) line.running += 1;
    else await placeIn(line);
    try {
      return await work();
    } finally {
      const next = line.waiting.shift();
      // Whoever waited takes the place over.
      if (next !== undefined) next();
      else line.running -= 1;
      if (line.running === 0) lines.delete(person);
    }
  };
}

function placeIn({ waiting }: Line): Promise<void> {
  if (waiting.length >= WAITING_MAX)
    throw new ComeAgain(
      `${AT_ONCE} of your questions are being answered and ${WAITING_MAX} wait: ask again in a moment`,
    );
  const { promise, resolve } = Promise.withResolvers<void>();
  waiting.push(resolve);
  return promise;
}
