// Passkeys (WebAuthn): a key that a telephone, a computer or a token in the hand keeps, bound to the name of the console. What browsers are asked, and whether what they
// answer is right. The library that judges takes long to load, so that is done when the first passkey is used.

import { isIP } from '../base/network.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { PasskeyVerifier } from '../record/identity.ts';

/** Whom a passkey is for. */
export interface RelyingParty {
  readonly id: string;
  readonly origin: string;
}

export interface Challenge extends RelyingParty {
  /** Random, base64url, for one answer. */
  readonly challenge: string;
}

const ALGORITHMS = { ed25519: -8, es256: -7, rs256: -257 } as const;

/** Undefined: browsers keep passkeys for names with TLS alone, not for addresses. */
export function relyingPartyOf(url: string): RelyingParty | undefined {
  const { hostname, origin, protocol } = new URL(url);
  const isName = isIP(hostname) === 0 && !hostname.startsWith('[');
  return isName && (protocol === 'https:' || hostname === 'localhost') ? { id: hostname, origin } : undefined;
}

interface Owner {
  readonly id: string;
  readonly login: string;
  readonly passkeys: readonly PasskeyVerifier[];
}

/** For `PublicKeyCredential.parseCreationOptionsFromJSON`. */
export function creationOptions({ id, challenge }: Challenge, owner: Owner, timeout: number): object {
  const { login, passkeys } = owner;
  return {
    rp: { id, name: id },
    user: { id: Buffer.from(owner.id).toString('base64url'), name: login, displayName: login },
    ...{ challenge, timeout, attestation: 'none' },
    pubKeyCredParams: Object.values(ALGORITHMS).map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials: passkeys.map(descriptorOf),
    // The login is known when it is asked for.
    authenticatorSelection: { residentKey: 'discouraged', userVerification: 'preferred' },
  };
}

/** For `PublicKeyCredential.parseRequestOptionsFromJSON`. */
export function requestOptions(
  { id, challenge }: Challenge,
  passkeys: readonly PasskeyVerifier[],
  timeout: number,
): object {
  const allowCredentials = passkeys.map(descriptorOf);
  return { rpId: id, challenge, timeout, allowCredentials, userVerification: 'preferred' };
}

const descriptorOf = ({ credentialId, transports }: PasskeyVerifier) => ({
  ...{ type: 'public-key', id: credentialId },
  ...(transports.length === 0 ? {} : { transports }),
});

/** Why not, in the library's words. `answer`: what `toJSON` gave in the browser. */
export async function createdPasskey(
  answer: string,
  { id, origin, challenge }: Challenge,
): Promise<Result<PasskeyVerifier, string>> {
  const response = parsed(answer);
  if (response === undefined) return err('it is no answer of a browser');
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
  try {
    const { registrationInfo } = await verifyRegistrationResponse({
      ...{ response: response as never, expectedChallenge: challenge, expectedOrigin: origin },
      ...{
        expectedRPID: id,
        requireUserVerification: false,
        supportedAlgorithmIDs: Object.values(ALGORITHMS),
      },
    });
    if (registrationInfo === undefined) return err('its signature is not right');
    const { credential } = registrationInfo;
    return ok({
      ...{ type: 'passkey', credentialId: credential.id, counter: credential.counter },
      publicKey: Buffer.from(credential.publicKey).toString('base64url'),
      transports: credential.transports ?? [],
    });
  } catch (error) {
    return err(wordsOf(error));
  }
}

/** The passkey as it is after this use. */
export async function usedPasskey(
  passkeys: readonly PasskeyVerifier[],
  answer: string,
  { id, origin, challenge }: Challenge,
): Promise<Result<PasskeyVerifier, string>> {
  const response = parsed(answer);
  const passkey = passkeys.find(({ credentialId }) => credentialId === response?.['id']);
  if (passkey === undefined) return err('it is no passkey of this account');
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
  const { counter, credentialId } = passkey;
  const publicKey = new Uint8Array(Buffer.from(passkey.publicKey, 'base64url'));
  try {
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      ...{ response: response as never, expectedChallenge: challenge, expectedOrigin: origin },
      ...{ expectedRPID: id, requireUserVerification: false },
      credential: { id: credentialId, publicKey, counter },
    });
    return verified
      ? ok({ ...passkey, counter: authenticationInfo.newCounter })
      : err('its signature is not right');
  } catch (error) {
    return err(wordsOf(error));
  }
}

const ANSWER_LENGTH_MAX = 16_384;

/** What it has beside an id is judged by the library, which throws at what does not fit. */
function parsed(answer: string): Readonly<Record<string, unknown>> | undefined {
  if (answer.length > ANSWER_LENGTH_MAX) return undefined;
  try {
    const value: unknown = JSON.parse(answer);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
