// An act that is asked for again with the same `Idempotency-Key` is answered as it was the first time, and not done again (draft-ietf-httpapi-idempotency-key-header).
// Kept in memory, since an answer may hold a secret that is shown once: for ten minutes, and not beyond a restart.

import { createHash } from 'node:crypto';
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
  const entries = createEntries();

  function known(asker: string, key: string): Entry | undefined {
    const entry = entries.get(asker, key);
    if (entry === undefined || now() - entry.at < KEPT_MS) return entry;
    entries.delete(asker, key);
    return undefined;
  }

  return {
    async once({ asker, key, request: text }, work) {
      const request = createHash('sha256').update(text).digest('hex');
      const before = known(asker, key);
      if (before !== undefined) return answerOf(before, request);
      entries.set(asker, key, { request, at: now() });
      try {
        const answer = await work();
        // What failed on our side is worth another try.
        if (answer.status >= 500) entries.delete(asker, key);
        else entries.set(asker, key, { request, at: now(), answer });
        return answer;
      } catch (error) {
        entries.delete(asker, key);
        throw error;
      }
    },
  };
}

interface Entries {
  get(asker: string, key: string): Entry | undefined;
  set(asker: string, key: string, entry: Entry): void;
  delete(asker: string, key: string): void;
}

/** When there are too many, whoever has most of them loses his oldest: nobody makes another's act be done twice. */
function createEntries(): Entries {
  const ofAskers = new Map<string, Map<string, Entry>>();
  let size = 0;

  function remove(asker: string, key: string): void {
    const own = ofAskers.get(asker);
    if (own?.delete(key) !== true) return;
    size -= 1;
    if (own.size === 0) ofAskers.delete(asker);
  }

  function removeOne(): void {
    const all = [...ofAskers];
    const [asker, own] = all.reduce((most, one) => (one[1].size > most[1].size ? one : most));
    const [oldest = ''] = own.keys();
    remove(asker, oldest);
  }

  return {
    get: (asker, key) => ofAskers.get(asker)?.get(key),
    set(asker, key, entry) {
      remove(asker, key);
      const own = ofAskers.get(asker) ?? new Map<string, Entry>();
      ofAskers.set(asker, own.set(key, entry));
      size += 1;
      if (size > ENTRIES_MAX) removeOne();
    },
    delete: remove,
  };
}

function answerOf({ request, answer }: Entry, asked: string): KeptAnswer & { readonly again: true } {
  if (request !== asked)
    throw new Problem('keyReused', 'this Idempotency-Key came with another request before: take a new one');
  if (answer === undefined)
    throw new Problem('keyInUse', 'the same request is under way: ask again in a moment');
  return { ...answer, again: true };
}
