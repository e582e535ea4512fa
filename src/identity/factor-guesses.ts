// Guesses at a second factor: counted by the defence of passwords (`guessing.ts`), for the same networks, and for an account under a name of its own. A right password forgives none
// of them: whoever guesses here knows it. A recovery code is never refused: a wrong one is answered late. Somebody else judges what was shown, and says how that ended.

import { createHash } from 'node:crypto';
import type { Clock } from '../platform/platform.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Guessing, LeaveToVerify } from './guessing.ts';
import { createLru } from './lru.ts';
import { networksOf } from './network.ts';
import { isRecoveryForm } from './recovery-codes.ts';

export type FactorQuestion =
  /** `shown`: code or answer of a passkey. */
  | { readonly begin: IdentityId; readonly address: string; readonly shown: string }
  /** It was right, or could not be judged: it is not counted. A wrong one needs no word. */
  | { readonly end: number; readonly isRight: boolean };

export type FactorLeave =
  /** If it is wrong, answer no sooner than `delayMs` after it was asked. */
  | { readonly type: 'verify'; readonly attempt: number; readonly delayMs: number }
  | { readonly type: 'refuse'; readonly delayMs: number; readonly because: string };

/** Of what would be refused, were it no recovery code. */
const UNCOUNTED = 0;

/** Under way; the oldest is taken for a wrong one then. */
const ATTEMPTS_MAX = 1000;

export function createFactorGuesses(o: {
  readonly guessing: Guessing;
  readonly clock: Pick<Clock, 'monotonic'>;
  isShared(address: string): boolean;
}): (question: FactorQuestion) => FactorLeave | true {
  const { guessing, clock } = o;
  const attempts = createLru<number, LeaveToVerify>(ATTEMPTS_MAX);
  let count = 0;

  function begin(identityId: IdentityId, address: string, shown: string): FactorLeave {
    const [{ network } = { network: '' }, ...wider] = networksOf(address);
    const account = `second factor of ${identityId}`;
    const fingerprint = createHash('sha256').update(`${identityId} ${shown}`).digest('base64');
    const attempt = { network, wider, account, fingerprint, shared: o.isShared(address) };
    const leave = guessing.begin(attempt, clock.monotonic());
    // Whoever has the password and comes from where its owner does would lock him out of all at once; looking at one costs some hashes without argon2.
    if (leave.type === 'refuse' && isRecoveryForm(shown))
      return { type: 'verify', attempt: UNCOUNTED, delayMs: leave.delayMs };
    if (leave.type === 'refuse') return leave;
    count += 1;
    attempts.set(count, leave);
    return { type: 'verify', attempt: count, delayMs: leave.delayMs };
  }

  return (question) => {
    if ('begin' in question) return begin(question.begin, question.address, question.shown);
    const leave = attempts.get(question.end);
    attempts.delete(question.end);
    if (question.isRight) leave?.succeeded(clock.monotonic());
    else leave?.withdrawn(clock.monotonic());
    return true;
  };
}
