// How often secrets were wrong: counted for (network, account), for the network and for the account; each count halves every half-life.
// The same wrong secret for the same name counts once: a phone with an old password is no attack (what its hashes cost is charged by
// `hash-budget.ts`). IPv6 networks count as /64, and with wider limits as /56 and /48. An attempt takes back what was counted for it, and only when
// no other attempt with the same secret relies on that count: a failure stays counted, however its repetitions end.

import { createLru, type Lru } from './lru.ts';
import type { AddressNetwork } from './network.ts';

/** Distinct wrong secrets remembered for a pair. */
const FINGERPRINTS_MAX = 32;
/** A count this small is forgotten when something is taken back from it. */
const NOTHING_LEFT = 0.01;

export interface Guess {
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

export interface Count {
  readonly value: number;
  readonly at: number;
}

/** A wrong secret that counts once. */
export interface CountedSecret {
  readonly fingerprint: string;
  readonly at: number;
  /** Those that failed, and those under way. */
  attempts: number;
}

interface PairCount extends Count {
  /** Oldest first. */
  readonly secrets: readonly CountedSecret[];
}

/** Every `now` is ms of a clock that never steps back. */
export class GuessCounts {
  readonly #halfLifeMs: number;
  readonly #pairs: Lru<string, PairCount>;
  readonly #networks: Lru<string, Count>;
  readonly #accounts: Lru<string, Count>;
  /** Of other processes, by name. */
  readonly #others: Lru<string, Count>;

  /** `entriesMax`: of each table. */
  constructor(halfLifeMs: number, entriesMax: number) {
    this.#halfLifeMs = halfLifeMs;
    this.#pairs = createLru(entriesMax);
    this.#networks = createLru(entriesMax);
    this.#accounts = createLru(entriesMax);
    this.#others = createLru(entriesMax);
  }

  ofPair(attempt: Guess, now: number): number {
    const key = pairKey(attempt);
    return this.#current(this.#pairs.get(key), now) + this.#ofOthers('pair', key, now);
  }

  /** The count of the network; or of a wider one, as a part of what that may have. Where many users share one by design, none. */
  ofNetwork({ network, wider = [], shared }: Guess, now: number): number {
    if (shared === true) return 0;
    const around = wider.map((one) => this.#inNetwork(one.network, now) / one.factor);
    return Math.max(this.#inNetwork(network, now), ...around);
  }

  ofAccount({ account }: Guess, now: number): number {
    return this.#current(this.#accounts.get(account), now) + this.#ofOthers('account', account, now);
  }

  /** Own counts, each with when it changed last and its name, which other processes give to it too. */
  *own(): Iterable<{ readonly name: string; readonly count: Count }> {
    const tables = { pair: this.#pairs, network: this.#networks, account: this.#accounts } as const;
    for (const kind of ['pair', 'network', 'account'] as const)
      for (const [key, count] of tables[kind].entries()) yield { name: nameOf(kind, key), count };
  }

  /** What other processes have counted under that name, all together. */
  heardOf(name: string, value: number, now: number): void {
    if (value < NOTHING_LEFT) this.#others.delete(name);
    else this.#others.set(name, { value, at: now });
  }

  countOnce(attempt: Guess, now: number): CountedSecret {
    const key = pairKey(attempt);
    const pair = this.#pairs.get(key);
    const remembered = pair?.secrets ?? [];
    const again = remembered.find(({ fingerprint }) => fingerprint === attempt.fingerprint);
    if (again !== undefined) {
      again.attempts += 1;
      return again;
    }
    const secret = { fingerprint: attempt.fingerprint, at: now, attempts: 1 };
    const secrets = [...remembered.slice(1 - FINGERPRINTS_MAX), secret];
    this.#pairs.set(key, { value: this.#current(pair, now) + 1, at: now, secrets });
    this.#addToBoth(attempt, 1, now);
    return secret;
  }

  takeBack(attempt: Guess, secret: CountedSecret, now: number): void {
    secret.attempts -= 1;
    if (secret.attempts > 0) return;
    const left = this.#current({ value: 1, at: secret.at }, now);
    this.#addToBoth(attempt, -left, now);
    const key = pairKey(attempt);
    const pair = this.#pairs.get(key);
    if (pair === undefined) return;
    const secrets = pair.secrets.filter((one) => one !== secret);
    // Forgiven or forgotten meanwhile: this count no longer includes it.
    if (secrets.length === pair.secrets.length) return;
    this.#pairs.set(key, { value: Math.max(0, this.#current(pair, now) - left), at: now, secrets });
  }

  /** Nothing is held against this account in this network any more. */
  forgive(attempt: Guess): void {
    this.#pairs.delete(pairKey(attempt));
  }

  get size(): number {
    return this.#pairs.size + this.#networks.size + this.#accounts.size + this.#others.size;
  }

  #addToBoth(attempt: Guess, amount: number, now: number): void {
    if (attempt.shared !== true) {
      this.#add(this.#networks, attempt.network, amount, now);
      for (const { network } of attempt.wider ?? []) this.#add(this.#networks, network, amount, now);
    }
    this.#add(this.#accounts, attempt.account, amount, now);
  }

  #add(counts: Lru<string, Count>, key: string, amount: number, now: number): void {
    const value = this.#current(counts.get(key), now) + amount;
    if (value < NOTHING_LEFT) counts.delete(key);
    else counts.set(key, { value, at: now });
  }

  #current(count: Count | undefined, now: number): number {
    return decayed(count, now, this.#halfLifeMs);
  }

  #inNetwork(network: string, now: number): number {
    return this.#current(this.#networks.get(network), now) + this.#ofOthers('network', network, now);
  }

  #ofOthers(kind: Kind, key: string, now: number): number {
    if (this.#others.size === 0) return 0;
    return this.#current(this.#others.get(nameOf(kind, key)), now);
  }
}

type Kind = 'pair' | 'network' | 'account';

function nameOf(kind: Kind, key: string): string {
  return `${kind} ${key}`;
}

export function decayed(count: Count | undefined, now: number, halfLifeMs: number): number {
  if (count === undefined) return 0;
  // A clock that stepped back forgives nothing and adds nothing.
  return count.value * 2 ** (-Math.max(0, now - count.at) / halfLifeMs);
}

export function pairKey(attempt: Pick<Guess, 'network' | 'account'>): string {
  return `${attempt.network} ${attempt.account}`;
}
