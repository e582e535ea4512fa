// What password hashes cost, charged to the networks that ask for them (requirements F-AUTH-6): before each hash, whether the client waits for its answer
// or not, and whether the guess is a new one or not. The right secret takes its charge back. A network that has spent what it may hears 454 without a hash:
// that is no verdict, so it tells nothing about the account and makes nobody give up a password that is right.

import { createLru } from './lru.ts';
import type { AddressNetwork } from './network.ts';

export interface HashBudgetSettings {
  /** Hashes at once that nothing came of. */
  readonly burst: number;
  /** So many come back each second. */
  readonly perSecond: number;
  /** Both, so many times, for networks from which somebody logged in lately. */
  readonly knownFactor: number;
  readonly entriesMax: number;
}

export const hashBudgetDefaults: HashBudgetSettings = {
  burst: 40,
  perSecond: 1,
  knownFactor: 3,
  entriesMax: 10_000,
};

export interface HashPayer {
  /** The smallest one first. */
  readonly networks: readonly AddressNetwork[];
  readonly known: boolean;
  /** Many users come from there by design: what one of them costs must not shut out the others. Only the turns at the gate bound those. */
  readonly shared?: boolean | undefined;
}

export interface HashBudget {
  /** One hash; false: there is nothing left for it, and nothing was charged. `now`: ms of a clock that never steps back. */
  charge(payer: HashPayer, now: number): boolean;
  takeBack(payer: HashPayer, now: number): void;
}

interface Debt {
  readonly hashes: number;
  readonly at: number;
}

export function createHashBudget(settings: HashBudgetSettings = hashBudgetDefaults): HashBudget {
  const debts = createLru<string, Debt>(settings.entriesMax);

  const factorOf = ({ known }: HashPayer): number => (known ? settings.knownFactor : 1);

  function debtOf(network: string, perSecond: number, now: number): number {
    const debt = debts.get(network);
    return debt === undefined ? 0 : Math.max(0, debt.hashes - ((now - debt.at) / 1000) * perSecond);
  }

  function change(payer: HashPayer, now: number, by: 1 | -1): void {
    if (payer.shared === true) return;
    for (const { network, factor } of payer.networks) {
      const hashes = debtOf(network, settings.perSecond * factor * factorOf(payer), now) + by;
      if (hashes <= 0) debts.delete(network);
      else debts.set(network, { hashes, at: now });
    }
  }

  return {
    charge(payer, now) {
      const times = factorOf(payer);
      if (payer.shared === true) return true;
      const hasLeft = payer.networks.every(
        ({ network, factor }) =>
          debtOf(network, settings.perSecond * factor * times, now) + 1 <= settings.burst * factor * times,
      );
      if (hasLeft) change(payer, now, 1);
      return hasLeft;
    },
    takeBack: (payer, now) => change(payer, now, -1),
  };
}
