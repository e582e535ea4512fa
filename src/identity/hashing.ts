// All argon2 calls go through here: each hash is charged to the networks of the client, waits its turn, and is refused as `busy` when either has no room.

import type { Clock } from '../platform/platform.ts';
import { createHashBudget, type HashBudget } from './hash-budget.ts';
import { createKdfGate, type KdfGate } from './kdf-gate.ts';
import { createLru } from './lru.ts';
import { type AddressNetwork, connectionNetworkOf, networksOf } from './network.ts';
import { verifyPassword } from './password.ts';

/** The client that an attempt to log in comes from. */
export interface Asker {
  readonly networks: readonly AddressNetwork[];
  readonly shared: boolean;
  /** Its own share of hashes, see `hash-budget.ts`. */
  readonly own: readonly string[];
  /** Set if the attempt is for an account that has logged in from there. */
  readonly account?: string;
}

export interface Hashed {
  readonly isRight: boolean;
  /** The hash led to a login: it costs nothing. */
  paysOff(): void;
}

export interface Hashing {
  askerAt(address: string, shared: boolean): Asker;
  /** The same, as one who asks for this account, which has logged in from there. */
  askerFor(asker: Asker, account: string): Asker;
  /** One argon2. The charge stays until `paysOff`. */
  verify(asker: Asker, phc: string | undefined, password: string): Promise<Hashed | 'busy'>;
  /** Somebody logged in from there lately, by whatever credential. */
  markKnown(asker: Asker): void;
}

const KNOWN_MS = 86_400_000;
const KNOWN_ENTRIES_MAX = 10_000;

export function createHashing(o: {
  readonly clock: Clock;
  readonly gate?: KdfGate | undefined;
  readonly budget?: HashBudget | undefined;
  /** Exactly one argon2; replaced where its calls are counted. */
  readonly verify?: typeof verifyPassword | undefined;
}): Hashing {
  const { clock, gate = createKdfGate(), budget = createHashBudget(), verify = verifyPassword } = o;
  const knownUntil = createLru<string, number>(KNOWN_ENTRIES_MAX);
  const nameOf = ({ networks }: Asker): string => networks[0]?.network ?? '';

  function payerOf(asker: Asker) {
    const known = (knownUntil.get(nameOf(asker)) ?? 0) > clock.monotonic();
    return { ...asker, network: nameOf(asker), known };
  }

  return {
    askerAt(address, shared) {
      const networks = networksOf(address);
      // The holder of a /64 has all addresses in it.
      const own = networks.length === 1 ? [connectionNetworkOf(address)] : [];
      return { networks, shared, own };
    },
    askerFor: (asker, account) => ({ ...asker, account, own: [...asker.own, `${nameOf(asker)} ${account}`] }),
    async verify(asker, phc, password) {
      const payer = payerOf(asker);
      const charge = budget.charge(payer, clock.monotonic());
      if (charge === undefined) return 'busy';
      const paysOff = () => charge.takeBack(clock.monotonic());
      const hashed = await gate.run(payer, () => verify(phc, password));
      if (hashed.type === 'done') return { isRight: hashed.value, paysOff };
      paysOff();
      return 'busy';
    },
    markKnown: (asker) => knownUntil.set(nameOf(asker), clock.monotonic() + KNOWN_MS),
  };
}
