// Look-ups over a line to the thread that reads the store, and the other end of that line. Every method goes by its name;
// message content comes piece by piece, so that a large body never crosses whole.

import type { Line } from '../platform/line.ts';
import { LineClosed } from '../platform/line.ts';
import { lookupMethods, type Lookups } from './lookups.ts';
import { StoreUnavailable } from './port.ts';

type LookupMethod = (typeof lookupMethods)[number];

export type LookupQuestion =
  | { readonly lookup: LookupMethod; readonly args: readonly unknown[] }
  | { readonly contentOpen: string }
  | { readonly contentNext: number }
  | { readonly contentClose: number };

export interface RemoteLookups extends Lookups {
  connect(line: Line): void;
  disconnect(): void;
}

/** `Lookups` that asks over the line of now; without one, or when it breaks, it throws `StoreUnavailable`. */
export function createRemoteLookups(): RemoteLookups {
  let line: Line | undefined;

  async function ask(question: LookupQuestion, over: Line | undefined = line): Promise<unknown> {
    if (over === undefined) throw new StoreUnavailable('look-ups are not connected');
    try {
      return await over.ask(question);
    } catch (error) {
      if (error instanceof LineClosed)
        throw new StoreUnavailable('the look-up thread is gone', { cause: error });
      // Thrown in another thread, it has lost its class.
      if (error instanceof Error && error.name === 'StoreUnavailable')
        throw new StoreUnavailable(error.message, { cause: error });
      throw error;
    }
  }

  /** A handle means something on its own line only: over the next one it could be another message. */
  async function* pieces(handle: number, over: Line | undefined): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const piece = (await ask({ contentNext: handle }, over)) as Uint8Array | undefined;
        if (piece === undefined) return;
        yield piece;
      }
    } finally {
      // What the other end still holds goes with the line.
      await ask({ contentClose: handle }, over).catch(() => undefined);
    }
  }

  const byName = Object.fromEntries(
    lookupMethods.map((method) => [method, (...args: readonly unknown[]) => ask({ lookup: method, args })]),
  ) as unknown as Pick<Lookups, LookupMethod>;

  return {
    ...byName,
    async content(id) {
      const over = line;
      const handle = (await ask({ contentOpen: id }, over)) as number | undefined;
      return handle === undefined ? undefined : pieces(handle, over);
    },
    connect(next) {
      line = next;
    },
    disconnect() {
      line = undefined;
    },
  };
}

/** Answers `LookupQuestion`s from the reading thread's own `Lookups`. One for each line: open contents belong to it. */
export function lookupAnswerer(lookups: Lookups): {
  isLookup(question: unknown): question is LookupQuestion;
  answer(question: LookupQuestion): Promise<unknown>;
  /** The line is gone: so is what it had open. */
  close(): void;
} {
  const open = new Map<number, AsyncIterator<Uint8Array>>();
  let lastHandle = 0;
  return {
    isLookup: (question): question is LookupQuestion =>
      typeof question === 'object' &&
      question !== null &&
      ('lookup' in question ||
        'contentOpen' in question ||
        'contentNext' in question ||
        'contentClose' in question),
    async answer(question) {
      if ('lookup' in question) {
        const method = lookups[question.lookup] as (...args: readonly unknown[]) => Promise<unknown>;
        return method.apply(lookups, [...question.args]);
      }
      if ('contentOpen' in question) {
        const content = await lookups.content(question.contentOpen);
        if (content === undefined) return undefined;
        lastHandle += 1;
        open.set(lastHandle, content[Symbol.asyncIterator]());
        return lastHandle;
      }
      if ('contentNext' in question) {
        const content = open.get(question.contentNext);
        if (content === undefined) throw new Error('this content is not open');
        const next = await content.next();
        return next.done === true ? undefined : next.value;
      }
      await open.get(question.contentClose)?.return?.();
      open.delete(question.contentClose);
      return undefined;
    },
    close() {
      for (const content of open.values()) content.return?.().catch(() => undefined);
      open.clear();
    },
  };
}
