// The defence against guessed passwords (requirements D-OUT-4, F-AUTH-1): it slows down whoever guesses and never locks the owner out.
// Failures are counted for (network, account), for the network and for the account; each count halves every quarter of an
// hour, so every block ends by itself. The same wrong secret for the same name counts once: a phone with an old password is no attack (what its hashes
// cost is charged by `hash-budget.ts`). IPv6 networks count as /64, and with wider limits as /56 and /48.
//
// Over a threshold an attempt is refused at once, with the same answer and without argon2. That is no oracle: what decides
// is only how often this network has failed with this name *as typed*, and names that do not exist are counted exactly like
// names that do. Anything milder would let a flood of guesses take the hashing from those who log in. For the account as a whole an attempt is
// never refused, only delayed. From a network where the owner has logged in it is not refused at all.
//
// Each attempt is counted when it begins and taken back when it succeeds or could not be judged, so that a thousand attempts
// in parallel don't all pass on the strength of the same clean slate. It takes back what was counted for it, and only when no
// other attempt with the same secret relies on that count: a failure stays counted, however its repetitions end.

import { createLru, type Lru } from './lru.ts';
import type { AddressNetwork } from './network.ts';

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
/** Distinct wrong secrets remembered for a pair. */
const FINGERPRINTS_MAX = 32;
/** A count this small is forgotten when something is taken back from it. */
const NOTHING_LEFT = 0.01;

export interface Attempt {
  /** Network prefix, see `networkOf`. */
  readonly network: string;
  /** Wider networks around it, see `networksOf`. */
  readonly wider?: readonly AddressNetwork[];
  /** The name as folded, whether it exists or not. */
  readonly account: string;
  /** Keyed hash of name and secret. */
  readonly fingerprint: string;
  /** Many users come from this network by design (webmail): only the pair counts there. */
  readonly shared?: boolean;
}

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
  begin(attempt: Attempt, now: number, knownGood?: boolean): Leave;
  isKnownGood(attempt: Pick<Attempt, 'network' | 'account'>, now: number): boolean;
  /** Entries held, for tests and metrics. */
  readonly size: number;
}

interface Count {
  readonly value: number;
  readonly at: number;
}

/** A wrong secret that counts once. */
interface CountedSecret {
  readonly fingerprint: string;
  readonly at: number;
  /** Those that failed, and those under way. */
  attempts: number;
}

interface PairCount extends Count {
  /** Oldest first. */
  readonly secrets: readonly CountedSecret[];
}

export function createGuessing(settings: GuessingSettings = guessingDefaults): Guessing {
  const pairs = createLru<string, PairCount>(settings.entriesMax);
  const networks = createLru<string, Count>(settings.entriesMax);
  const accounts = createLru<string, Count>(settings.entriesMax);
  const knownGoodUntil = createLru<string, number>(settings.entriesMax);

  const current = (count: Count | undefined, now: number): number => decayed(count, now, settings.halfLifeMs);

  function add(counts: Lru<string, Count>, key: string, amount: number, now: number): void {
    const value = current(counts.get(key), now) + amount;
    if (value < NOTHING_LEFT) counts.delete(key);
    else counts.set(key, { value, at: now });
  }

  function addToBoth(attempt: Attempt, amount: number, now: number): void {
    if (attempt.shared !== true) {
      add(networks, attempt.network, amount, now);
      for (const { network } of attempt.wider ?? []) add(networks, network, amount, now);
    }
    add(accounts, attempt.account, amount, now);
  }

  function countOnce(attempt: Attempt, now: number): CountedSecret {
    const key = pairKey(attempt);
    const pair = pairs.get(key);
    const remembered = pair?.secrets ?? [];
    const again = remembered.find(({ fingerprint }) => fingerprint === attempt.fingerprint);
    if (again !== undefined) {
      again.attempts += 1;
      return again;
    }
    const secret = { fingerprint: attempt.fingerprint, at: now, attempts: 1 };
    const secrets = [...remembered.slice(1 - FINGERPRINTS_MAX), secret];
    pairs.set(key, { value: current(pair, now) + 1, at: now, secrets });
    addToBoth(attempt, 1, now);
    return secret;
  }

  function takeBack(attempt: Attempt, secret: CountedSecret, now: number): void {
    secret.attempts -= 1;
    if (secret.attempts > 0) return;
    const left = current({ value: 1, at: secret.at }, now);
    addToBoth(attempt, -left, now);
    const key = pairKey(attempt);
    const pair = pairs.get(key);
    if (pair === undefined) return;
    const secrets = pair.secrets.filter((one) => one !== secret);
    // Forgiven or forgotten meanwhile: this count no longer includes it.
    if (secrets.length === pair.secrets.length) return;
    pairs.set(key, { value: Math.max(0, current(pair, now) - left), at: now, secrets });
  }

  function leaveToVerify(attempt: Attempt, delayMs: number, began: number): LeaveToVerify {
    const secret = countOnce(attempt, began);
    let ended = false;
    function end(now: number): void {
      if (!ended) takeBack(attempt, secret, now);
      ended = true;
    }
    return {
      type: 'verify',
      delayMs,
      succeeded(now) {
        end(now);
        pairs.delete(pairKey(attempt));
        knownGoodUntil.set(pairKey(attempt), now + settings.knownGoodMs);
      },
      withdrawn: end,
    };
  }

  /** The count of the network; or of a wider one, as a part of what that may have. Where many users share one by design, none. */
  function networkCount({ network, wider = [], shared }: Attempt, now: number): number {
    if (shared === true) return 0;
    const around = wider.map((one) => current(networks.get(one.network), now) / one.factor);
    return Math.max(current(networks.get(network), now), ...around);
  }

  function isKnownGood(attempt: Pick<Attempt, 'network' | 'account'>, now: number): boolean {
    return (knownGoodUntil.get(pairKey(attempt)) ?? 0) > now;
  }

  return {
    begin(attempt, now, knownGood = isKnownGood(attempt, now)) {
      const counts = [
        ['this network for this account', settings.pair, current(pairs.get(pairKey(attempt)), now)],
        ['this network', settings.network, networkCount(attempt, now)],
        ['this account', settings.account, current(accounts.get(attempt.account), now)],
      ] as const;
      // A network that is known good for the account answers for this account alone, not for its neighbours' guesses.
      const judged = knownGood ? counts.slice(0, 1) : counts;
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
      return pairs.size + networks.size + accounts.size + knownGoodUntil.size;
    },
  };
}

function decayed(count: Count | undefined, now: number, halfLifeMs: number): number {
  if (count === undefined) return 0;
  // A clock that stepped back forgives nothing and adds nothing.
  return count.value * 2 ** (-Math.max(0, now - count.at) / halfLifeMs);
}

function delayOf(threshold: Threshold, count: number): number {
  if (count < threshold.free) return 0;
  const delayMs = FIRST_DELAY_MS * 2 ** ((count - threshold.free) / threshold.doublesEvery);
  return Math.round(Math.min(threshold.delayMsMax, delayMs));
}

function pairKey(attempt: Pick<Attempt, 'network' | 'account'>): string {
  return `${attempt.network} ${attempt.account}`;
}
