// Whose turn it is at a route: so many connections at a time. What has to wait follows another message over its connection, its commands in one
// write with the end of the other's content.

import type { Errand } from './errand.ts';
import type { Follower, HopConnection, HopResult } from './hop-connection.ts';

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
  /** Connections at work or being made. */
  readonly taken: number;
}

interface Waiting {
  readonly errand: Errand;
  go(turn: Turn): void;
}

const ownTurn: Turn = { type: 'own' };

export function createTurns(connectionsMax: number): Turns {
  const waiting: Waiting[] = [];
  let taken = 0;

  return {
    take(errand) {
      if (taken >= connectionsMax) return new Promise((go) => waiting.push({ errand, go }));
      taken += 1;
      return ownTurn;
    },
    end() {
      const next = waiting.shift();
      if (next === undefined) taken -= 1;
      else next.go(ownTurn);
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
    get taken() {
      return taken;
    },
  };
}
