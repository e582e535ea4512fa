// The account that the configuration binds an operating-system user to, and the address it sends as.

import { loginCandidates } from '../identity/login.ts';
import type { Lookups } from '../store/lookups.ts';
import type { ShownIdentity } from '../store/shown-identity.ts';

export interface Binding {
  readonly osUser: string;
  readonly login: string;
}

export type BoundAccount = { readonly identity: ShownIdentity } | { readonly noAccount: string };

/** What a removed one has left is no account. */
export async function boundAccount(
  lookups: Pick<Lookups, 'identityByLogin'>,
  domains: ReadonlySet<string>,
  { osUser, login }: Binding,
): Promise<BoundAccount> {
  for (const candidate of loginCandidates(login, domains)) {
    const identity = await lookups.identityByLogin(candidate);
    if (identity !== undefined && identity.state !== 'removed') return { identity };
  }
  return { noAccount: `${osUser} is bound to ${login}: no such account` };
}

/** The login of a mailbox, or the first address that a service may use. */
export function ownAddressOf({ login, rights }: ShownIdentity): string | undefined {
  if (login.includes('@')) return login;
  const own = rights.find(({ kind }) => kind === 'address');
  const usable = own ?? rights.find(({ kind }) => kind === 'granted');
  return usable === undefined || usable.kind === 'domain' ? undefined : usable.address;
}
