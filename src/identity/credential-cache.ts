// Verified credentials, remembered for minutes by keyed fingerprint, so that a client that logs in for every message
// does not cost an argon2 each time. Only successes are kept, with the revision of the identity: any change ends them.

import type { IdentityId } from '../record/identity.ts';
import { createLru } from './lru.ts';

export interface RememberedCredential {
  readonly identityId: IdentityId;
  readonly revision: number;
  readonly credentialId: string;
}

export interface CredentialCache {
  recall(fingerprint: string, now: number): RememberedCredential | undefined;
  remember(fingerprint: string, credential: RememberedCredential, now: number): void;
  forget(identityId: IdentityId): void;
}

const ENTRIES_MAX = 10_000;

export function createCredentialCache(keepMs: number): CredentialCache {
  const entries = createLru<string, RememberedCredential & { readonly until: number }>(ENTRIES_MAX);
  return {
    recall(fingerprint, now) {
      const entry = entries.get(fingerprint);
      if (entry === undefined) return undefined;
      // Also after the clock stepped back: nothing is remembered for longer than `keepMs` of anybody's time.
      if (entry.until > now && entry.until <= now + keepMs) return entry;
      entries.delete(fingerprint);
      return undefined;
    },
    remember(fingerprint, credential, now) {
      entries.set(fingerprint, { ...credential, until: now + keepMs });
    },
    forget(identityId) {
      entries.deleteWhere((entry) => entry.identityId === identityId);
    },
  };
}
