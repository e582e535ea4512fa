// A session that somebody has left open, or taken over, does not do all that its person may: what gives or takes away what others may, copies everything or opens mail takes a
// proof of him that is fresh. Which use cases do is told by `permissions.ts`. A token was made with such a proof; who is at the command line is root or the server's user.

import type { Clock } from '../platform/platform.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { permissions } from './permissions.ts';
import type { UseCaseName } from './use-cases.ts';

export const FRESH_MS = 10 * 60_000;
/** Clocks of nodes may differ by so much. */
const SKEW_MS = 60_000;

/** The door may ask for it, and then carry on what was asked. */
export class ProofNeeded extends UseCaseFailure {
  readonly useCase: UseCaseName;

  constructor(useCase: UseCaseName) {
    super(
      'this takes a proof that it is you, not older than ten minutes: a code of your second factor, a passkey, or a link of `postern console link`',
      'denied',
    );
    this.useCase = useCase;
  }
}

/** Throws `ProofNeeded`. */
export function assertProved(
  clock: Pick<Clock, 'now'>,
  actor: Actor,
  useCase: UseCaseName,
  input: unknown,
): void {
  const { proof } = permissions[useCase];
  if (proof === undefined || isProved(clock, actor)) return;
  if (proof === 'ofOthers' && isAboutHimself(actor, input)) return;
  throw new ProofNeeded(useCase);
}

export function isProved(clock: Pick<Clock, 'now'>, { through, provedAt }: Actor): boolean {
  if (through !== 'console') return true;
  const now = clock.now();
  // After a clock that stepped back nobody knows how old it is.
  return provedAt !== undefined && now >= provedAt && now - provedAt < FRESH_MS;
}

/** Made while the clock was ahead: it would be fresh again by itself when the clock comes there, however old it is then. */
export function isOfTimeToCome(clock: Pick<Clock, 'now'>, provedAt: number): boolean {
  return provedAt > clock.now() + SKEW_MS;
}

/** By the login as it stands in his account: written otherwise, it is asked once too often. */
function isAboutHimself({ identityId, who }: Actor, input: unknown): boolean {
  return identityId !== undefined && (input as { readonly login?: unknown } | undefined)?.login === who;
}
