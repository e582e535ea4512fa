// Who used which credential, when and from where: told to the store when the network is new for it, or the note a day old, on a commit that is made anyway. What
// is noted already is read from the store where memory does not know it: with very many accounts that would be a write for each login.

import { networkOf } from '../base/address-network.ts';
import type { Clock } from '../platform/platform.ts';
import type { Identity, Proof } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { CredentialUsedChange } from '../store/port.ts';
import { createLru } from './lru.ts';

/** The use of a credential from a network is noted at most this often. */
const NOTE_EVERY_MS = 86_400_000;
const NOTED_ENTRIES_MAX = 10_000;

export type NoteCredentialUse = (identity: Identity, proof: Proof, address: string) => void;

export function createCredentialUses(o: {
  readonly clock: Clock;
  readonly lookups: Pick<Lookups, 'credentialUses'>;
  note(change: CredentialUsedChange): void;
}): NoteCredentialUse {
  const noted = createLru<string, number>(NOTED_ENTRIES_MAX);
  /** What was noted before the clock stepped back is no longer. */
  const isFresh = (at: number | undefined, now: number): boolean =>
    at !== undefined && now - at < NOTE_EVERY_MS && now >= at;

  async function lastNoted(identityId: string, credentialId: string, network: string): Promise<number> {
    const uses = await o.lookups.credentialUses(identityId);
    const times = uses.flatMap((use) =>
      use.credentialId === credentialId && networkOf(use.address) === network ? [use.at] : [],
    );
    return Math.max(0, ...times);
  }

  return (identity, proof, address) => {
    const now = o.clock.now();
    const [identityId, credentialId, network] = [identity.id, proof.id, networkOf(address)];
    const use = `${identityId} ${credentialId} ${network}`;
    if (isFresh(noted.get(use), now)) return;
    // Logins that come while the store is looked at are of this use too.
    noted.set(use, now);
    const note = (): void => o.note({ type: 'credentialUsed', identityId, credentialId, at: now, address });
    void lastNoted(identityId, credentialId, network).then((at) => {
      if (isFresh(at, now)) noted.set(use, at);
      else note();
    }, note);
  };
}
