// Passkeys of an identity, in the way of `second-factor-changes.ts`: one is added, one is used.

import type { Credential, Identity, PasskeyVerifier } from '../record/identity.ts';
import { labelled } from './credential-changes.ts';
import { type Changed, problem } from './identity-changes.ts';
import { type Challenge, usedPasskey } from './passkey.ts';
import { besideApp, type JudgedCode, right, withFactor } from './second-factor-changes.ts';

export const PASSKEYS_MAX = 10;

export interface PasskeyCredential extends Credential {
  readonly kind: 'passkey';
  readonly verifiers: readonly [PasskeyVerifier];
}

export function passkeysOf({ credentials }: Pick<Identity, 'credentials'>): readonly PasskeyVerifier[] {
  return credentials.flatMap(({ verifiers }) => verifiers.filter((one) => one.type === 'passkey'));
}

export function addPasskey(identity: Identity, passkey: PasskeyCredential): Changed {
  const present = passkeysOf(identity);
  const [{ credentialId }] = passkey.verifiers;
  if (present.length >= PASSKEYS_MAX)
    return problem('limit', `an identity has at most ${PASSKEYS_MAX} passkeys; remove one first`);
  if (present.some((one) => one.credentialId === credentialId))
    return problem('taken', `${identity.login} has this passkey already`);
  return (
    labelled(passkey, 'the name of what keeps it') ?? besideApp(identity) ?? withFactor(identity, passkey)
  );
}

/** `answer`: of the browser. */
export async function judgePasskey(
  identity: Identity,
  answer: string,
  challenge: Challenge,
): Promise<JudgedCode> {
  if (identity.state !== 'active') return { type: 'wrong' };
  const used = await usedPasskey(passkeysOf(identity), answer, challenge);
  const credential = identity.credentials.find(({ verifiers }) =>
    verifiers.some(
      (one) => one.type === 'passkey' && used.ok && one.credentialId === used.value.credentialId,
    ),
  );
  return used.ok && credential !== undefined ? right(identity, credential, [used.value]) : { type: 'wrong' };
}
