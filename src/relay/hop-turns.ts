// Whose turn it is at a route: so many connections at a time. What waits follows another message over its connection; one that waits long has
// a further connection opened.

import type { Clock } from '../platform/platform.ts';
import type { Errand } from './errand.ts';
import type { Follower, HopConnection, HopResult } from './hop-connection.ts';

/** Connections at a time, as long as they keep up: few, so that what one message ends with and the next begins with is one write. */
const WIDTH_FIRST = 2;
/** One more is opened for an errand that has waited so long. */
const WIDEN_MS = 50;

export type Turn =
  /** A connection of its own; `end` gives the turn back. */
  | { readonly type: 'own' }
  /** Not to go any more. */
  | { readonly type: 'withheld' }
  | { readonly type: 'followed'; readonly connection: HopConnection; readonly result: HopResult };

export interface Turns {
  take(errand: Errand): Promise<Turn> | Turn;
  end(): void;
  /** What waits may go over this connection at once. */
  follower(connection: HopConnection): Follower | undefined;
  /** A connection had nothing to do for long. */
  narrow(): void;
  close(): void;
  /** Connections at work or being made. */
  readonly taken: number;
}

interface Waiting {
  readonly errand: Errand;
  /** Monotonic, ms. */
  readonly since: number;
  go(turn: Turn): void;
}

const ownTurn: Turn = { type: 'own' };

export function createTurns(clock: Clock, widthMax: number): Turns {
  const widthMin = Math.min(WIDTH_FIRST, widthMax);
  const waiting: Waiting[] = [];
  let width = widthMin;
  let taken = 0;
  let cancelWiden: (() => void) | undefined;

  function giveOut(): void {
    while (taken < width) {
      const next = waiting.shift();
      if (next === undefined) return;
      taken += 1;
      next.go(ownTurn);
    }
  }

  function watch(): void {
    if (width >= widthMax) return;
    cancelWiden ??= clock.after(WIDEN_MS, () => {
      cancelWiden = undefined;
      const [first] = waiting;
      if (first === undefined) return;
      if (clock.monotonic() - first.since >= WIDEN_MS) {
        width += 1;
        giveOut();
      }
      if (waiting.length > 0) watch();
    });
  }

  return {
    take(errand) {
      if (taken < width) {
        taken += 1;
        return ownTurn;
      }
      watch();
      return new Promise((go) => waiting.push({ errand, since: clock.monotonic(), go }));
    },
    end() {
      taken -= 1;
      giveOut();
    },
    follower(connection) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { errand, go } = next;
        if (errand.mayGo?.() !== false)
          return { errand, ended: (result) => go({ type: 'followed', connection, result }) };
        go({ type: 'withheld' });
      }
      return undefined;
    },
    narrow() {
      width = Math.max(widthMin, width - 1);
    },
    close() {
      cancelWiden?.();
    },
    get taken() {
      return taken;
    },
  };
}
