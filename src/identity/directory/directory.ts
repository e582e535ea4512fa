// A directory: a place where people are kept. It says who they are, and whether a password is theirs; app passwords, rights, limits and state are ours, whoever keeps the
// person, and stand in an identity of our store.

import type { Clock, Entropy } from '../../platform/platform.ts';
import type { Identity, Proof } from '../../record/identity.ts';
import type { Lookups } from '../../store/lookups.ts';
import type { Store } from '../../store/port.ts';
import type { ShownIdentity } from '../../store/shown-identity.ts';
import type { Asker, Hashing } from '../hashing.ts';

export type JudgedPassword =
  /** `paysOff`: it led to a login, and what it cost is given back. */
  | { readonly type: 'right'; readonly proof: Proof; paysOff?(): void }
  /** `cause`: for the record only. */
  | { readonly type: 'wrong'; readonly cause: string }
  /** There was no room to find out. */
  | { readonly type: 'busy' };

/** What can't be asked rejects: that is no answer, and nobody else is asked instead, who may know a namesake. */
export interface Directory {
  /** Whom it keeps by this login (see `loginCandidates`), whatever their state. The identity stands in the store, or does when this resolves. */
  byLogin(login: string): Promise<Identity | undefined>;
  /** Whom it keeps with this canonical address. Strangers ask, so it makes nothing. */
  byAddress(address: string): Promise<ShownIdentity | undefined>;
  /** `identity`: one that it keeps; undefined: nobody, which costs the same and is wrong, and the password goes no further. Whether the identity may log in is looked at afterwards. */
  password(identity: Identity | undefined, password: string, asker: Asker): Promise<JudgedPassword>;
}

/** What a directory stands on. */
export interface DirectoryPorts {
  readonly lookups: Lookups;
  readonly store: Pick<Store, 'commit'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly entropy: Entropy;
  readonly hashing: Pick<Hashing, 'verify'>;
}

export type OpenDirectory = (ports: DirectoryPorts) => Directory;
