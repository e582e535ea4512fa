// Accounts: made, listed, shown.

import { encodeBase32 } from '../base/base32.ts';
import { time } from '../base/time.ts';
import { createAppPassword } from '../identity/app-password.ts';
import { addAppPassword, setPassword } from '../identity/credential-changes.ts';
import { createIdentity } from '../identity/identity-changes.ts';
import type { Credential, Identity } from '../record/identity.ts';
import { canonicalAddress } from '../policy/address.ts';
import { type Use, usesOf } from '../policy/limits.ts';
import { effectiveLimits } from '../policy/sending-limits.ts';
import { canonicalDomain } from '../protocol/wire/mailbox.ts';
import type { IdentityPage } from '../store/identity-page.ts';
import type { CredentialUse } from '../store/lookups.ts';
import { type ShownIdentity, withCredentials } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import {
  credentialDetail,
  domainsOf,
  identityOf,
  ofDomains,
  takenWords,
  valueOf,
  writeIdentity,
} from './identities.ts';
import { hashNewPassword } from './new-password.ts';
import type { AdministrationPorts } from './ports.ts';
import { credentialsTold } from './told-to-user.ts';

export interface NewAccount {
  readonly login: string;
  readonly mailbox: boolean;
  readonly displayName?: string;
  /** Only where the operator says so: addresses of roles, such as `postmaster`. */
  readonly allowReserved: boolean;
}

export interface AddedAccount {
  readonly id: string;
  readonly login: string;
  /** Shown once; absent if a password was given. */
  readonly appPassword?: string;
}

const ID_OCTETS = 10;

/** Throws `UseCaseFailure` if it can't be added: to be told before a password is asked for. */
export async function assertCanAddAccount(
  ports: AdministrationPorts,
  actor: Actor,
  account: NewAccount,
): Promise<void> {
  await bareIdentity(ports, actor, account);
}

async function bareIdentity(
  ports: AdministrationPorts,
  actor: Actor,
  { allowReserved, ...named }: NewAccount,
): Promise<Identity> {
  const rules = { domains: domainsOf(ports), allowReserved };
  const id = encodeBase32(ports.entropy.bytes(ID_OCTETS)).toLowerCase();
  const bare = valueOf(ofDomains(actor, createIdentity({ id, now: ports.clock.now(), ...named }, rules)));
  await refuseTaken(ports, bare);
  return bare;
}

/** `password` absent: an app password is made. */
export async function addAccount(
  ports: AdministrationPorts,
  actor: Actor,
  { password, ...account }: NewAccount & { readonly password?: string },
): Promise<AddedAccount> {
  const now = ports.clock.now();
  const bare = await bareIdentity(ports, actor, account);
  const made = password === undefined ? createAppPassword({ label: 'first', now }, ports.entropy) : undefined;
  const changed =
    made === undefined
      ? setPassword(bare, await hashNewPassword(password ?? '', ports.entropy), now)
      : addAppPassword(bare, made.credential);
  const identity = { ...valueOf(changed), revision: 1 };
  const detail = made === undefined ? {} : credentialDetail(made.credential);
  const outcome = await writeIdentity(ports, actor, identity, 0, { action: 'add', detail });
  if (outcome === 'stale') throw new UseCaseFailure(`${account.login} exists already`);
  const { id, login } = identity;
  return { id, login, ...(made === undefined ? {} : { appPassword: made.text }) };
}

/** The address of a removed account goes to nobody else early, but that one can come back. */
async function refuseTaken(ports: AdministrationPorts, bare: Identity): Promise<void> {
  const [before] = await ports.lookups.identitiesByAddress(bare.login);
  if (before?.login === bare.login && before.state === 'removed')
    throw new UseCaseFailure(
      `${bare.login} was removed${before.removedAt === undefined ? '' : ` ${time(before.removedAt)}`}; \`postern account restore ${bare.login}\` brings it back, and the login is free when retention ends`,
    );
  if (before !== undefined) throw new UseCaseFailure(await takenWords(ports, bare, bare.login));
}

/** An identity without what verifies its secrets. */
export interface Account extends Omit<Identity, 'credentials'> {
  readonly credentials: readonly Omit<Credential, 'verifiers'>[];
}

function accountOf(shown: ShownIdentity): Account {
  const identity = withCredentials(shown);
  const credentials = identity.credentials.map(({ verifiers: _secret, ...kept }) => kept);
  return { ...identity, credentials };
}

/** Which accounts are meant; every given field must match. */
export interface AccountPart extends Pick<IdentityPage, 'domain' | 'state' | 'prefix'> {
  /** Who has this address, as login or as another one. Nothing else is asked then. */
  readonly address?: string;
}

/** A page of them: those after this login, `max` at most. */
export async function pageAccounts(
  { lookups }: AdministrationPorts,
  _actor: Actor,
  {
    part: { address, prefix, domain, state } = {},
    after,
    max,
  }: { readonly part?: AccountPart; readonly after?: string; readonly max: number },
): Promise<{ readonly accounts: readonly Account[]; readonly next?: string }> {
  if (address !== undefined) {
    const having = await lookups.identitiesByAddress(canonicalAddress(address) ?? address);
    return { accounts: having.slice(0, max).map(accountOf) };
  }
  const page = await lookups.identities({
    max,
    ...(after === undefined ? {} : { after }),
    // As logins are kept.
    ...(prefix === undefined ? {} : { prefix: prefix.normalize('NFC').toLowerCase() }),
    ...(domain === undefined ? {} : { domain: canonicalDomain(domain) ?? domain }),
    ...(state === undefined ? {} : { state }),
  });
  const last = page.at(-1);
  const more = last === undefined || page.length < max ? {} : { next: last.login };
  return { accounts: page.map(accountOf), ...more };
}

export interface ShownAccount {
  readonly account: Account;
  /** Its own limits, and the configured ones where it has none. */
  readonly limits: Readonly<Record<string, number | 'none'>>;
  readonly uses: readonly CredentialUse[];
  /** How much of each is used; where several nodes accept, as of a second ago. */
  readonly limitUse: readonly Use[];
}

export async function showAccount(
  ports: AdministrationPorts,
  actor: Actor,
  { login }: { readonly login: string },
): Promise<ShownAccount> {
  const identity = await identityOf(ports, login);
  const configured = ports.config().limits.identity;
  const { messagesPerHour, recipientsPerHour, nullSenderPerHour } = configured;
  const [uses, counter] = await Promise.all([
    ports.lookups.credentialUses(identity.id),
    ports.lookups.counter(identity.id),
  ]);
  const values = effectiveLimits(configured, identity.limits);
  return {
    account: credentialsTold(actor, accountOf(identity)),
    limits: { messagesPerHour, recipientsPerHour, nullSenderPerHour, ...identity.limits },
    ...{ uses, limitUse: usesOf(counter, values, ports.clock.now()) },
  };
}
