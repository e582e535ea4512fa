// The cost of password hashes, charged to the networks that cause them (requirements F-AUTH-6): before each hash, whether the client waits for its answer
// or not, and whether the guess is new or not. The right secret takes its charge back. A network that has spent its budget gets 454 without a hash:
// that is no verdict, so it tells nothing about the account and makes nobody give up a password that is right.
// After that, each IPv4 address in the network still has a few hashes of its own, and so has each account known from there: a flood from its
// neighbours doesn't keep a user out. The result of a hash for such an account is told only if the secret was right, else 454: whether a name exists
// must not be seen from outside.

import { createLru } from './lru.ts';
import type { AddressNetwork } from './network.ts';

export interface HashBudgetSettings {
  /** Hashes in a burst that led to no login. */
  readonly burst: number;
  /** Hashes that come back each second. */
  readonly perSecond: number;
  /** Factor on both for networks from which somebody logged in lately. */
  readonly knownFactor: number;
  /** What each address, and each account known from a network, has of its own once the network's are spent: at once, and back each second. */
  readonly own: { readonly burst: number; readonly perSecond: number };
  readonly entriesMax: number;
}

export const hashBudgetDefaults: HashBudgetSettings = {
  burst: 40,
  perSecond: 1,
  knownFactor: 3,
  // A whole /24 that is one attacker's has four more a second by it.
  own: { burst: 3, perSecond: 1 / 60 },
  entriesMax: 10_000,
};

export interface HashPayer {
  /** The smallest one first. */
  readonly networks: readonly AddressNetwork[];
  readonly known: boolean;
  /** Keys of its own shares: its address, the account that is known from there. */
  readonly own?: readonly string[];
  /** Many users come from there by design: what one of them costs must not shut out the others. Only the turns at the gate bound those. */
  readonly shared?: boolean | undefined;
}

export interface HashCharge {
  /** Takes the charge back, once. */
  takeBack(now: number): void;
}

export interface HashBudget {
  /** One hash; undefined: there is nothing left for it, and nothing was charged. `now`: ms of a clock that never steps back. */
  charge(payer: HashPayer, now: number): HashCharge | undefined;
}

/** The budget of a network, address or account. */
interface Purse {
  readonly name: string;
  readonly burst: number;
  readonly perSecond: number;
}

interface Debt {
  readonly hashes: number;
  readonly at: number;
}

export function createHashBudget(settings: HashBudgetSettings = hashBudgetDefaults): HashBudget {
  const debts = createLru<string, Debt>(settings.entriesMax);

  function debtOf({ name, perSecond }: Purse, now: number): number {
    const debt = debts.get(name);
    return debt === undefined ? 0 : Math.max(0, debt.hashes - ((now - debt.at) / 1000) * perSecond);
  }

  function change(purses: readonly Purse[], now: number, by: 1 | -1): void {
    for (const purse of purses) {
      const hashes = debtOf(purse, now) + by;
      if (hashes <= 0) debts.delete(purse.name);
      else debts.set(purse.name, { hashes, at: now });
    }
  }

  function pursesOfNetworks({ networks, known }: HashPayer): readonly Purse[] {
    return networks.map(({ network, factor }) => {
      const times = factor * (known ? settings.knownFactor : 1);
      return { name: network, burst: settings.burst * times, perSecond: settings.perSecond * times };
    });
  }

  /** The networks' together, else the first of its own that has something left. */
  function pursesFor(payer: HashPayer, now: number): readonly Purse[] | undefined {
    if (payer.shared === true) return [];
    const own = (payer.own ?? []).map((name) => [{ name: `own ${name}`, ...settings.own }]);
    return [pursesOfNetworks(payer), ...own].find((purses) =>
      purses.every((purse) => debtOf(purse, now) + 1 <= purse.burst),
    );
  }

  return {
    charge(payer, now) {
      const purses = pursesFor(payer, now);
      if (purses === undefined) return undefined;
      change(purses, now, 1);
      let isCharged = true;
      return {
        takeBack(later) {
          if (isCharged) change(purses, later, -1);
          isCharged = false;
        },
      };
    },
  };
}
