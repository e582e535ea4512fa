// An account is removed, with what that means told before, and brought back until retention ends.

import { addRight, remove, restore } from '../identity/identity-changes.ts';
import { enabledCredentials, type Identity } from '../record/identity.ts';
import type { Actor } from './actor.ts';
import { assertMayChange, changeIdentity, everybody, identityOf, valueOf } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';
import { withCredentials } from '../store/shown-identity.ts';

interface OfAccount {
  readonly login: string;
}

/** What becomes of an address that goes with the account. */
export interface LeftAddress {
  readonly address: string;
  /** Logins of others that have it, or were granted it. */
  readonly others: readonly string[];
}

export interface RemovalMeans {
  readonly login: string;
  readonly credentials: number;
  /** Recipients of its mail in the queue. */
  readonly queued: number;
  readonly addresses: readonly LeftAddress[];
  readonly restorableUntil: number;
}

/** Throws `UseCaseFailure` if it can't be removed. */
export async function removalMeans(
  ports: AdministrationPorts,
  actor: Actor,
  of: OfAccount,
): Promise<RemovalMeans> {
  const now = ports.clock.now();
  const identity = withCredentials(await identityOf(ports, of.login));
  assertMayChange(actor, identity, 'remove');
  valueOf(remove(identity, now));
  return {
    login: identity.login,
    credentials: enabledCredentials(identity).length,
    queued: await ports.lookups.queueCount({ identityId: identity.id }),
    addresses: await addressesOf(ports, identity),
    restorableUntil: now + ports.config().audit.retention,
  };
}

export async function removeAccount(
  ports: AdministrationPorts,
  actor: Actor,
  of: OfAccount,
): Promise<RemovalMeans & Pick<Identity, 'state'>> {
  const means = await removalMeans(ports, actor, of);
  for (const { others, address } of means.addresses) await handOver(ports, actor, others, address);
  const { login, state } = await changeIdentity(ports, actor, of.login, { action: 'remove' }, (before) =>
    remove(before, ports.clock.now()),
  );
  return { ...means, login, state };
}

/** It has no password then. Who else has its addresses is worth a look: others may have got the shared ones meanwhile. */
export async function restoreAccount(
  ports: AdministrationPorts,
  actor: Actor,
  of: OfAccount,
): Promise<Pick<Identity, 'login' | 'state' | 'rights'> & { readonly addresses: readonly LeftAddress[] }> {
  const identity = await changeIdentity(ports, actor, of.login, { action: 'restore' }, restore);
  const { login, state, rights } = identity;
  return { login, state, rights, addresses: await addressesOf(ports, identity) };
}

async function addressesOf(
  { lookups }: AdministrationPorts,
  { id, login, rights }: Identity,
): Promise<readonly LeftAddress[]> {
  const own = rights.flatMap((right) => (right.kind === 'address' ? [right.address] : []));
  const shared = own.filter((address) => address !== login);
  if (shared.length === 0) return [];
  const all = await everybody(lookups);
  return shared.map((address) => ({
    address,
    others: all
      .filter((one) => one.id !== id && one.state !== 'removed' && one.mailbox)
      .filter((one) => one.rights.some((right) => right.kind !== 'domain' && right.address === address))
      .map((one) => one.login),
  }));
}

/** A grantee of an address that the removed account owned, as older versions had it, owns it from now on. */
async function handOver(
  ports: AdministrationPorts,
  actor: Actor,
  others: readonly string[],
  address: string,
): Promise<void> {
  for (const login of others) {
    const identity = await identityOf(ports, login);
    const isGranted = identity.rights.some((right) => right.kind === 'granted' && right.address === address);
    if (!isGranted) continue;
    const deed = { action: 'rights add', detail: { right: address } };
    await changeIdentity(ports, actor, login, deed, (before) =>
      addRight(before, { kind: 'address', address }),
    );
  }
}
