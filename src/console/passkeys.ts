// The challenges of passkeys: each random, for one answer within five minutes, kept in memory. The name and the origin are those of the console, never what a request says.

import { type Challenge, relyingPartyOf } from '../administration/passkeys.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import { dropOldestOfMost } from '../base/oldest-of-most.ts';

export const CHALLENGE_MS = 5 * 60_000;
/** The oldest gives way of whoever has most of them. */
export const CHALLENGES_MAX = 1000;
const CHALLENGE_OCTETS = 32;

export interface Passkeys {
  /** A new one; `whose`: a session or a sign-in that is half way. The one before counts no more. `person`: who is asked. */
  ask(whose: string, person: string): Challenge;
  /** Used up by this. Undefined: none was asked for, or too long ago. */
  take(whose: string): Challenge | undefined;
}

/** Undefined: browsers make no passkeys for such an origin. */
export function passkeysAt(
  origin: string,
  { clock, entropy }: { readonly clock: Pick<Clock, 'monotonic'>; readonly entropy: Entropy },
): Passkeys | undefined {
  const party = relyingPartyOf(origin);
  if (party === undefined) return undefined;
  const asked = new Map<
    string,
    { readonly challenge: Challenge; readonly until: number; readonly person: string }
  >();
  return {
    ask(whose, person) {
      asked.delete(whose);
      if (asked.size >= CHALLENGES_MAX) dropOldestOfMost(asked, (one) => one.person);
      const random = Buffer.from(entropy.bytes(CHALLENGE_OCTETS)).toString('base64url');
      const challenge = { ...party, challenge: random };
      asked.set(whose, { challenge, until: clock.monotonic() + CHALLENGE_MS, person });
      return challenge;
    },
    take(whose) {
      const found = asked.get(whose);
      asked.delete(whose);
      return found !== undefined && clock.monotonic() < found.until ? found.challenge : undefined;
    },
  };
}
