// Group commit, for every engine alike: all changes that wait when the engine is free go into one transaction
// with one fsync. An idle store waits for nothing; under load the groups grow by themselves. Changes that nobody waits for go with them. One group is under way
// at a time in each lane, and what is asked meanwhile is the next one; lanes do not wait for each other.

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

/** Writes all changes and makes them durable before it returns, or before what it returns is fulfilled; fails if nothing is known about any of them. */
type Apply = (changes: readonly Change[], lane: number) => readonly Outcome[] | Promise<readonly Outcome[]>;

/** `laneOf`: a small number from 0 on, for what one asker wants together. Absent: one lane for all. */
export function createGroupCommit(
  apply: Apply,
  schedule: Schedule,
  laneOf: (changes: readonly Change[]) => number = () => 0,
): GroupCommit {
  const lanes: GroupCommit[] = [];
  return {
    commit(changes) {
      if (changes.length === 0) return Promise.resolve([]);
      const number = laneOf(changes);
      const lane = (lanes[number] ??= createLane((group) => apply(group, number), schedule));
      return lane.commit(changes);
    },
  };
}

function createLane(
  apply: (changes: readonly Change[]) => ReturnType<Apply>,
  schedule: Schedule,
): GroupCommit {
  let waiting: Waiting[] = [];
  /** The next group goes in this turn, or when the one under way is done. */
  let scheduled = false;
  let underWay = false;
  let patient = false;

  /** An engine that answers at once is done in this very turn. */
  function run(): void {
    scheduled = false;
    underWay = true;
    const group = waiting.slice(0, groupLength(waiting));
    waiting = waiting.slice(group.length);
    if (waiting.length > 0) wake();
    try {
      const outcomes = apply(group.flatMap(({ changes }) => changes));
      if (outcomes instanceof Promise)
        void outcomes.then(
          (known) => done(group, known),
          (error: unknown) => failed(group, error),
        );
      else done(group, outcomes);
    } catch (error) {
      failed(group, error);
    }
  }

  function done(group: readonly Waiting[], outcomes: readonly Outcome[]): void {
    answer(group, outcomes);
    next();
  }

  function failed(group: readonly Waiting[], error: unknown): void {
    for (const asked of group) asked.reject(error);
    next();
  }

  function next(): void {
    underWay = false;
    if (scheduled) schedule.soon(run);
  }

  function wake(): void {
    if (scheduled) return;
    scheduled = true;
    if (!underWay) schedule.soon(run);
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
      return new Promise((resolve, reject) => {
        waiting.push({ changes, resolve, reject });
        if (mayWait(changes)) wakeLater();
        else wake();
      });
    },
  };
}

/** How many of those who wait go together. */
function groupLength(waiting: readonly Waiting[]): number {
  let count = 0;
  let asked = 0;
  for (const { changes } of waiting) {
    if (asked > 0 && count + changes.length > GROUP_MAX) break;
    asked += 1;
    count += changes.length;
  }
  return asked;
}

function answer(group: readonly Waiting[], outcomes: readonly Outcome[]): void {
  let at = 0;
  for (const asked of group) {
    const end = at + asked.changes.length;
    asked.resolve(outcomes.slice(at, end));
    at = end;
  }
}
