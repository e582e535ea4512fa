// Mail from the store: what is due is leased in small portions, as much as can start, when somebody says that something is due, and now and then by itself.

import type { Clock } from '../platform/platform.ts';
import type { ClaimShare, Delivery, QueuedMessage, Store } from '../store/port.ts';
import type { Holder } from '../store/holder.ts';
import { createRound } from '../store/round.ts';

const POLL_MS = 5_000;

export interface Claims {
  wake(): void;
  /** A job ended: there may be room. */
  ended(): void;
  stop(): void;
}

export interface ClaimsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly holder: Pick<Holder, 'owner'>;
  /** What may be claimed now; empty: no destination has room. */
  shares(): readonly ClaimShare[];
  take(message: QueuedMessage, deliveries: readonly Delivery[]): void;
}

export function createClaims(options: ClaimsOptions): Claims {
  return new RunningClaims(options);
}

class RunningClaims implements Claims {
  readonly #options: ClaimsOptions;
  readonly #round = createRound();
  #claiming = false;
  /** Number of the next claim. An unanswered claim is repeated under its number: it may have leased mail that nobody else would send. */
  #number = 1;
  /** Indexes of the shares that had no room in the last claim. */
  #full: readonly number[] = [];
  #woken = false;
  #stopped = false;
  #cancelPoll: () => void;

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#cancelPoll = this.#claimAfter(0);
  }

  wake(): void {
    this.#woken = true;
    this.#round.renew();
    void this.#claim();
  }

  ended(): void {
    if (this.#woken || this.#hasNewRoom()) void this.#claim();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelPoll();
  }

  #claimAfter(delayMs: number): () => void {
    return this.#options.clock.after(delayMs, () => void this.#claim());
  }

  async #claim(): Promise<void> {
    if (this.#claiming || this.#stopped) return;
    const shares = this.#options.shares();
    if (shares.length === 0) return this.#waitForRoom();
    this.#claiming = true;
    this.#woken = false;
    this.#cancelPoll();
    try {
      await this.#claimOnce(shares);
    } catch {
      // The store is away: the next poll asks again.
    }
    this.#claiming = false;
    if (this.#stopped) return;
    if (this.#woken) return void this.#claim();
    this.#cancelPoll = this.#claimAfter(POLL_MS);
  }

  #waitForRoom(): void {
    this.#woken = true;
    this.#cancelPoll();
    this.#cancelPoll = this.#claimAfter(POLL_MS);
  }

  async #claimOnce(shares: readonly ClaimShare[]): Promise<void> {
    const { store, holder } = this.#options;
    const { owner } = holder;
    const { after } = this.#round;
    this.#full = [...shares.keys()].filter((at) => shares[at]?.max === 0);
    const token = `${owner} ${this.#number}`;
    const [outcome] = await store.commit([
      { type: 'claim', owner, token, shares, ...(after === undefined ? {} : { after }) },
    ]);
    // What was leased after the stop goes back with the rest: nobody waits for a job that begins now.
    if (outcome.type !== 'claimed' || this.#stopped) return;
    this.#number += 1;
    // This node was taken for dead meanwhile: others have it.
    if (owner !== holder.owner) return;
    for (const message of outcome.messages) {
      const deliveries = outcome.deliveries.filter(({ messageId }) => messageId === message.id);
      this.#options.take(message, deliveries);
    }
    this.#woken ||= this.#round.took(outcome);
  }

  /** A share without room in the last claim has some now: mail for it was not looked for. */
  #hasNewRoom(): boolean {
    if (this.#full.length === 0) return false;
    const shares = this.#options.shares();
    return this.#full.some((at) => (shares[at]?.max ?? 0) > 0);
  }
}
