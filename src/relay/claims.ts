// Mail from the store: what is due is leased in small portions, when somebody says that something is due, and now and then by itself.

import type { Clock } from '../platform/platform.ts';
import type { Delivery, Owner, QueuedMessage, Store } from '../store/port.ts';

const CLAIM_MAX = 50;
/** Errands from the store that are under way at a time. */
const UNDER_WAY_MAX = 100;
const POLL_MS = 5_000;

export interface Claims {
  wake(): void;
  /** One errand more, or less, is under way. */
  began(): void;
  ended(): void;
  stop(): void;
}

export function createClaims(o: {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: Owner;
  take(message: QueuedMessage, deliveries: readonly Delivery[]): void;
}): Claims {
  let underWay = 0;
  let claiming = false;
  /** Of the next claim. One that was not answered is asked again under its number: it may have leased what nobody else will. */
  let number = 1;
  let woken = false;
  let stopped = false;
  let cancelPoll = o.clock.after(0, () => void claim());

  async function claim(): Promise<void> {
    if (claiming || stopped || underWay >= UNDER_WAY_MAX) return;
    claiming = true;
    woken = false;
    cancelPoll();
    try {
      await claimOnce();
    } catch {
      // The store is away: the next poll asks again.
    }
    claiming = false;
    if (stopped) return;
    if (woken && underWay < UNDER_WAY_MAX) return void claim();
    cancelPoll = o.clock.after(POLL_MS, () => void claim());
  }

  async function claimOnce(): Promise<void> {
    const { owner } = o;
    const now = o.clock.now();
    const [outcome] = await o.store.commit([
      { type: 'claim', owner, token: `${owner} ${number}`, now, max: CLAIM_MAX, exceptDomains: [] },
    ]);
    // What was leased behind the stop goes back with the rest: nobody waits for an errand that begins now.
    if (outcome.type !== 'claimed' || stopped) return;
    number += 1;
    for (const message of outcome.messages) {
      o.take(
        message,
        outcome.deliveries.filter(({ messageId }) => messageId === message.id),
      );
    }
    if (outcome.deliveries.length === CLAIM_MAX) woken = true;
  }

  return {
    wake() {
      woken = true;
      void claim();
    },
    began() {
      underWay += 1;
    },
    ended() {
      underWay -= 1;
      if (woken) void claim();
    },
    stop() {
      stopped = true;
      cancelPoll();
    },
  };
}
