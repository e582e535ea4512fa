// A private key that may sign mail: rsa of 2048 to 4096 bits (RFC 8301 section 3.2) or ed25519 (RFC 8463).

import { createPrivateKey, type KeyObject } from 'node:crypto';
import { err, ok, type Result } from '../../base/result.ts';

export type DkimAlgorithm = 'rsa-sha256' | 'ed25519-sha256';

export interface DkimKey {
  readonly key: KeyObject;
  readonly algorithm: DkimAlgorithm;
}

const RSA_BITS = { least: 2048, most: 4096 } as const;

/** The error says what is wrong with the PEM text, never what stands in it. */
export function readDkimKey(pem: string): Result<DkimKey, string> {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return err('it is no private key in PEM without a passphrase');
  }
  if (key.asymmetricKeyType === 'ed25519') return ok({ key, algorithm: 'ed25519-sha256' });
  if (key.asymmetricKeyType !== 'rsa')
    return err(`it is a key of type ${key.asymmetricKeyType ?? 'unknown'}: DKIM knows rsa and ed25519`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < RSA_BITS.least)
    return err(`it has ${bits} bits: receivers need ${RSA_BITS.least} (RFC 8301 section 3.2)`);
  if (bits > RSA_BITS.most)
    return err(
      `it has ${bits} bits: verifiers need not take more than ${RSA_BITS.most} (RFC 8301 section 3.2)`,
    );
  return ok({ key, algorithm: 'rsa-sha256' });
}
