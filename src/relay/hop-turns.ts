// Whose turn it is at a route, which takes a limited number of connections. A message that has to wait follows another over its connection, its
// commands in one write with the end of the other's content. It waits in memory for some seconds only: the store has room, and gives each its turn.

import type { Clock } from '../platform/platform.ts';
import type { DeliveryJob } from './delivery-job.ts';
import type { Follower, HopConnection, HopResult } from './hop-connection.ts';

const PATIENCE_MS = 5_000;

export type Turn =
  /** A connection of its own; `end` gives the turn back. */
  | { readonly type: 'own' }
  /** The message may not leave any more, or not from memory. */
  | { readonly type: 'withheld' }
  | { readonly type: 'followed'; readonly connection: HopConnection; readonly result: HopResult };

export interface Turns {
  /** `own`: it needs a connection of its own, and follows no other message. */
  take(job: DeliveryJob, own: boolean): Promise<Turn> | Turn;
  /** Gives up its turn and waits for another one, ahead of all others. */
  waitAgain(job: DeliveryJob, own: boolean): Promise<Turn> | Turn;
  end(): void;
  /** A waiting message that may follow over this connection at once. */
  follower(connection: HopConnection): Follower | undefined;
  /** Ends all waiting: what waits goes back to the store, to be sent with the settings of then. */
  close(): void;
  /** Connections at work or being made. */
  readonly taken: number;
}

interface Waiting {
  readonly job: DeliveryJob;
  readonly own: boolean;
  /** Monotonic, ms. */
  readonly since: number;
  go(turn: Turn): void;
}

const ownTurn: Turn = { type: 'own' };
const withheld: Turn = { type: 'withheld' };

export function createTurns(o: { readonly clock: Clock; connectionsMax(): number }): Turns {
  const { clock } = o;
  const waiting: Waiting[] = [];
  let taken = 0;
  let closed = false;
  let cancelSweep: (() => void) | undefined;

  function wait(job: DeliveryJob, own: boolean, where: 'first' | 'last'): Promise<Turn> | Turn {
    if (closed) return withheld;
    return new Promise((go) => {
      const one = { job, own, since: clock.monotonic(), go };
      if (where === 'last') waiting.push(one);
      else waiting.unshift(one);
      if (job.inMemory !== undefined) cancelSweep ??= clock.after(PATIENCE_MS, sweep);
    });
  }

  function sweep(): void {
    cancelSweep = undefined;
    const now = clock.monotonic();
    let next = Infinity;
    for (const one of waiting.splice(0)) {
      const until = one.since + PATIENCE_MS;
      if (one.job.inMemory === undefined || until > now) waiting.push(one);
      else one.go(withheld);
      if (one.job.inMemory !== undefined && until > now) next = Math.min(next, until);
    }
    if (next < Infinity) cancelSweep ??= clock.after(next - now, sweep);
  }

  /** The next one gets the turn, unless there are to be fewer now. */
  function passOn(): void {
    taken -= 1;
    for (const max = o.connectionsMax(); taken < max; taken += 1) {
      const next = waiting.shift();
      if (next === undefined) return;
      next.go(ownTurn);
    }
  }

  return {
    take(job, own) {
      if (taken >= o.connectionsMax()) return wait(job, own, own ? 'first' : 'last');
      taken += 1;
      return ownTurn;
    },
    waitAgain(job, own) {
      taken -= 1;
      return wait(job, own, 'first');
    },
    end: passOn,
    follower(connection) {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { job, own, go } = next;
        // This connection comes to rest, and gives its turn to that one.
        if (own) {
          waiting.unshift(next);
          return undefined;
        }
        if (job.mayGo?.() !== false)
          return { job, ended: (result) => go({ type: 'followed', connection, result }) };
        go(withheld);
      }
      return undefined;
    },
    close() {
      closed = true;
      cancelSweep?.();
      cancelSweep = undefined;
      for (const { go } of waiting.splice(0)) go(withheld);
    },
    get taken() {
      return taken;
    },
  };
}
