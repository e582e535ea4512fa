// Keys for tests, made once, and mailauth as the verifier that others run.

import { generateKeyPairSync } from 'node:crypto';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { readDkimKey } from '../../src/message/dkim/key.ts';
import { dkimRecord } from '../../src/message/dkim/record.ts';
import { dkimRecordName } from '../../src/message/dkim/record-name.ts';
import type { SigningKey } from '../../src/submission/signer.ts';

function keyOf(domain: string, selector: string, pem: string): SigningKey {
  return { domain, selector, pem, required: true, headers: [] };
}

const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
export const rsaKey = keyOf(
  'example.org',
  'rsa1',
  generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export(pkcs8).toString(),
);
export const edKey = keyOf(
  'example.org',
  'ed1',
  generateKeyPairSync('ed25519').privateKey.export(pkcs8).toString(),
);

export interface Verified {
  readonly domain: string;
  readonly selector: string;
  /** `pass`, `fail`, `neutral` … */
  readonly result: string;
  readonly comment: string;
}

/** By the public halves of `keys`, and no network. */
export async function verify(message: Uint8Array, keys: readonly SigningKey[]): Promise<readonly Verified[]> {
  const records = new Map(keys.map((key) => [dkimRecordName(key.selector, key.domain), recordOf(key)]));
  const { results } = await dkimVerify(Buffer.from(message), {
    resolver: async (name: string) => {
      const record = records.get(name);
      if (record === undefined) throw Object.assign(new Error(name), { code: 'ENOTFOUND' });
      return [[record]];
    },
  });
  return results.map(({ signingDomain = '', selector = '', status }) => ({
    domain: signingDomain,
    selector,
    result: status?.result ?? '',
    comment: status?.comment ?? '',
  }));
}

export function recordOf({ pem }: SigningKey): string {
  const read = readDkimKey(pem);
  if (!read.ok) throw new Error(read.error);
  return dkimRecord(read.value.key);
}
