// Whether an account may submit, and how much.

import { resume, setLimits, suspend } from '../identity/identity-changes.ts';
import type { Identity } from '../record/identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { changeIdentity } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';

interface OfAccount {
  readonly login: string;
}

type State = Pick<Identity, 'login' | 'state'>;

/** Submits nothing from now on; open sessions are cut, its queue is held. */
export async function suspendAccount(
  ports: AdministrationPorts,
  actor: Actor,
  of: OfAccount,
): Promise<State> {
  const { login, state } = await changeIdentity(ports, actor, of.login, { action: 'suspend' }, suspend);
  return { login, state };
}

/** May submit again; its queue goes on. */
export async function resumeAccount(ports: AdministrationPorts, actor: Actor, of: OfAccount): Promise<State> {
  const { login, state } = await changeIdentity(ports, actor, of.login, { action: 'resume' }, resume);
  return { login, state };
}

export const accountLimits = ['messagesPerHour', 'recipientsPerHour', 'nullSenderPerHour'] as const;

/** `default`: as configured. */
export async function limitAccount(
  ports: AdministrationPorts,
  actor: Actor,
  of: OfAccount & { readonly name: string; readonly value: number | 'none' | 'default' },
): Promise<Pick<Identity, 'login' | 'limits'>> {
  const name = accountLimits.find((known) => known === of.name);
  if (name === undefined)
    throw new UseCaseFailure(
      `there is no limit ${of.name}: it is one of ${accountLimits.join(', ')}`,
      'usage',
    );
  assertWithinDefault(ports, actor, name, of.value);
  const deed = { action: 'limit', detail: { name, value: String(of.value) } };
  const { login, limits } = await changeIdentity(ports, actor, of.login, deed, (identity) =>
    setLimits(identity, { [name]: of.value }),
  );
  return { login, limits };
}

/** What a domain may take from all is not for itself to say. */
function assertWithinDefault(
  { config }: AdministrationPorts,
  { role }: Actor,
  name: (typeof accountLimits)[number],
  value: number | 'none' | 'default',
): void {
  if (role !== 'domainAdmin' || value === 'default') return;
  const most = config().limits.identity[name];
  if (most === 'none' || (value !== 'none' && value <= most)) return;
  throw new UseCaseFailure(`${name} is at most ${most}, as configured: only an admin gives more`, 'denied');
}
