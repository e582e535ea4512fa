// Who used which credential, when and from where: told to the store now and then, on a commit that is made anyway.

import type { Clock } from '../platform/platform.ts';
import type { Credential, Identity } from '../record/identity.ts';
import type { CredentialUsedChange } from '../store/port.ts';
import { createLru } from './lru.ts';

/** A credential's use is noted at most this often. */
const NOTE_EVERY_MS = 5 * 60_000;
const NOTED_ENTRIES_MAX = 10_000;

export type NoteCredentialUse = (identity: Identity, credential: Credential, address: string) => void;

export function createCredentialUses(o: {
  readonly clock: Clock;
  note(change: CredentialUsedChange): void;
}): NoteCredentialUse {
  const noted = createLru<string, number>(NOTED_ENTRIES_MAX);
  return (identity, credential, address) => {
    const now = o.clock.now();
    const use = `${identity.id} ${credential.id}`;
    const last = noted.get(use);
    if (last !== undefined && now - last < NOTE_EVERY_MS && now >= last) return;
    noted.set(use, now);
    o.note({
      type: 'credentialUsed',
      identityId: identity.id,
      credentialId: credential.id,
      at: now,
      address,
    });
  };
}
