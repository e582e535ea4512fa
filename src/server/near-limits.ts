// Whose sending limits came near their end, as what was accepted here said: of those that were charged last, in memory, so that nobody walks through the counters of all.

import type { IdentityId } from '../record/identity.ts';
import type { Change, Outcome } from '../store/port.ts';

/** Of identities. Who comes near a limit when so many have takes the place of the one that was charged longest ago. */
export const KEPT_MAX = 100;

/** What made a limit hold somebody back counts no more after two windows. */
const HOUR_LIMIT_MS = 2 * 3_600_000;
const DAY_LIMIT_MS = 2 * 86_400_000;

export class NearLimits {
  /** Until when a limit of it is near its end, if nothing more is charged; milliseconds since the epoch. The one charged last stands last. */
  readonly #until = new Map<IdentityId, number>();

  /** `outcomes`: of these changes, in their order. */
  note(changes: readonly Change[], outcomes: readonly Outcome[]): void {
    for (const [at, outcome] of outcomes.entries()) {
      const change = changes[at];
      if (change?.type !== 'accept' || change.charge === undefined) continue;
      const until = untilOf(outcome, change.charge.charge.at);
      if (until !== undefined) this.#keep(change.charge.identityId, until);
    }
  }

  /** Who was charged last stands first. `now`: milliseconds since the epoch. */
  identities(now: number): readonly IdentityId[] {
    for (const [identityId, until] of this.#until) if (until <= now) this.#until.delete(identityId);
    return [...this.#until.keys()].toReversed();
  }

  #keep(identityId: IdentityId, until: number): void {
    this.#until.delete(identityId);
    this.#until.set(identityId, until);
    const [first] = this.#until.keys();
    if (this.#until.size > KEPT_MAX && first !== undefined) this.#until.delete(first);
  }
}

function untilOf(outcome: Outcome, chargedAt: number): number | undefined {
  if (outcome.type === 'accepted') return outcome.nearUntil;
  if (outcome.type !== 'limited') return undefined;
  return chargedAt + (outcome.hard ? DAY_LIMIT_MS : HOUR_LIMIT_MS);
}
