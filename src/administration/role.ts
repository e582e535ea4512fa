// Which role an account has: what it may look at and do beyond sending.

import { setRole as withRole } from '../identity/role-change.ts';
import type { Identity, Role } from '../record/identity.ts';
import type { Actor } from './actor.ts';
import { changeIdentity, domainsOf } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';

export interface AccountRole extends Pick<Identity, 'login' | 'adminOf'> {
  readonly role: Role;
}

/** Counts at once, for open sessions and tokens too. `domains`: of a domain admin. */
export async function setRole(
  ports: AdministrationPorts,
  actor: Actor,
  of: { readonly login: string; readonly role: Role; readonly domains: readonly string[] },
): Promise<AccountRole> {
  const detail = { role: of.role, ...(of.domains.length === 0 ? {} : { domains: of.domains }) };
  const identity = await changeIdentity(ports, actor, of.login, { action: 'role', detail }, (before) =>
    withRole(before, of, domainsOf(ports)),
  );
  const { login, role = 'user', adminOf } = identity;
  return { login, role, ...(adminOf === undefined ? {} : { adminOf }) };
}
