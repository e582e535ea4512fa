// Passkeys beside an authenticator app: a person adds his own, and shows one in the place of a code. The door keeps the challenge, for one answer, and says which name and
// origin it has.

import { encodeBase32 } from '../base/base32.ts';
import { addPasskey as withPasskey, judgePasskey, passkeysOf } from '../identity/passkey-changes.ts';
import { type Challenge, createdPasskey, creationOptions, requestOptions } from '../identity/passkey.ts';
import { ID_OCTETS } from '../identity/secret.ts';
import type { JudgedCode } from '../identity/second-factor-changes.ts';
import type { IdentityId } from '../record/identity.ts';
import { withCredentials } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { UseCaseFailure } from './failure.ts';
import type { AdministrationPorts } from './ports.ts';
import { changeOwn } from './second-factor-setup.ts';
import { type FactorPorts, ownIdentity, proven } from './second-factor.ts';

export { type Challenge, relyingPartyOf } from '../identity/passkey.ts';

/** What the browser is asked to make: JSON for `PublicKeyCredential.parseCreationOptionsFromJSON`. Changes nothing. */
export async function beginPasskey(
  ports: AdministrationPorts,
  actor: Actor,
  { challenge, timeoutMs }: { readonly challenge: Challenge; readonly timeoutMs: number },
): Promise<object> {
  const own = withCredentials(await ownIdentity(ports, actor));
  return creationOptions(challenge, { ...own, passkeys: passkeysOf(own) }, timeoutMs);
}

/** `answer`: what the browser made, as JSON. `proof`: a code of the app, or a recovery code. */
export async function addPasskey(
  ports: AdministrationPorts,
  actor: Actor,
  given: {
    readonly label: string;
    readonly answer: string;
    readonly challenge: Challenge;
    readonly proof: string;
  },
): Promise<{ readonly login: string; readonly id: string; readonly label: string }> {
  const { label, answer, challenge, proof } = given;
  const made = await createdPasskey(answer, challenge);
  if (!made.ok)
    throw new UseCaseFailure(`the browser's answer is no passkey of this console: ${made.error}`, 'usage');
  const id = encodeBase32(ports.entropy.bytes(ID_OCTETS));
  const { login } = await changeOwn(ports, actor, {
    proof,
    deed: { action: 'second-factor add', detail: { credential: id, label } },
    change: (identity) =>
      withPasskey(identity, {
        ...{ id, kind: 'passkey', label, createdAt: ports.clock.now() },
        verifiers: [made.value],
      }),
  });
  return { login, id, label };
}

/** What the browser is asked for at sign-in: JSON for `PublicKeyCredential.parseRequestOptionsFromJSON`. Undefined: the account has no passkey. */
export async function passkeyRequest(
  { lookups }: Pick<AdministrationPorts, 'lookups'>,
  identityId: IdentityId,
  { challenge, timeoutMs }: { readonly challenge: Challenge; readonly timeoutMs: number },
): Promise<object | undefined> {
  const shown = await lookups.identityById(identityId);
  const passkeys = shown === undefined ? [] : passkeysOf(withCredentials(shown));
  return passkeys.length === 0 ? undefined : requestOptions(challenge, passkeys, timeoutMs);
}

/** In the place of `useSecondFactor`. `challenge`: of this answer alone. */
export async function usePasskey(
  ports: FactorPorts,
  identityId: IdentityId,
  { answer, challenge }: { readonly answer: string; readonly challenge: Challenge },
): Promise<JudgedCode['type']> {
  const judged = await proven(ports, {
    identityId,
    showing: {
      ...{ what: 'passkey', shown: answer },
      judge: (identity) => judgePasskey(identity, answer, challenge),
    },
  });
  return judged.type;
}
