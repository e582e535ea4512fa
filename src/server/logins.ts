// Who logs in to a front: what was verified a moment ago passes here, everything else is asked of the desk.

import type { AuthenticationOutcome } from '../identity/authenticator.ts';
import { createVerifiedLogins } from '../identity/verified-logins.ts';
import type { Line } from '../platform/line.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import type { Standings } from '../submission/standing.ts';
import type { DeskQuestion } from './desk.ts';

const KEY_OCTETS = 32;

export interface Logins {
  /** Rejects with `LineClosed` if the desk dies meanwhile. */
  authenticate(
    evidence: Evidence,
    from: { readonly address: string; readonly sessionId: string },
  ): Promise<AuthenticationOutcome>;
  /** A line to the desk, in the place of the one before. */
  connect(desk: Line): void;
  /** Names may mean something else: what was verified before is asked again. */
  forget(): void;
}

export function createLogins(o: {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly standings: Pick<Standings, 'reading' | 'unchanged'>;
}): Logins {
  const { clock, standings } = o;
  const verified = createVerifiedLogins({
    key: o.entropy.bytes(KEY_OCTETS),
    stillStands: (principal, nowMs) => standings.unchanged(principal, nowMs),
  });
  let desk: Line | undefined;
  return {
    async authenticate(evidence, from) {
      const principal = verified.recall(evidence, from.address, clock.now());
      if (principal !== undefined) return { type: 'authenticated', principal };
      if (desk === undefined) throw new Error('the desk is not connected');
      const question = { authenticate: evidence, from } satisfies DeskQuestion;
      const confirm = standings.reading();
      const outcome = (await desk.ask(question)) as AuthenticationOutcome;
      if (outcome.type === 'authenticated') {
        confirm(outcome.principal);
        verified.remember(evidence, from.address, outcome.principal, clock.now());
      }
      return outcome;
    },
    connect(line) {
      desk = line;
    },
    forget: () => verified.forgetAll(),
  };
}
