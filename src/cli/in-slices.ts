// A change of many recipients, slice after slice. What breaks off is told with how far it came.

import { CommandFailure } from './failure.ts';
import { progress, progressDone } from './output.ts';

export interface Slice<After> {
  /** Recipients that were changed. */
  readonly count: number;
  /** Where the next slice begins; absent: this was the last one. */
  readonly next?: After | undefined;
}

/** How many were changed in all. Throws `CommandFailure` if it breaks off after some were. `soFar`: what was done, in words. */
export async function inSlices<After>(
  slice: (after: After | undefined) => Promise<Slice<After>>,
  soFar: (count: number) => string,
): Promise<number> {
  let count = 0;
  try {
    for (let after: After | undefined; ;) {
      const done = await slice(after);
      count += done.count;
      if (done.next === undefined) return count;
      after = done.next;
      progress(soFar(count));
    }
  } catch (error) {
    if (count === 0) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(`${cause}; ${soFar(count)}, the same command does the rest`, 3);
  } finally {
    progressDone();
  }
}
