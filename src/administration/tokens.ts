// Tokens of an account, for programs that ask the API. What one may is bounded by its scopes and by the role that the account has at that moment.

import {
  addToken as withToken,
  credentialToRevoke,
  revokeCredential,
} from '../identity/credential-changes.ts';
import { createToken } from '../identity/token.ts';
import type { Identity, TokenScope } from '../record/identity.ts';
import type { CredentialUse } from '../store/lookups.ts';
import { withCredentials } from '../store/shown-identity.ts';
import { type Actor, byOf } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import { changeIdentity, credentialDetail, endOf, identityOf, valueOf } from './identities.ts';
import { scopesFor } from './permissions.ts';
import type { AdministrationPorts } from './ports.ts';
import { credentialsTold, credentialTold } from './told-to-user.ts';

interface OfAccount {
  readonly login: string;
}

export interface TokenKept {
  readonly id: string;
  readonly label: string;
  readonly scopes: readonly TokenScope[];
  readonly createdAt: number;
  readonly expiresAt?: number;
  readonly disabled?: { readonly at: number; readonly by: string };
  readonly lastUse?: Pick<CredentialUse, 'at' | 'address'>;
}

export interface AddedToken extends OfAccount, Pick<TokenKept, 'id' | 'label' | 'scopes' | 'expiresAt'> {
  /** Shown once. */
  readonly token: string;
}

/** Revoked ones too, as long as they are kept. */
export async function listTokens(
  ports: AdministrationPorts,
  actor: Actor,
  of: OfAccount,
): Promise<OfAccount & { readonly tokens: readonly TokenKept[] }> {
  const identity = withCredentials(await identityOf(ports, of.login));
  const uses = await ports.lookups.credentialUses(identity.id);
  const tokens = identity.credentials.flatMap(({ kind, verifiers: _secret, scopes = [], ...kept }) => {
    if (kind !== 'token') return [];
    // Newest first.
    const last = uses.find(({ credentialId }) => credentialId === kept.id);
    const lastUse = last === undefined ? {} : { lastUse: { at: last.at, address: last.address } };
    return [credentialTold(actor, identity.login, { ...kept, scopes, ...lastUse })];
  });
  return { login: identity.login, tokens };
}

/** `lifetimeMs` absent: it has no end. */
export async function addToken(
  ports: AdministrationPorts,
  actor: Actor,
  named: OfAccount & {
    readonly label: string;
    readonly scopes: readonly TokenScope[];
    readonly lifetimeMs?: number;
  },
): Promise<AddedToken> {
  const identity = await identityOf(ports, named.login);
  assertOfUse(identity, named.scopes);
  const now = ports.clock.now();
  const expiry = endOf(now, named.lifetimeMs);
  const scopes = [...new Set(named.scopes)];
  const { credential, text } = createToken(
    { identityId: identity.id, label: named.label, scopes, now, ...expiry },
    ports.entropy,
  );
  const detail = { ...credentialDetail(credential), scopes };
  const { login } = await changeIdentity(
    ports,
    actor,
    named.login,
    { action: 'token add', detail },
    (before) => withToken(before, credential),
  );
  return { login, id: credential.id, label: credential.label, scopes, ...expiry, token: text };
}

/** A scope that could do nothing would be found out by the program that needs it. */
function assertOfUse(
  { login, role = 'user' }: Pick<Identity, 'login' | 'role'>,
  scopes: readonly TokenScope[],
): void {
  const useful = scopesFor(role);
  const useless = scopes.filter((scope) => !useful.includes(scope));
  if (scopes.length > 0 && useless.length === 0) return;
  throw new UseCaseFailure(
    scopes.length === 0
      ? `say what the token is for: one or more of ${useful.join(', ')}`
      : `${login} has the role ${role}, which may do nothing with the scope ${useless.join(', ')}: take ${useful.join(', ')}, or change the role`,
    'usage',
  );
}

/** Counts from the next request on. `which`: its id, or its label if only one has it. */
export async function revokeToken(
  ports: AdministrationPorts,
  actor: Actor,
  named: OfAccount & { readonly which: string },
): Promise<OfAccount & { readonly id: string; readonly label: string }> {
  const identity = withCredentials(await identityOf(ports, named.login));
  const revoked = valueOf(credentialToRevoke(credentialsTold(actor, identity), named.which, 'token'));
  const { id, label } = revoked;
  const deed = { action: 'token revoke', detail: credentialDetail(revoked) };
  const disabled = { at: ports.clock.now(), by: byOf(actor) };
  const { login } = await changeIdentity(ports, actor, named.login, deed, (before) =>
    revokeCredential(before, id, disabled, 'token'),
  );
  return { login, id, label };
}
