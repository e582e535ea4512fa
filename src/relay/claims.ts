// Mail from the store: what is due is leased in small portions, as much as can start, when somebody says that something is due, and now and then by itself.

import type { Clock } from '../platform/platform.ts';
import type { ClaimShare, Delivery, QueuedMessage, Store } from '../store/port.ts';
import type { Owner } from '../store/owner.ts';
import { createRound } from '../store/round.ts';

const POLL_MS = 5_000;

export interface Claims {
  wake(): void;
  /** An errand ended: there may be room. */
  ended(): void;
  stop(): void;
}

export function createClaims(o: {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: Owner;
  /** What may be claimed now; empty: no destination has room. */
  shares(): readonly ClaimShare[];
  take(message: QueuedMessage, deliveries: readonly Delivery[]): void;
}): Claims {
  let claiming = false;
  /** Number of the next claim. An unanswered claim is repeated under its number: it may have leased mail that nobody else would send. */
  let number = 1;
  const round = createRound();
  /** Indexes of the shares that had no room in the last claim. */
  let full: readonly number[] = [];
  let woken = false;
  let stopped = false;
  let cancelPoll = o.clock.after(0, () => void claim());

  async function claim(): Promise<void> {
    if (claiming || stopped) return;
    const shares = o.shares();
    if (shares.length === 0) return waitForRoom();
    claiming = true;
    woken = false;
    cancelPoll();
    try {
      await claimOnce(shares);
    } catch {
      // The store is away: the next poll asks again.
    }
    claiming = false;
    if (stopped) return;
    if (woken) return void claim();
    cancelPoll = o.clock.after(POLL_MS, () => void claim());
  }

  function waitForRoom(): void {
    woken = true;
    cancelPoll();
    cancelPoll = o.clock.after(POLL_MS, () => void claim());
  }

  async function claimOnce(shares: readonly ClaimShare[]): Promise<void> {
    const { owner } = o;
    const { after } = round;
    full = [...shares.keys()].filter((at) => shares[at]?.max === 0);
    const [outcome] = await o.store.commit([
      {
        type: 'claim',
        owner,
        token: `${owner} ${number}`,
        shares,
        ...(after === undefined ? {} : { after }),
      },
    ]);
    // What was leased after the stop goes back with the rest: nobody waits for an errand that begins now.
    if (outcome.type !== 'claimed' || stopped) return;
    number += 1;
    for (const message of outcome.messages) {
      o.take(
        message,
        outcome.deliveries.filter(({ messageId }) => messageId === message.id),
      );
    }
    woken ||= round.took(outcome);
  }

  /** A share without room in the last claim has some now: mail for it was not looked for. */
  function hasNewRoom(): boolean {
    if (full.length === 0) return false;
    const shares = o.shares();
    return full.some((at) => (shares[at]?.max ?? 0) > 0);
  }

  return {
    wake() {
      woken = true;
      round.renew();
      void claim();
    },
    ended() {
      if (woken || hasNewRoom()) void claim();
    },
    stop() {
      stopped = true;
      cancelPoll();
    },
  };
}
