// A look at a message or the trail is itself a record of the trail: who looked at what, and why (D-TR-5). It is written before anything is shown.

import type { AdministrationPayload } from '../record/events.ts';
import type { IdentityId } from '../record/identity.ts';
import { type Actor, byOf } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';

/** Throws `UseCaseFailure` if a reason is asked for and none was given. */
export function assertReason({ config }: Pick<AdministrationPorts, 'config'>, actor: Actor): void {
  const { reason = '' } = actor;
  if (reason === '' && config().audit.requireReason)
    throw new UseCaseFailure(
      `say why${howToSayWhy(actor)}: the configuration asks for it (audit.requireReason)`,
      'usage',
    );
}

/** Content is shown to nobody without a reason, but on the host itself, where the files can be read. */
export function assertReasonForContent(ports: Pick<AdministrationPorts, 'config'>, actor: Actor): void {
  if ((actor.reason ?? '') === '' && actor.through !== 'command line')
    throw new UseCaseFailure(`say why${howToSayWhy(actor)}: this shows what somebody wrote`, 'usage');
  assertReason(ports, actor);
}

function howToSayWhy({ through }: Actor): string {
  if (through === 'API') return ' in the header field Reason';
  return through === 'command line' ? ' with --reason TEXT' : '';
}

/** `identityId`: whose mail it is, if it is of one. Rejects if it could not be written, and then nothing may be shown. */
export async function recordLook(
  { store, clock }: Pick<AdministrationPorts, 'store' | 'clock'>,
  actor: Actor,
  action: string,
  detail: AdministrationPayload['detail'],
  identityId?: IdentityId,
): Promise<void> {
  const payload = { by: byOf(actor), action, detail };
  const whose = identityId === undefined ? {} : { identityId };
  const [outcome] = await store.commit([
    { type: 'record', events: [{ type: 'lookedUp', time: clock.now(), ...whose, payload }] },
  ]);
  if (outcome.type === 'failed')
    throw new UseCaseFailure(`the look could not be recorded: ${outcome.cause}`, 'trouble');
}
