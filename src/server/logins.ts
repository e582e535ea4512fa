// Who logs in to a front: what was verified a moment ago passes here, everything else is asked of the lookup thread.

import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import { createVerifiedLogins, FRONT_KEEPS_MS, loginFingerprint } from '../identity/verified-logins.ts';
import type { Line } from '../platform/line.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { Principal } from '../record/identity.ts';
import type { IdentityStatuses } from '../submission/identity-status.ts';
import type { LookupThreadQuestion } from './lookup-body.ts';

const KEY_OCTETS = 32;

export interface Logins {
  /** Rejects with `LineClosed` if the lookup thread dies meanwhile. */
  authenticate(evidence: Evidence, from: { readonly address: string }): Promise<AuthenticationOutcome>;
  /** A line to the lookup thread, in the place of the one before. */
  connect(lookupThread: Line): void;
  /** Names may mean something else: what was verified before is asked again. */
  forget(): void;
}

export function createLogins(o: {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly identityStatuses: Pick<IdentityStatuses, 'reading' | 'unchanged'>;
}): Logins {
  const { clock, identityStatuses } = o;
  const verified = createVerifiedLogins<Principal>(FRONT_KEEPS_MS);
  const secret = Buffer.from(o.entropy.bytes(KEY_OCTETS)).toString('base64');
  let lookupThread: Line | undefined;
  return {
    async authenticate(evidence, from) {
      const fingerprint = loginFingerprint(secret, evidence, from.address);
      const now = clock.now();
      const principal = verified.recall(fingerprint, now, (one) => identityStatuses.unchanged(one, now));
      if (principal !== undefined) return { type: 'authenticated', principal };
      if (lookupThread === undefined) throw new Error('the lookup thread is not connected');
      const question = { authenticate: evidence, from } satisfies LookupThreadQuestion;
      const confirm = identityStatuses.reading();
      const outcome = (await lookupThread.ask(question)) as AuthenticationOutcome;
      if (outcome.type === 'authenticated') {
        confirm(outcome.principal);
        verified.remember(fingerprint, outcome.principal, clock.now());
      }
      return outcome;
    },
    connect(line) {
      lookupThread = line;
    },
    forget: () => verified.forget(),
  };
}
