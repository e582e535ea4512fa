// Passwords and app passwords of an account.

import { createAppPassword } from '../identity/app-password.ts';
import {
  addAppPassword as withAppPassword,
  credentialToRevoke,
  revokeCredential,
  setPassword as withPassword,
} from '../identity/credential-changes.ts';
import { hashPassword } from '../identity/password.ts';
import { type Actor, byOf } from './actor.ts';
import { changeIdentity, credentialDetail, identityOf, valueOf } from './identities.ts';
import type { AdministrationPorts } from './ports.ts';

interface OfAccount {
  readonly login: string;
}

/** Throws `UseCaseFailure` if it can't be set: to be told before a password is asked for. */
export async function assertCanSetPassword(
  ports: AdministrationPorts,
  _actor: Actor,
  { login }: OfAccount,
): Promise<void> {
  valueOf(withPassword(await identityOf(ports, login), '', ports.clock.now()));
}

export async function setPassword(
  ports: AdministrationPorts,
  actor: Actor,
  { login, password }: OfAccount & { readonly password: string },
): Promise<OfAccount> {
  const now = ports.clock.now();
  const phc = await hashPassword(password, ports.entropy);
  const changed = await changeIdentity(ports, actor, login, { action: 'password' }, (identity) =>
    withPassword(identity, phc, now),
  );
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
export async function addAppPassword(
  ports: AdministrationPorts,
  actor: Actor,
  named: OfAccount & { readonly label: string; readonly lifetimeMs?: number },
): Promise<AddedAppPassword> {
  const now = ports.clock.now();
  const expiry = named.lifetimeMs === undefined ? {} : { expiresAt: now + named.lifetimeMs };
  const { credential, text } = createAppPassword({ label: named.label, now, ...expiry }, ports.entropy);
  const deed = { action: 'app-password add', detail: credentialDetail(credential) };
  const { login } = await changeIdentity(ports, actor, named.login, deed, (identity) =>
    withAppPassword(identity, credential),
  );
  return { login, id: credential.id, label: credential.label, ...expiry, appPassword: text };
}

/** `which`: its id, or its label if only one has it. */
export async function revokeAppPassword(
  ports: AdministrationPorts,
  actor: Actor,
  named: OfAccount & { readonly which: string },
): Promise<OfAccount & { readonly id: string; readonly label: string; readonly kind: string }> {
  const revoked = valueOf(credentialToRevoke(await identityOf(ports, named.login), named.which));
  const { id, label, kind } = revoked;
  const deed = { action: 'app-password revoke', detail: credentialDetail(revoked) };
  const disabled = { at: ports.clock.now(), by: byOf(actor) };
  const { login } = await changeIdentity(ports, actor, named.login, deed, (identity) =>
    revokeCredential(identity, id, disabled),
  );
  return { login, id, label, kind };
}
