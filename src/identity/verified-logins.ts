// Verified logins, remembered by a keyed hash of all that they were judged by, so that a client that logs in for every message costs no hash of its
// password, nor wakes the thread that would make it. The lookup thread keeps what it verified for minutes; a front keeps what the lookup thread let in for a minute, from the
// same address, so that the lookup thread still hears of every credential in use. Only successes are kept, and none passes that does not stand any more.

import { hash } from 'node:crypto';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import { createLru } from './lru.ts';

/** Of a front, ms. A network from which a login succeeded is known good for longer: the guessing defence would let the same credentials in as well. */
export const FRONT_KEEPS_MS = 60_000;
/** Of the lookup thread, ms. */
export const LOOKUP_KEEPS_MS = 5 * 60_000;
const ENTRIES_MAX = 10_000;

export interface VerifiedLogins<V> {
  /** Undefined: not verified, too long ago, or it does not stand any more, which ends it. */
  recall(fingerprint: string, nowMs: number, stillStands: (login: V) => boolean): V | undefined;
  remember(fingerprint: string, login: V, nowMs: number): void;
  /** Absent: all. */
  forget(isMeant?: (login: V) => boolean): void;
}

export function createVerifiedLogins<V>(keepMs: number): VerifiedLogins<V> {
  const entries = createLru<string, { readonly login: V; readonly at: number }>(ENTRIES_MAX);
  return {
    recall(fingerprint, nowMs, stillStands) {
      const entry = entries.get(fingerprint);
      if (entry === undefined) return undefined;
      // A clock that stepped back keeps nothing alive.
      const age = nowMs - entry.at;
      if (age >= 0 && age < keepMs && stillStands(entry.login)) return entry.login;
      entries.delete(fingerprint);
      return undefined;
    },
    remember(fingerprint, login, nowMs) {
      entries.set(fingerprint, { login, at: nowMs });
    },
    forget(isMeant = () => true) {
      entries.deleteWhere(({ login }) => isMeant(login));
    },
  };
}

/**
 * Of all that the lookup thread judges. `secret`: random, of this thread alone; it stands in front of what is hashed, and the hash never leaves the thread: nobody
 * can extend it. An HMAC object costs three times as much.
 */
export function loginFingerprint(secret: string, evidence: Evidence, address: string): string {
  const { mechanism, authorizationIdentity, authenticationIdentity, password } = evidence;
  // JSON keeps the parts apart, whatever they hold.
  const judged = JSON.stringify([
    mechanism,
    authorizationIdentity,
    authenticationIdentity,
    address,
    password,
  ]);
  return hash('sha256', secret + judged, 'base64');
}
