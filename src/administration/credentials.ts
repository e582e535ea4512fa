// Passwords and app passwords of an account.

import { createAppPassword } from '../identity/app-password.ts';
import {
  addAppPassword as withAppPassword,
  credentialToRevoke,
  PASSWORD_CREDENTIAL_ID,
  revokeAppPasswords as withoutAppPasswords,
  revokeCredential,
  setPassword as withPassword,
} from '../identity/credential-changes.ts';
import { type Actor, byOf } from './actor.ts';
import { changeIdentity, credentialDetail, endOf, identityOf, valueOf } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';
import { credentialsTold } from './told-to-user.ts';
import { enabledCredentials, type Identity } from '../record/identity.ts';
import { withCredentials } from '../store/shown-identity.ts';
import { UseCaseFailure } from './failure.ts';
import { hashNewPassword } from './new-password.ts';

interface OfAccount {
  readonly login: string;
}

/** Throws `UseCaseFailure` if it can't be set: to be told before a password is asked for. */
export async function assertCanSetPassword(
  ports: AdministrationPorts,
  _actor: Actor,
  { login }: OfAccount,
): Promise<void> {
  valueOf(withPassword(withCredentials(await identityOf(ports, login)), '', ports.clock.now()));
}

type NewPassword = OfAccount & { readonly password: string };

export function setPassword(
  ports: AdministrationPorts,
  actor: Actor,
  named: NewPassword,
): Promise<OfAccount> {
  return replacePassword(ports, actor, named, () => undefined);
}

/** `assertMay`: looks at the account as it is when the password is written; throws `UseCaseFailure` where it may not have this one. */
export async function replacePassword(
  ports: AdministrationPorts,
  actor: Actor,
  { login, password }: NewPassword,
  assertMay: (identity: Identity) => void,
): Promise<OfAccount> {
  const now = ports.clock.now();
  const phc = await hashNewPassword(password, ports.entropy);
  const changed = await changeIdentity(ports, actor, login, { action: 'password' }, (identity) => {
    assertMay(identity);
    return withPassword(identity, phc, now);
  });
  return { login: changed.login };
}

export interface AddedAppPassword extends OfAccount {
  readonly id: string;
  readonly label: string;
  readonly expiresAt?: number;
  /** Shown once. */
  readonly appPassword: string;
}

/** `lifetimeMs` absent: it has no end. */
type NewAppPassword = OfAccount & { readonly label: string; readonly lifetimeMs?: number };

export function addAppPassword(
  ports: AdministrationPorts,
  actor: Actor,
  named: NewAppPassword,
): Promise<AddedAppPassword> {
  return makeAppPassword(ports, actor, named, () => undefined);
}

/** `assertFree`: looks at the account as it is when the password is written; throws `UseCaseFailure` where it may not have this one. */
export async function makeAppPassword(
  ports: AdministrationPorts,
  actor: Actor,
  named: NewAppPassword,
  assertFree: (identity: Identity) => void,
): Promise<AddedAppPassword> {
  const now = ports.clock.now();
  const expiry = endOf(now, named.lifetimeMs);
  const { credential, text } = createAppPassword({ label: named.label, now, ...expiry }, ports.entropy);
  const deed = { action: 'app-password add', detail: credentialDetail(credential) };
  const { login } = await changeIdentity(ports, actor, named.login, deed, (identity) => {
    assertFree(identity);
    return withAppPassword(identity, credential);
  });
  return { login, id: credential.id, label: credential.label, ...expiry, appPassword: text };
}

/** `which`: its id, or its label if only one has it. */
export async function revokeAppPassword(
  ports: AdministrationPorts,
  actor: Actor,
  named: OfAccount & { readonly which: string },
): Promise<OfAccount & { readonly id: string; readonly label: string; readonly kind: string }> {
  const identity = withCredentials(await identityOf(ports, named.login));
  const revoked = valueOf(credentialToRevoke(credentialsTold(actor, identity), named.which));
  const { id, label, kind } = revoked;
  const deed = { action: 'app-password revoke', detail: credentialDetail(revoked) };
  const disabled = { at: ports.clock.now(), by: byOf(actor) };
  const { login } = await changeIdentity(ports, actor, named.login, deed, (before) =>
    revokeCredential(before, id, disabled),
  );
  return { login, id, label, kind };
}

/** Whoever logged in with one of them is cut off; the password of the person stays. */
export async function revokeAppPasswords(
  ports: AdministrationPorts,
  actor: Actor,
  named: OfAccount,
): Promise<OfAccount & { readonly revoked: readonly { readonly id: string; readonly label: string }[] }> {
  const identity = withCredentials(await identityOf(ports, named.login));
  const all = enabledCredentials(identity).filter(({ kind }) => kind === 'appPassword');
  if (all.length === 0)
    throw new UseCaseFailure(`${identity.login} has no app password that lets somebody in`);
  const deed = { action: 'app-password revoke all', detail: { credentials: all.map(({ id }) => id) } };
  const disabled = { at: ports.clock.now(), by: byOf(actor) };
  const { login } = await changeIdentity(ports, actor, named.login, deed, (before) =>
    withoutAppPasswords(before, disabled),
  );
  return { login, revoked: all.map(({ id, label }) => ({ id, label })) };
}

/** Nobody logs in with the password of the person until another is set; app passwords stay. */
export async function revokePassword(
  ports: AdministrationPorts,
  actor: Actor,
  named: OfAccount,
): Promise<OfAccount> {
  const disabled = { at: ports.clock.now(), by: byOf(actor) };
  const { login } = await changeIdentity(ports, actor, named.login, { action: 'password revoke' }, (before) =>
    revokeCredential(before, PASSWORD_CREDENTIAL_ID, disabled, 'password'),
  );
  return { login };
}
