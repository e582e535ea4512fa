// Logins that were verified a moment ago, remembered where sessions are served, so that a client that logs in for every message does not wake
// the desk each time. Only logins that the desk accepted are kept, under a keyed hash of everything they were judged by, for a minute at most: the
// desk still hears of every credential in use. A network from which a login succeeded is known good for it, so that the guessing
// defence would let the same credentials in as well. Any change of the identity ends it (`stillStands`).

import { hash } from 'node:crypto';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { Principal } from '../record/identity.ts';
import { createLru } from './lru.ts';

export interface VerifiedLogins {
  recall(evidence: Evidence, address: string, nowMs: number): Principal | undefined;
  remember(evidence: Evidence, address: string, principal: Principal, nowMs: number): void;
  /** Call it when notices of changes may have been lost, or names may mean something else. */
  forgetAll(): void;
}

export const KEPT_MS = 60_000;
const ENTRIES_MAX = 10_000;

interface Entry {
  readonly principal: Principal;
  /** Ms of the wall clock. */
  readonly at: number;
}

export function createVerifiedLogins(o: {
  /** Random, of this thread alone. */
  readonly key: Uint8Array;
  stillStands(principal: Principal, nowMs: number): boolean;
}): VerifiedLogins {
  let entries = createLru<string, Entry>(ENTRIES_MAX);
  // In front of what is hashed, and the hash never leaves this thread: nobody can extend it. An HMAC object costs three times as much.
  const secret = Buffer.from(o.key).toString('base64');

  function nameOf(evidence: Evidence, address: string): string {
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

  return {
    recall(evidence, address, nowMs) {
      const name = nameOf(evidence, address);
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      // A clock that stepped back keeps nothing alive.
      const age = nowMs - entry.at;
      if (age >= 0 && age < KEPT_MS && o.stillStands(entry.principal, nowMs)) return entry.principal;
      entries.delete(name);
      return undefined;
    },
    remember(evidence, address, principal, nowMs) {
      entries.set(nameOf(evidence, address), { principal, at: nowMs });
    },
    forgetAll() {
      entries = createLru(ENTRIES_MAX);
    },
  };
}
