// The pseudonymous label of a sender in `Received: from <label>.client.<hostname>`: HMAC of the identity under the
// key of the day. Nobody outside can tell whose it is or link two days; the operator can, while the day's key and trail live.

import { createHmac } from 'node:crypto';
import { encodeBase32 } from '../base/base32.ts';
import type { Entropy } from '../platform/platform.ts';
import type { IdentityId } from '../record/identity.ts';
import { type Store, StoreUnavailable } from '../store/port.ts';
import type { SharedKeyName } from '../store/shared-key.ts';

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

/** The key of the labels of a day. */
export function labelKeyOf(nowMs: number): SharedKeyName {
  return { purpose: 'label', period: dayOf(nowMs) };
}

export function labelOf(dayKey: Uint8Array, identityId: IdentityId): string {
  const digest = createHmac('sha256', dayKey).update(identityId).digest();
  return encodeBase32(digest.subarray(0, LABEL_OCTETS)).toLowerCase();
}

/** Labels in the cache: an HMAC costs more than all the rest of a Received line. */
const KEPT_MAX = 10_000;
const DAY_MS = 86_400_000;

interface Day {
  readonly key: Uint8Array;
  readonly labels: Map<IdentityId, string>;
}

export function createLabels(store: Store, entropy: Entropy): Labels {
  /** By number of the day. */
  const days = new Map<number, Day>();
  const dayNumber = (nowMs: number): number => Math.floor(nowMs / DAY_MS);

  async function fetchKey(nowMs: number): Promise<void> {
    const name = labelKeyOf(nowMs);
    const [outcome] = await store.commit([
      { type: 'sharedKey', ...name, proposedKey: entropy.bytes(KEY_OCTETS) },
    ]);
    if (outcome.type !== 'key')
      throw new StoreUnavailable(`no label key for ${name.period}: ${outcome.cause}`);
    // Transactions that began yesterday still need yesterday's key; a front needs no older one.
    for (const old of [...days.keys()].sort((one, other) => one - other).slice(0, -1)) days.delete(old);
    days.set(dayNumber(nowMs), { key: outcome.key, labels: new Map() });
  }

  return {
    prepared: (nowMs) => days.has(dayNumber(nowMs)),
    async prepare(nowMs) {
      if (!days.has(dayNumber(nowMs))) await fetchKey(nowMs);
    },
    label(identityId, nowMs) {
      const day = days.get(dayNumber(nowMs)) ?? [...days.values()].at(-1);
      if (day === undefined) throw new StoreUnavailable('label key was not prepared');
      let label = day.labels.get(identityId);
      if (label === undefined) {
        label = labelOf(day.key, identityId);
        if (day.labels.size >= KEPT_MAX) day.labels.clear();
        day.labels.set(identityId, label);
      }
      return label;
    },
  };
}
