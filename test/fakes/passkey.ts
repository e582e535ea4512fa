// An authenticator of its own kind (WebAuthn level 3, without attestation): what a browser would answer, and what a liar would.

import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import type { Challenge } from '../../src/administration/passkeys.ts';

/** What is other than it should be. */
export interface Lie extends Partial<Challenge> {
  readonly counter?: number;
  readonly key?: KeyObject;
  /** Whose id it shows. */
  readonly as?: string;
}

export interface Authenticator {
  readonly id: string;
  /** As JSON, for a new passkey. */
  create(challenge: Challenge, lie?: Lie): string;
  /** As JSON, each time with a higher counter. */
  get(challenge: Challenge, lie?: Lie): string;
}

const USER_PRESENT = 0x01;
const HAS_KEY = 0x40;

const base64url = (octets: Uint8Array): string => Buffer.from(octets).toString('base64url');
const sha256 = (octets: Uint8Array | string): Uint8Array => createHash('sha256').update(octets).digest();

export const newKey = (): KeyObject => generateKeyPairSync('ed25519').privateKey;

export function newAuthenticator(): Authenticator {
  const id = randomBytes(16);
  const own = newKey();
  let counter = 0;

  function clientData(type: string, { challenge, origin }: Challenge): Buffer {
    return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  }

  function authenticatorData(flags: number, { id: party }: Challenge, count: number): Buffer {
    const rest = Buffer.alloc(5);
    rest.writeUInt8(flags, 0);
    rest.writeUInt32BE(count, 1);
    return Buffer.concat([sha256(party), rest]);
  }

  const answer = (response: object, shown = base64url(id)): string =>
    JSON.stringify({
      ...{ id: shown, rawId: shown, type: 'public-key' },
      response,
      clientExtensionResults: {},
    });

  return {
    id: base64url(id),
    create(challenge, lie = {}) {
      const told = { ...challenge, ...lie };
      const key = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, coseKey(own)]);
      const data = Buffer.concat([authenticatorData(USER_PRESENT | HAS_KEY, told, counter), key]);
      return answer({
        clientDataJSON: base64url(clientData('webauthn.create', told)),
        attestationObject: base64url(attestation(data)),
        transports: ['internal'],
      });
    },
    get(challenge, { key = own, as = base64url(id), ...lie } = {}) {
      counter += 1;
      const told = { ...challenge, ...lie };
      const data = authenticatorData(USER_PRESENT, told, lie.counter ?? counter);
      const client = clientData('webauthn.get', told);
      return answer(
        {
          clientDataJSON: base64url(client),
          authenticatorData: base64url(data),
          signature: base64url(sign(null, Buffer.concat([data, sha256(client)]), key)),
        },
        as,
      );
    },
  };
}

/** CBOR: `{ 1: 1 (OKP), 3: -8 (EdDSA), -1: 6 (Ed25519), -2: x }` (RFC 9053). */
function coseKey(key: KeyObject): Buffer {
  const { x = '' } = createPublicKey(key).export({ format: 'jwk' });
  return Buffer.concat([
    Buffer.from([0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20]),
    Buffer.from(x, 'base64url'),
  ]);
}

/** CBOR: `{ fmt: 'none', attStmt: {}, authData }`. */
function attestation(data: Buffer): Buffer {
  const text = (word: string): Buffer =>
    Buffer.concat([Buffer.from([0x60 | word.length]), Buffer.from(word)]);
  return Buffer.concat([
    ...[Buffer.from([0xa3]), text('fmt'), text('none'), text('attStmt'), Buffer.from([0xa0])],
    ...[text('authData'), Buffer.from([0x58, data.length]), data],
  ]);
}
