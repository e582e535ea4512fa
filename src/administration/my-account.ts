// A person's own account: his devices, his limits, as whom he may send; and what he may do about them himself.

import { suspend } from '../identity/identity-changes.ts';
import { type LimitName, usesOf } from '../policy/limits.ts';
import { effectiveLimits } from '../policy/sending-limits.ts';
import {
  type Credential,
  enabledCredentials,
  type Identity,
  type IdentityState,
  type Role,
  type SenderRight,
} from '../record/identity.ts';
import type { CredentialUse } from '../store/lookups.ts';
import { withCredentials } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { type AddedAppPassword, makeAppPassword, replacePassword, revokeAppPassword } from './credentials.ts';
import { endSession, listSessions, type OwnSession } from './console-sessions.ts';
import { NotThere, UseCaseFailure } from './failure.ts';
import { changeIdentity } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';
import { ownIdentity } from './second-factor.ts';
import { isByOwner } from './told-to-user.ts';
import { revokeToken } from './tokens.ts';

export interface MyDevice {
  readonly id: string;
  readonly kind: 'appPassword' | 'token';
  readonly label: string;
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly revoked?: { readonly at: number; readonly by: 'you' | 'an operator' };
  readonly lastUse?: Pick<CredentialUse, 'at' | 'address'>;
}

export interface MyLimit {
  readonly name: LimitName;
  readonly used: number;
  /** Absent: there is none. */
  readonly limit?: number;
}

export interface MyAccount {
  readonly login: string;
  readonly displayName?: string;
  readonly state: IdentityState;
  readonly role: Role;
  /** Those that count first, newest first. */
  readonly devices: readonly MyDevice[];
  /** Absent: there is none here. */
  readonly password?: { readonly since: number; readonly lastUse?: MyDevice['lastUse'] };
  /** The directory that keeps it instead. */
  readonly keptIn?: string;
  readonly limits: readonly MyLimit[];
  readonly rights: readonly SenderRight[];
}

export async function myAccount(ports: AdministrationPorts, actor: Actor): Promise<MyAccount> {
  const self = withCredentials(await ownIdentity(ports, actor));
  const { id, login, displayName, state, role = 'user', rights, credentials, origin } = self;
  const [uses, counter] = await Promise.all([ports.lookups.credentialUses(id), ports.lookups.counter(id)]);
  const password = credentials.find(({ kind }) => kind === 'password');
  return {
    ...{ login, state, role, rights },
    ...(displayName === undefined ? {} : { displayName }),
    devices: devicesOf(self, uses),
    ...(password === undefined
      ? {}
      : { password: { since: password.createdAt, ...lastUseOf(password, uses) } }),
    ...(origin === undefined ? {} : { keptIn: origin.directory }),
    limits: usesOf(counter, effectiveLimits(ports.config().limits.identity, self.limits), ports.clock.now()),
  };
}

function devicesOf({ credentials, login }: Identity, uses: readonly CredentialUse[]): readonly MyDevice[] {
  return credentials
    .flatMap((credential) => {
      const { id, kind, label, createdAt, expiresAt, disabled } = credential;
      if (kind !== 'appPassword' && kind !== 'token') return [];
      const by = disabled !== undefined && isByOwner(login, disabled.by) ? 'you' : 'an operator';
      const device: MyDevice = {
        ...{ id, kind, label, createdAt },
        ...(expiresAt === undefined ? {} : { expiresAt }),
        ...(disabled === undefined ? {} : { revoked: { at: disabled.at, by } }),
        ...lastUseOf(credential, uses),
      };
      return [device];
    })
    .toSorted(
      (one, other) =>
        Number(one.revoked !== undefined) - Number(other.revoked !== undefined) ||
        other.createdAt - one.createdAt,
    );
}

/** Of uses that come newest first. */
function lastUseOf({ id }: Credential, uses: readonly CredentialUse[]): Pick<MyDevice, 'lastUse'> {
  const last = uses.find(({ credentialId }) => credentialId === id);
  return last === undefined ? {} : { lastUse: { at: last.at, address: last.address } };
}

/** `lifetimeMs` absent: it has no end. A name is of one device: sent twice by mistake, a form makes one. */
export async function addMyAppPassword(
  ports: AdministrationPorts,
  actor: Actor,
  named: { readonly label: string; readonly lifetimeMs?: number },
): Promise<AddedAppPassword> {
  const { login } = await ownIdentity(ports, actor);
  const label = named.label.trim();
  return makeAppPassword(ports, actor, { ...named, login, label }, (identity) => {
    if (!enabledCredentials(identity).some((one) => one.kind === 'appPassword' && one.label === label))
      return;
    throw new UseCaseFailure(
      `you have an app password for ${label} already: revoke that one, or give the new one another name`,
    );
  });
}

/** Of a device or a program: an app password or a token. By its id: a name may be of both. */
export async function revokeMine(
  ports: AdministrationPorts,
  actor: Actor,
  { credential: id }: { readonly credential: string },
): Promise<Pick<MyDevice, 'id' | 'kind' | 'label'>> {
  const self = withCredentials(await ownIdentity(ports, actor));
  const found = enabledCredentials(self).find((one) => one.id === id);
  if (found?.kind !== 'appPassword' && found?.kind !== 'token')
    throw new NotThere('you have no such app password or token, or it is revoked already');
  const named = { login: self.login, which: id };
  const { label } = await (found.kind === 'token' ? revokeToken : revokeAppPassword)(ports, actor, named);
  return { id, label, kind: found.kind };
}

export async function mySessions(
  ports: AdministrationPorts,
  actor: Actor,
): Promise<{ readonly sessions: readonly OwnSession[] }> {
  const { login } = await ownIdentity(ports, actor);
  const { sessions } = await listSessions(ports, actor, { login });
  return { sessions };
}

/** `session`: its name. */
export async function endMySession(
  ports: AdministrationPorts,
  actor: Actor,
  { session }: { readonly session: string },
): Promise<{ readonly session: string }> {
  const { login } = await ownIdentity(ports, actor);
  await endSession(ports, actor, { login, session });
  return { session };
}

/** Whoever asks has seen to it that the present one was given. `provenAt`: the revision of the account for which that is so: who knows an old one must not write over a newer one. */
export async function changeMyPassword(
  ports: AdministrationPorts,
  actor: Actor,
  { password, provenAt }: { readonly password: string; readonly provenAt: number },
): Promise<{ readonly login: string }> {
  const { login } = await ownIdentity(ports, actor);
  return replacePassword(ports, actor, { login, password }, ({ revision }) => {
    if (revision !== provenAt)
      throw new UseCaseFailure(
        'your account was changed in the meantime: your password was left as it is; look at the account, and try again',
      );
  });
}

/** At once, for whoever has the account now: only an operator lets it go on. */
export async function suspendMyself(
  ports: AdministrationPorts,
  actor: Actor,
): Promise<Pick<Identity, 'login' | 'state'>> {
  const self = await ownIdentity(ports, actor);
  const { login, state } = await changeIdentity(ports, actor, self.login, { action: 'suspend' }, suspend);
  return { login, state };
}
