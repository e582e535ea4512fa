// An act that is asked for again with the same `Idempotency-Key` is answered as it was the first time, and not done again (draft-ietf-httpapi-idempotency-key-header).
// Kept in memory, since an answer may hold a secret that is shown once: for ten minutes, and not beyond a restart.

import { createHash } from 'node:crypto';
import { dropOldestOfMost } from '../../base/oldest-of-most.ts';
import { Problem } from './problem.ts';

export const KEPT_MS = 10 * 60_000;
/** Of all askers together. */
export const ENTRIES_MAX = 1000;

/** Of one answer that is kept. */
export interface KeptAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Entry {
  readonly asker: string;
  readonly request: string;
  /** ms of a clock that never steps back. */
  readonly at: number;
  /** Absent: it is under way. */
  readonly answer?: KeptAnswer;
}

export interface Asked {
  /** Of the token: keys of one are unknown to others. */
  readonly asker: string;
  readonly key: string;
  /** All that the request says. */
  readonly request: string;
}

export interface Idempotency {
  /** Throws `Problem` if the key was used for another request, or its request is under way. */
  once(asked: Asked, work: () => Promise<KeptAnswer>): Promise<KeptAnswer & { readonly again?: true }>;
}

/** `now`: ms of a clock that never steps back. */
export function createIdempotency(now: () => number): Idempotency {
  const entries = new Map<string, Entry>();

  function known(name: string): Entry | undefined {
    const entry = entries.get(name);
    if (entry === undefined || now() - entry.at < KEPT_MS) return entry;
    entries.delete(name);
    return undefined;
  }

  /** As the newest. Nobody makes another's act be done twice by ever more keys. */
  function keep(name: string, entry: Entry): void {
    entries.delete(name);
    entries.set(name, entry);
    if (entries.size > ENTRIES_MAX) dropOldestOfMost(entries, ({ asker }) => asker);
  }

  return {
    async once({ asker, key, request: text }, work) {
      const request = createHash('sha256').update(text).digest('hex');
      const name = `${asker} ${key}`;
      const before = known(name);
      if (before !== undefined) return answerOf(before, request);
      keep(name, { asker, request, at: now() });
      try {
        const answer = await work();
        // What failed on our side is worth another try.
        if (answer.status >= 500) entries.delete(name);
        else keep(name, { asker, request, at: now(), answer });
        return answer;
      } catch (error) {
        entries.delete(name);
        throw error;
      }
    },
  };
}

function answerOf({ request, answer }: Entry, asked: string): KeptAnswer & { readonly again: true } {
  if (request !== asked)
    throw new Problem('keyReused', 'this Idempotency-Key came with another request before: take a new one');
  if (answer === undefined)
    throw new Problem('keyInUse', 'the same request is under way: ask again in a moment');
  return { ...answer, again: true };
}
