// The store as a front sees it: over a line to the thread that owns it. A line that closes leaves outcomes unknown, so open
// questions are asked again over the next line: accept, settle and claim are idempotent. After
// `UNKNOWN_MS_MAX` without an answer the asker gets `StoreUnavailable`, and replies 451. A store that has been out for so long is known to be: what is asked
// then fails at once, and was not done.

import { createSlots } from '../base/slots.ts';
import { createAlarm } from '../platform/alarm.ts';
import type { Clock } from '../platform/platform.ts';
import { LineClosed, type Line } from '../platform/line.ts';
import { type CommitQuestion, packed, type PackedChange } from './packing.ts';
import { mayWait, PATIENCE_MS } from './patience.ts';
import {
  type Change,
  type Outcome,
  type OutcomeOf,
  type Stage,
  type Store,
  type StoreNotice,
  StoreUnavailable,
} from './port.ts';

export const UNKNOWN_MS_MAX = 30_000;

const OUT = `the store has been away for more than ${UNKNOWN_MS_MAX / 1000} s`;

export interface RemoteStore extends Store {
  /** A new line to the store thread; open questions are asked again over it. */
  connect(line: Line): void;
  disconnect(): void;
  /** Fed by the owner of the line. */
  noticed(notice: StoreNotice): void;
}

interface Pending {
  /** Counts up. */
  readonly number: number;
  /** Monotonic, ms. */
  readonly askedAt: number;
  readonly packs: readonly PackedChange[];
  readonly mayWait: boolean;
  resolve(outcomes: readonly Outcome[]): unknown;
  reject(error: Error): unknown;
}

export function createRemoteStore(o: {
  readonly clock: Clock;
  /** Staged bodies are written by the front's own thread; the engine says how. */
  stage(id: string): Promise<Stage>;
}): RemoteStore {
  const pending = createSlots<Pending>();
  const listeners = new Set<(notice: StoreNotice) => void>();
  let line: Line | undefined;
  let lastNumber = 0;
  /** Since the line was found broken, monotonic, ms. */
  let outSince: number | undefined;

  function ask(entry: Pending, again?: true): void {
    const question: CommitQuestion = { commit: entry.packs, ...(again === undefined ? {} : { again }) };
    const over = line;
    over?.ask(question, entry.mayWait ? PATIENCE_MS : 0).then(
      (outcomes) => entry.resolve(outcomes as readonly Outcome[]),
      (error: unknown) => {
        if (!(error instanceof LineClosed)) entry.reject(asUnavailable(error));
        // The line broke: the entry stays pending and is asked again over the next one.
        else if (over === line) outSince ??= o.clock.monotonic();
      },
    );
  }

  const inOrder = (): readonly Pending[] => pending.all().sort((a, b) => a.number - b.number);

  /** One alarm for all open questions. */
  const alarm = createAlarm(o.clock, () => {
    giveUpOld(inOrder(), o.clock.monotonic());
    watch();
  });

  function watch(): void {
    const [oldest] = inOrder();
    alarm.set(oldest === undefined ? undefined : oldest.askedAt + UNKNOWN_MS_MAX);
  }

  function commit(changes: readonly Change[]): Promise<readonly Outcome[]> {
    const isOut = outSince !== undefined && o.clock.monotonic() - outSince >= UNKNOWN_MS_MAX;
    if (isOut) return Promise.resolve(changes.map(() => ({ type: 'failed', cause: OUT })));
    return new Promise((resolve, reject) => {
      lastNumber += 1;
      const entry: Pending = {
        number: lastNumber,
        packs: changes.map(packed),
        mayWait: mayWait(changes),
        askedAt: o.clock.monotonic(),
        resolve: (outcomes) => pending.leave(slot, entry) && resolve(outcomes),
        reject: (error) => pending.leave(slot, entry) && reject(error),
      };
      const slot = pending.take(entry);
      if (pending.size === 1) alarm.set(entry.askedAt + UNKNOWN_MS_MAX);
      ask(entry);
    });
  }

  return {
    commit: commit as <const C extends readonly Change[]>(
      changes: C,
    ) => Promise<{ readonly [K in keyof C]: OutcomeOf<C[K]> }>,
    stage: (id) => o.stage(id),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    noticed(notice) {
      for (const listener of listeners) listener(notice);
    },
    connect(next) {
      line = next;
      outSince = undefined;
      for (const entry of inOrder()) ask(entry, true);
    },
    disconnect() {
      line = undefined;
      outSince ??= o.clock.monotonic();
    },
  };
}

function giveUpOld(inOrder: readonly Pending[], now: number): void {
  for (const entry of inOrder) {
    if (entry.askedAt + UNKNOWN_MS_MAX > now) return;
    entry.reject(new StoreUnavailable('no answer from the store'));
  }
}

function asUnavailable(error: unknown): Error {
  return new StoreUnavailable(error instanceof Error ? error.message : String(error), { cause: error });
}
