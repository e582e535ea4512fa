// Processes that share a store add up what each has counted of wrong secrets, so that an attack that is spread over them meets nearly the limits of one. With each pulse this one tells its own
// counts, and hears those of the others for what it counts itself. All decay alike, so only what happened has to be told. Which secrets they were stays here. Names are told as digests: they are
// short, and what somebody typed as a name is kept nowhere.

import { createHash } from 'node:crypto';
import type { Clock } from '../platform/platform.ts';
import { GUESSES_MAX, type OtherGuessCount, type OwnGuessCount } from '../store/guesses.ts';
import type { Store } from '../store/port.ts';
import { type Count, decayed, type GuessCounts } from './guess-counts.ts';
import { createLru } from './lru.ts';

/** One wrong secret is not told: people mistype. */
const TOLD_FROM = 2;
/** Counts from here on are looked after: one wrong secret of the last half-life. */
const LEAST = 0.5;
/** A smaller difference is not told. */
const DIFFERENCE = 0.5;
const TOLD_MAX = 10_000;

export interface SharedGuesses {
  /** To be called with each pulse; never rejects. One at a time: else nothing is done. */
  exchange(): Promise<void>;
}

/** `writer`: of this process, no other ever has the same. */
export function shareGuesses(o: {
  readonly counts: GuessCounts;
  readonly halfLifeMs: number;
  readonly store: Pick<Store, 'commit'>;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly writer: string;
}): SharedGuesses {
  const { counts, halfLifeMs, store, clock, writer } = o;
  /** What stands in the store of ours, by name. */
  const told = createLru<string, Count>(TOLD_MAX);
  let asking = false;

  function toTell(now: number): readonly OwnGuessCount[] {
    const own = new Map<string, number>();
    for (const { name, count } of counts.own()) {
      const value = decayed(count, now, halfLifeMs);
      if (value >= LEAST) own.set(name, value);
    }
    // Taken back or forgiven meanwhile.
    for (const [name, count] of told.entries())
      if (!own.has(name) && decayed(count, now, halfLifeMs) >= LEAST) own.set(name, 0);
    const all = [...own].map(([name, value]) => {
      const left = value < TOLD_FROM ? 0 : value;
      const isTold = Math.abs(left - decayed(told.peek(name), now, halfLifeMs)) < DIFFERENCE;
      return { name, value, ...(isTold ? {} : { count: left }) };
    });
    const rank = ({ count, value }: (typeof all)[number]): number => (count === undefined ? 0 : 1e9) + value;
    const first = all.length <= GUESSES_MAX ? all : all.sort((one, other) => rank(other) - rank(one));
    return first
      .slice(0, GUESSES_MAX)
      .map(({ name, count }) => ({ name, ...(count === undefined ? {} : { count }) }));
  }

  function heard(asked: readonly OwnGuessCount[], others: readonly OtherGuessCount[], now: number): void {
    const sums = new Map<string, number>();
    for (const { name, count, ageMs } of others)
      sums.set(name, (sums.get(name) ?? 0) + decayed({ value: count, at: 0 }, ageMs, halfLifeMs));
    for (const { name } of asked) counts.heardOf(name, sums.get(digestOf(name)) ?? 0, now);
  }

  async function exchange(): Promise<void> {
    const now = clock.monotonic();
    const own = toTell(now);
    if (own.length === 0) return;
    const change = {
      type: 'guesses',
      writer,
      counts: own.map((one) => ({ ...one, name: digestOf(one.name) })),
    } as const;
    const [outcome] = await store.commit([change]);
    if (outcome.type !== 'guesses') return;
    for (const { name, count } of own) {
      if (count === 0) told.delete(name);
      else if (count !== undefined) told.set(name, { value: count, at: now });
    }
    heard(own, outcome.others, clock.monotonic());
  }

  return {
    async exchange() {
      if (asking) return;
      asking = true;
      // The store is away: what was heard decays, and what happens meanwhile is told later.
      await exchange().catch(() => undefined);
      asking = false;
    },
  };
}

function digestOf(name: string): string {
  return createHash('sha256').update(name).digest('base64url').slice(0, 22);
}
