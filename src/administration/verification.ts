// The trail is verified while the server runs: begun, looked at, stopped. One at a time, whoever began it.

import type { VerificationView } from '../audit/verifier.ts';
import { type Actor, byOf } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';

export interface ShownVerification {
  /** Absent: none was begun since the start of the server. */
  readonly verification?: VerificationView;
}

/** `expect`: a last link that was kept elsewhere, hex. */
export async function startVerification(
  { verifier, lookups }: AdministrationPorts,
  actor: Actor,
  { expect }: { readonly expect?: string },
): Promise<ShownVerification> {
  if (expect !== undefined && !/^[0-9a-f]{64}$/i.test(expect))
    throw new UseCaseFailure('a link is 64 hexadecimal digits, as a verification shows it', 'usage');
  const chains = await lookups.chains();
  const of = chains.reduce(
    (sum, { head, checkpoint }) => sum + head.sequence - (checkpoint?.sequence ?? 0),
    0,
  );
  if (!verifier.start(lookups, { by: byOf(actor), of, ...(expect === undefined ? {} : { expect }) }))
    throw new UseCaseFailure(
      `a verification is under way, begun by ${verifier.view?.by}: wait for it, or stop it`,
    );
  return shown(verifier);
}

export function showVerification(
  { verifier }: AdministrationPorts,
  _actor: Actor,
): Promise<ShownVerification> {
  return Promise.resolve(shown(verifier));
}

/** What has ended stays as it ended. */
export function stopVerification(
  { verifier }: AdministrationPorts,
  _actor: Actor,
): Promise<ShownVerification> {
  verifier.stop();
  return Promise.resolve(shown(verifier));
}

function shown({ view }: AdministrationPorts['verifier']): ShownVerification {
  return view === undefined ? {} : { verification: view };
}
