// The defence against guessed passwords (requirements D-OUT-4, F-AUTH-1): it slows down whoever guesses and never locks the owner out.
// What is counted, and for whom, is in `guess-counts.ts`; every count halves every quarter of an hour, so every block ends by itself.
//
// Over a threshold an attempt is refused at once, with the same answer and without argon2. That is no oracle: what decides
// is only how often this network has failed with this name *as typed*, and names that do not exist are counted exactly like
// names that do. Anything milder would let a flood of guesses take the hashing from those who log in. For the account as a whole an attempt is
// never refused, only delayed. From a network where the owner has logged in it is not refused at all.
//
// Each attempt is counted when it begins and taken back when it succeeds or could not be judged, so that a thousand attempts
// in parallel don't all pass on the strength of the same clean slate.

import { type Guess, GuessCounts, pairKey } from './guess-counts.ts';
import { createLru } from './lru.ts';

export interface GuessingSettings {
  readonly pair: Threshold;
  readonly network: Threshold;
  readonly account: Threshold;
  /** A count is half as much after this. */
  readonly halfLifeMs: number;
  /** How long a network stays known good for an account after its last success. */
  readonly knownGoodMs: number;
  /** Entries of each table. */
  readonly entriesMax: number;
}

interface Threshold {
  /** Failures without a delay: people mistype. */
  readonly free: number;
  /** Further failures after which the delay doubles. */
  readonly doublesEvery: number;
  readonly delayMsMax: number;
  /** Refuse without verifying from here on; absent: never. */
  readonly refuseFrom?: number;
}

export const guessingDefaults: GuessingSettings = {
  pair: { free: 3, doublesEvery: 1, delayMsMax: 20_000, refuseFrom: 20 },
  network: { free: 20, doublesEvery: 20, delayMsMax: 20_000, refuseFrom: 300 },
  account: { free: 30, doublesEvery: 30, delayMsMax: 5_000 },
  halfLifeMs: 15 * 60_000,
  knownGoodMs: 30 * 86_400_000,
  entriesMax: 10_000,
};

const FIRST_DELAY_MS = 500;

export interface LeaveToVerify {
  readonly type: 'verify';
  /** If it fails, answer no sooner than this. */
  readonly delayMs: number;
  /** The secret was right: takes the count back, forgives the pair, remembers the network. The first end of an attempt is its only one. */
  succeeded(now: number): void;
  /** It could not be judged (busy, directory away): takes the count back. */
  withdrawn(now: number): void;
}

export type Leave =
  LeaveToVerify | { readonly type: 'refuse'; readonly delayMs: number; readonly because: string };

export interface Guessing {
  /** Counts the attempt as a failure for now; every `now` is ms of a clock that never steps back. `knownGood`: the caller knows this network for this account from the store. */
  begin(attempt: Guess, now: number, knownGood?: boolean): Leave;
  isKnownGood(attempt: Pick<Guess, 'network' | 'account'>, now: number): boolean;
  /** Entries held, for tests and metrics. */
  readonly size: number;
}

export function createGuessing(
  settings: GuessingSettings = guessingDefaults,
  counts = new GuessCounts(settings.halfLifeMs, settings.entriesMax),
): Guessing {
  const knownGoodUntil = createLru<string, number>(settings.entriesMax);

  function leaveToVerify(attempt: Guess, delayMs: number, began: number): LeaveToVerify {
    const secret = counts.countOnce(attempt, began);
    let ended = false;
    function end(now: number): void {
      if (!ended) counts.takeBack(attempt, secret, now);
      ended = true;
    }
    return {
      type: 'verify',
      delayMs,
      succeeded(now) {
        end(now);
        counts.forgive(attempt);
        knownGoodUntil.set(pairKey(attempt), now + settings.knownGoodMs);
      },
      withdrawn: end,
    };
  }

  function isKnownGood(attempt: Pick<Guess, 'network' | 'account'>, now: number): boolean {
    return (knownGoodUntil.get(pairKey(attempt)) ?? 0) > now;
  }

  return {
    begin(attempt, now, knownGood = isKnownGood(attempt, now)) {
      const counted = [
        ['this network for this account', settings.pair, counts.ofPair(attempt, now)],
        ['this network', settings.network, counts.ofNetwork(attempt, now)],
        ['this account', settings.account, counts.ofAccount(attempt, now)],
      ] as const;
      // A network that is known good for the account answers for this account alone, not for its neighbours' guesses.
      const judged = knownGood ? counted.slice(0, 1) : counted;
      const delayMs = Math.max(...judged.map(([, threshold, count]) => delayOf(threshold, count)));
      const over = judged.find(([, threshold, count]) => count >= (threshold.refuseFrom ?? Infinity));
      if (over !== undefined && !knownGood) {
        const [whose, threshold, count] = over;
        const untilMs = settings.halfLifeMs * Math.log2(count / (threshold.refuseFrom ?? count));
        return {
          type: 'refuse',
          delayMs,
          because: `too many wrong secrets from ${whose}; ends in ${Math.ceil(untilMs / 1000)} s`,
        };
      }
      return leaveToVerify(attempt, delayMs, now);
    },
    isKnownGood,
    get size() {
      return counts.size + knownGoodUntil.size;
    },
  };
}

function delayOf(threshold: Threshold, count: number): number {
  if (count < threshold.free) return 0;
  const delayMs = FIRST_DELAY_MS * 2 ** ((count - threshold.free) / threshold.doublesEvery);
  return Math.round(Math.min(threshold.delayMsMax, delayMs));
}
