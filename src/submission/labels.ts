// The pseudonymous label of a sender in `Received: from <label>.client.<hostname>` (DESIGN 3.6): HMAC of the identity under the
// key of the day. Nobody outside can tell whose it is or link two days; the operator can, while the day's key and trail live.

import { createHmac } from 'node:crypto';
import { encodeBase32 } from '../base/base32.ts';
import type { Entropy } from '../platform/platform.ts';
import type { IdentityId } from '../record/identity.ts';
import { type Store, StoreUnavailable } from '../store/port.ts';

const LABEL_OCTETS = 10;
const KEY_OCTETS = 32;

export interface Labels {
  /** Fetches the key of the day of `nowMs` once; throws `StoreUnavailable`. Call it before `label`. */
  prepare(nowMs: number): Promise<void>;
  prepared(nowMs: number): boolean;
  /** 16 lower-case letters and digits. */
  label(identityId: IdentityId, nowMs: number): string;
}

export function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}

export function labelOf(dayKey: Uint8Array, identityId: IdentityId): string {
  const digest = createHmac('sha256', dayKey).update(identityId).digest();
  return encodeBase32(digest.subarray(0, LABEL_OCTETS)).toLowerCase();
}

export function createLabels(store: Store, entropy: Entropy): Labels {
  const keys = new Map<string, Uint8Array>();

  async function fetchKey(day: string): Promise<void> {
    const [outcome] = await store.commit([{ type: 'dayKey', day, proposedKey: entropy.bytes(KEY_OCTETS) }]);
    if (outcome.type !== 'key') throw new StoreUnavailable(`no label key for ${day}: ${outcome.cause}`);
    // Transactions that began yesterday still need yesterday's key; older ones are of no use to a front.
    for (const old of [...keys.keys()].sort().slice(0, -1)) keys.delete(old);
    keys.set(day, outcome.key);
  }

  return {
    prepared: (nowMs) => keys.has(dayOf(nowMs)),
    async prepare(nowMs) {
      const day = dayOf(nowMs);
      if (!keys.has(day)) await fetchKey(day);
    },
    label(identityId, nowMs) {
      const key = keys.get(dayOf(nowMs)) ?? [...keys.values()].at(-1);
      if (key === undefined) throw new StoreUnavailable('label key was not prepared');
      return labelOf(key, identityId);
    },
  };
}
