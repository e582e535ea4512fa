// A look at a message or the trail is itself a record of the trail: who looked at what, and why (D-TR-5). It is written before anything is shown.

import type { AdministrationPayload } from '../record/events.ts';
import { type Actor, byOf } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';

/** Throws `UseCaseFailure` if a reason is asked for and none was given. */
export function assertReason({ config }: Pick<AdministrationPorts, 'config'>, { reason = '' }: Actor): void {
  if (reason === '' && config().audit.requireReason)
    throw new UseCaseFailure(
      'say why with --reason TEXT: the configuration asks for it (audit.requireReason)',
      'usage',
    );
}

/** Rejects if it could not be written, and then nothing may be shown. */
export async function recordLook(
  { store, clock }: Pick<AdministrationPorts, 'store' | 'clock'>,
  actor: Actor,
  action: string,
  detail: AdministrationPayload['detail'],
): Promise<void> {
  const payload = { by: byOf(actor), action, detail };
  const [outcome] = await store.commit([
    { type: 'record', events: [{ type: 'lookedUp', time: clock.now(), payload }] },
  ]);
  if (outcome.type === 'failed')
    throw new UseCaseFailure(`the look could not be recorded: ${outcome.cause}`, 'trouble');
}
