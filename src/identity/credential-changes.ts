// What an operator does to the credentials of an identity, in the way of `identity-changes.ts`: pure functions to the next revision.

import { ok, type Result } from '../base/result.ts';
import { time } from '../base/time.ts';
import { type Credential, enabledCredentials, type Identity } from '../record/identity.ts';
import { changed, type Changed, type ChangeProblem, problem } from './identity-changes.ts';

export const PASSWORD_CREDENTIAL_ID = 'password';
const APP_PASSWORDS_MAX = 100;
const TOKENS_MAX = 20;
const LABEL_LENGTH_MAX = 100;

/** Replaces the human password. `phc`: see `hashPassword`. */
export function setPassword(identity: Identity, phc: string, now: number): Changed {
  const { login, origin } = identity;
  if (origin !== undefined)
    return problem(
      'keptElsewhere',
      `the password of ${login} is kept in the directory "${origin.directory}", which is not written to: change it there, or give ${login} an app password: \`account app-password add ${login}\``,
    );
  const password: Credential = {
    id: PASSWORD_CREDENTIAL_ID,
    kind: 'password',
    label: 'password',
    createdAt: now,
    verifiers: [{ type: 'argon2id', phc }],
  };
  const others = identity.credentials.filter(({ kind }) => kind !== 'password');
  return changed(identity, { credentials: [password, ...others] });
}

/** `credential`: see `createAppPassword`. */
export function addAppPassword(identity: Identity, credential: Credential): Changed {
  const appPasswords = enabledCredentials(identity).filter(({ kind }) => kind === 'appPassword');
  if (appPasswords.length >= APP_PASSWORDS_MAX) {
    return problem('limit', `an identity has at most ${APP_PASSWORDS_MAX} app passwords; revoke one first`);
  }
  return labelled(credential, 'the name of the device') ?? withCredential(identity, credential);
}

/** `credential`: see `createToken`. */
export function addToken(identity: Identity, credential: Credential): Changed {
  const tokens = enabledCredentials(identity).filter(({ kind }) => kind === 'token');
  if (tokens.length >= TOKENS_MAX)
    return problem('limit', `an identity has at most ${TOKENS_MAX} tokens; revoke one first`);
  return labelled(credential, 'the name of the program') ?? withCredential(identity, credential);
}

export function labelled({ label }: Credential, example: string): Result<never, ChangeProblem> | undefined {
  const isLabel = label.trim() !== '' && label.length <= LABEL_LENGTH_MAX && !/\p{C}/u.test(label);
  if (isLabel) return undefined;
  return problem('label', `a label has 1 to ${LABEL_LENGTH_MAX} visible characters, e.g. ${example}`);
}

function withCredential(identity: Identity, credential: Credential): Changed {
  return changed(identity, { credentials: [...identity.credentials, credential] });
}

function hasId({ id }: Credential, typed: string): boolean {
  return id.toLowerCase() === typed.toLowerCase();
}

function newestRevokedFirst(one: Credential, other: Credential): number {
  return (other.disabled?.at ?? 0) - (one.disabled?.at ?? 0);
}

/** Which of them a person means: by id in any case, or by label if only one has it. */
export function credentialNamed(
  among: readonly Credential[],
  idOrLabel: string,
): Result<Credential | undefined, ChangeProblem> {
  const byId = among.find((one) => hasId(one, idOrLabel));
  if (byId !== undefined) return ok(byId);
  const matching = among.filter(({ label }) => label === idOrLabel);
  if (matching.length <= 1) return ok(matching[0]);
  const ids = matching.map(({ id }) => id).join(' or ');
  return problem(
    'ambiguousCredential',
    `several credentials are labelled ${idOrLabel}; name one by its id: ${ids}`,
  );
}

/** Each kind is revoked by a command of its own, so that a label of several means one of them; second factors are removed (`second-factor-changes.ts`). */
export type Revocable = 'token' | 'appPassword' | 'password';

const kindWords: Readonly<Record<Revocable, string>> = {
  token: 'token',
  appPassword: 'app password',
  password: 'password',
};

/** The one that lets somebody in, so named. */
export function credentialToRevoke(
  identity: Identity,
  idOrLabel: string,
  kind: Revocable = 'appPassword',
): Result<Credential, ChangeProblem> {
  const found = credentialNamed(
    enabledCredentials(identity).filter((one) => one.kind === kind),
    idOrLabel,
  );
  if (!found.ok) return found;
  if (found.value !== undefined) return ok(found.value);
  const able = changed(identity, {});
  if (!able.ok) return able;
  const [revoked] = identity.credentials
    .filter((one) => one.kind === kind)
    .filter((one) => hasId(one, idOrLabel) || one.label === idOrLabel)
    .toSorted(newestRevokedFirst);
  const already =
    revoked?.disabled && `was revoked already, ${time(revoked.disabled.at)} by ${revoked.disabled.by}`;
  return already === undefined
    ? problem('noSuchCredential', nothingToRevoke(identity, idOrLabel, kind))
    : problem('state', `${idOrLabel} of ${identity.login} ${already}`);
}

function nothingToRevoke({ login }: Identity, idOrLabel: string, kind: Revocable): string {
  if (kind === 'password') return `${login} has no password`;
  const isPassword = kind === 'appPassword' && idOrLabel.toLowerCase() === PASSWORD_CREDENTIAL_ID;
  return isPassword
    ? `\`${idOrLabel}\` is no app password of ${login}: its password is revoked by \`account password ${login} --revoke\``
    : `${login} has no ${kindWords[kind]} ${idOrLabel}`;
}

/** All app passwords at once: for who does not know which of them is in the wrong hands. */
export function revokeAppPasswords(
  identity: Identity,
  disabled: { readonly at: number; readonly by: string },
): Changed {
  const credentials = identity.credentials.map((one) =>
    one.kind === 'appPassword' && one.disabled === undefined ? { ...one, disabled } : one,
  );
  return changed(identity, { credentials: withoutLongDisabled(credentials) });
}

/** It stays, disabled; of those, the newest hundred. */
export function revokeCredential(
  identity: Identity,
  idOrLabel: string,
  disabled: { readonly at: number; readonly by: string },
  kind: Revocable = 'appPassword',
): Changed {
  const found = credentialToRevoke(identity, idOrLabel, kind);
  if (!found.ok) return found;
  const credentials = identity.credentials.map((one) => (one === found.value ? { ...one, disabled } : one));
  return changed(identity, { credentials: withoutLongDisabled(credentials) });
}

function withoutLongDisabled(credentials: readonly Credential[]): readonly Credential[] {
  const newest = credentials
    .filter(({ disabled }) => disabled !== undefined)
    .toSorted(newestRevokedFirst)
    .slice(0, APP_PASSWORDS_MAX);
  return credentials.filter((one) => one.disabled === undefined || newest.includes(one));
}
