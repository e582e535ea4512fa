// Group commit, for every engine alike: all changes that wait when the engine is free go into one transaction
// with one fsync. An idle store waits for nothing; under load the groups grow by themselves. Changes that nobody waits for go with them.

import { mayWait, PATIENCE_MS } from './patience.ts';
import type { Change, Outcome } from './port.ts';

export interface GroupCommit {
  commit(changes: readonly Change[]): Promise<readonly Outcome[]>;
}

/** Changes a group holds at most: keeps one transaction, and so the wait of each asker, bounded. */
const GROUP_MAX = 2000;

interface Waiting {
  readonly changes: readonly Change[];
  resolve(outcomes: readonly Outcome[]): void;
  reject(error: unknown): void;
}

export interface Schedule {
  /** As soon as everything that was asked in this turn has been heard. */
  soon(run: () => void): void;
  later(ms: number, run: () => void): void;
}

/** For a store without traffic, where no company is to come: commands, tests. */
export const atOnce: Schedule = {
  soon: (run) => void setImmediate(run),
  later: (_, run) => void setImmediate(run),
};

/** `apply` writes all changes and makes them durable before it returns; it throws if nothing is known about any of them. */
export function createGroupCommit(
  apply: (changes: readonly Change[]) => readonly Outcome[],
  schedule: Schedule,
): GroupCommit {
  let waiting: Waiting[] = [];
  let scheduled = false;
  let patient = false;

  function takeGroup(): readonly Waiting[] {
    let count = 0;
    let asked = 0;
    for (const { changes } of waiting) {
      if (asked > 0 && count + changes.length > GROUP_MAX) break;
      asked += 1;
      count += changes.length;
    }
    const group = waiting.slice(0, asked);
    waiting = waiting.slice(asked);
    return group;
  }

  function run(): void {
    scheduled = false;
    const group = takeGroup();
    if (waiting.length > 0) wake();
    try {
      const outcomes = apply(group.flatMap(({ changes }) => changes));
      let at = 0;
      for (const asked of group) {
        const end = at + asked.changes.length;
        asked.resolve(outcomes.slice(at, end));
        at = end;
      }
    } catch (error) {
      for (const asked of group) asked.reject(error);
    }
  }

  function wake(): void {
    if (scheduled) return;
    scheduled = true;
    schedule.soon(run);
  }

  function wakeLater(): void {
    if (scheduled || patient) return;
    patient = true;
    schedule.later(PATIENCE_MS, () => {
      patient = false;
      if (waiting.length > 0) wake();
    });
  }

  return {
    commit(changes) {
      if (changes.length === 0) return Promise.resolve([]);
      return new Promise((resolve, reject) => {
        waiting.push({ changes, resolve, reject });
        if (mayWait(changes)) wakeLater();
        else wake();
      });
    },
  };
}
