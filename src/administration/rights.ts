// As whom an account may send.

import { addRight, removeRight, rightFor } from '../identity/identity-changes.ts';
import { canonicalAddress } from '../policy/address.ts';
import type { Identity } from '../record/identity.ts';
import type { Actor } from './actor.ts';
import { changeIdentity, domainsOf, identityOf, ofDomains } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';
import type { ShownIdentity } from '../store/shown-identity.ts';

export type AccountRights = Pick<Identity, 'login' | 'state' | 'rights'>;

/** Who else has an address: it belongs to the domain. */
export interface SharedAddress {
  readonly address: string;
  readonly others: readonly string[];
  /** Those who had it when they were removed. */
  readonly removed: readonly string[];
  /** Mail to it is accepted. */
  readonly isMailbox: boolean;
}

export async function accountRights(
  ports: AdministrationPorts,
  _actor: Actor,
  of: { readonly login: string },
): Promise<AccountRights> {
  const { login, state, rights } = await identityOf(ports, of.login);
  return { login, state, rights };
}

/** `right`: an address, or `@DOMAIN`. */
export async function changeRight(
  ports: AdministrationPorts,
  actor: Actor,
  of: { readonly login: string; readonly action: 'add' | 'remove'; readonly right: string },
): Promise<AccountRights & { readonly shared?: SharedAddress }> {
  const { action, right: text } = of;
  const address = text.startsWith('@') ? undefined : (canonicalAddress(text) ?? text);
  const owner = address === undefined ? undefined : await ownerOf(ports, address);
  const rules = { domains: domainsOf(ports), allowReserved: true };
  const deed = { action: `rights ${action}`, detail: { right: text } };
  const identity = await changeIdentity(ports, actor, of.login, deed, (before) => {
    if (action === 'remove') return removeRight(before, text);
    const right = ofDomains(actor, rightFor(before, text, owner, rules));
    return right.ok ? addRight(before, right.value) : right;
  });
  const { login, state, rights } = identity;
  const shared = address === undefined ? {} : { shared: await sharedAddress(ports, identity, address) };
  return { login, state, rights, ...shared };
}

/** Whose login it is. */
async function ownerOf(
  { lookups }: AdministrationPorts,
  address: string,
): Promise<ShownIdentity | undefined> {
  const first = await lookups.identityByAddress(address);
  return first?.login === address ? first : undefined;
}

async function sharedAddress(
  { lookups }: AdministrationPorts,
  { id }: Identity,
  address: string,
): Promise<SharedAddress> {
  const all = await lookups.identitiesByAddress(address);
  const living = all.filter(({ state, mailbox }) => state !== 'removed' && mailbox);
  return {
    address,
    others: living.filter((one) => one.id !== id).map(({ login }) => login),
    removed: all.filter(({ state }) => state === 'removed').map(({ login }) => login),
    isMailbox: living.length > 0 || all.some(({ login }) => login === address),
  };
}
