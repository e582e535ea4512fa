// The lookup thread: authentication and look-ups. It reads the store over a connection of its own, so that look-ups never hold up commits, checks
// credentials for all fronts, and so owns the only password gate, cache, guessing defence and line to a directory of the process.

import { networkList } from '../base/network-list.ts';
import { type Asking, createAuthenticator } from '../identity/authenticator.ts';
import { openDirectories } from '../identity/directory/directories.ts';
import { createFactorGuesses, type FactorQuestion } from '../identity/factor-guesses.ts';
import { GuessCounts } from '../identity/guess-counts.ts';
import { createGuessing, guessingDefaults } from '../identity/guessing.ts';
import { createHashing } from '../identity/hashing.ts';
import type { verifyPassword } from '../identity/password.ts';
import { shareGuesses } from '../identity/shared-guesses.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { EngineChoice } from '../store/engine-choice.ts';
import type { Lookups } from '../store/lookups.ts';
import { lookupAnswerer } from '../store/remote-lookups.ts';
import { createRemoteStore } from '../store/remote.ts';
import type { StoreThreadNotice } from './store-thread-notice.ts';
import type { ThreadBody } from './thread-body.ts';

const WRITER_OCTETS = 16;

export interface LookupBirth {
  readonly store: EngineChoice;
  readonly settings: LookupSettings;
}

/** Settings that a reload replaces. */
export interface LookupSettings {
  readonly domains: readonly string[];
  /** Networks that many users share by design. */
  readonly shared: readonly string[];
}

export type LookupThreadQuestion =
  | {
      readonly authenticate: Evidence;
      readonly from: Asking;
    }
  | { readonly factor: FactorQuestion }
  | { readonly settings: LookupSettings };

export interface LookupPorts {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly lookups: Lookups;
  /** How long a password takes to verify is up to it; by default argon2 in a thread of the pool. */
  readonly verify?: typeof verifyPassword | undefined;
}

export function createLookupBody(birth: Pick<LookupBirth, 'settings'>, ports: LookupPorts): ThreadBody {
  const { clock, entropy, lookups, verify } = ports;
  let domains: ReadonlySet<string> = new Set(birth.settings.domains);
  let isShared = networkList(birth.settings.shared);
  const store = createRemoteStore({
    clock,
    stage: () => Promise.reject(new Error('the lookup thread stages nothing')),
  });
  const { halfLifeMs, entriesMax } = guessingDefaults;
  const counts = new GuessCounts(halfLifeMs, entriesMax);
  const writer = Buffer.from(entropy.bytes(WRITER_OCTETS)).toString('hex');
  const sharedGuesses = shareGuesses({ counts, halfLifeMs, store, clock, writer });
  const hashing = createHashing({ clock, verify });
  const directories = openDirectories({ lookups, store, clock, entropy, hashing });
  // Who a mailbox belongs to, a directory may know before the store does.
  const known: Lookups = { ...lookups, identityByAddress: (address) => directories.byAddress(address) };
  const guessing = createGuessing(guessingDefaults, counts);
  const factorGuesses = createFactorGuesses({ guessing, clock, isShared: (address) => isShared(address) });
  const authenticator = createAuthenticator({
    ...{ directories, lookups, clock, entropy, hashing, guessing },
    settings: { domains: () => domains, isShared: (address) => isShared(address) },
    // Last use is a convenience: a commit that fails is not repeated, the next use writes it again.
    note: (change) => void store.commit([change]).catch(() => undefined),
  });

  function answer(asked: LookupThreadQuestion): unknown {
    if ('authenticate' in asked) return authenticator.authenticate(asked.authenticate, asked.from);
    if ('factor' in asked) return factorGuesses(asked.factor);
    domains = new Set(asked.settings.domains);
    isShared = networkList(asked.settings.shared);
    return true;
  }

  function noticed(heard: StoreThreadNotice): void {
    if (heard.type === 'identityChanged') authenticator.forget(heard.identityId);
    // Where other nodes write too, each pulse tells of the lease.
    if (heard.type === 'lease') void sharedGuesses.exchange();
  }

  return {
    greet(peer, open) {
      if (peer === 'store')
        return store.connect(open({ notice: (notice) => noticed(notice as StoreThreadNotice) }));
      const answerer = lookupAnswerer(known);
      open({
        answer: (question) =>
          answerer.isLookup(question) ? answerer.answer(question) : answer(question as LookupThreadQuestion),
        closed: () => answerer.close(),
      });
    },
  };
}
