// Signs a message with the keys of its From domain (requirements 6409-8.5, RFC 6376, RFC 8463). The body hash grows while the body streams;
// the signature itself is made off the event loop, at the end. Nothing here is touched for mail of a domain without keys.

import { hash, type KeyObject, sign } from 'node:crypto';
import { concat } from '../base/bytes.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type DkimAlgorithm, readDkimKey } from '../message/dkim/key.ts';
import { dkimRecordName } from '../message/dkim/record-name.ts';
import { RelaxedBodyHash } from '../message/dkim/relaxed-body.ts';
import { signatureField, signedOctets, unsignedField } from '../message/dkim/signature.ts';
import { signedFields } from '../message/dkim/signed-fields.ts';
import { addressDomain, canonicalAddress } from '../policy/address.ts';
import type { SignatureFacts } from '../record/events.ts';

export interface SigningKey {
  readonly domain: string;
  readonly selector: string;
  readonly pem: string;
  /** A message that this key can not sign must not leave. */
  readonly required: boolean;
  /** Lower-case names of fields besides the usual ones. */
  readonly headers: readonly string[];
}

/** `digest` is the hash of the signing algorithm, null: the algorithm has its own. */
export type SignOctets = (digest: 'sha256' | null, octets: Uint8Array, key: KeyObject) => Promise<Buffer>;

export interface Signer {
  /** Signatures for a message whose header names this address as From; undefined: none of our keys is for it. */
  open(from: string): Signing | undefined;
}

export interface Signing {
  /** The body, piece by piece and in order. */
  body(bytes: Uint8Array): void;
  /** The header with its signatures on top; the error is why a required one could not be made. Never rejects. */
  finish(header: Uint8Array, now: number): Promise<Result<SignedHeader, string>>;
}

export interface SignedHeader {
  readonly header: Uint8Array;
  readonly signatures: readonly SignatureFacts[];
}

export interface SignerOptions {
  readonly keys: readonly SigningKey[];
  /** Called for each signature that could not be made. */
  readonly failed: (facts: SignatureFacts) => void;
  readonly sign?: SignOctets;
}

interface LoadedKey extends SigningKey {
  readonly key: KeyObject;
  readonly algorithm: DkimAlgorithm;
}

export function createSigner({ keys, failed, sign: signOctets = signInPool }: SignerOptions): Signer {
  const byDomain = new Map<string, SigningKey[]>();
  for (const key of keys) {
    const same = byDomain.get(key.domain);
    if (same === undefined) byDomain.set(key.domain, [key]);
    else same.push(key);
  }
  const loaded = new Map<SigningKey, LoadedKey>();

  /** A key is read once, and not before mail needs it. */
  function load(key: SigningKey): LoadedKey {
    const known = loaded.get(key);
    if (known !== undefined) return known;
    const read = readDkimKey(key.pem);
    if (!read.ok) throw new Error(read.error);
    const made = { ...key, ...read.value };
    loaded.set(key, made);
    return made;
  }

  async function signWith(key: SigningKey, header: Uint8Array, bodyHash: Buffer, now: number) {
    const { algorithm, key: privateKey } = load(key);
    const fields = signedFields(header, key.headers);
    const unsigned = unsignedField({ ...key, algorithm, bodyHash, time: now, names: fields.names });
    const octets = signedOctets(fields, unsigned);
    // RFC 8463 section 3: what Ed25519 signs is the SHA-256 of these octets.
    const made =
      algorithm === 'ed25519-sha256'
        ? await signOctets(null, hash('sha256', octets, 'buffer'), privateKey)
        : await signOctets('sha256', octets, privateKey);
    return signatureField(unsigned, made);
  }

  async function signAll(
    mine: readonly SigningKey[],
    header: Uint8Array,
    bodyHash: Buffer,
    now: number,
  ): Promise<Result<SignedHeader, string>> {
    let missing: string | undefined;
    const made = await Promise.all(
      mine.map(async (key) => {
        const { domain, selector } = key;
        try {
          return { facts: { domain, selector }, field: await signWith(key, header, bodyHash, now) };
        } catch (error) {
          const facts = { domain, selector, failure: error instanceof Error ? error.message : String(error) };
          if (key.required) missing = `no signature by ${dkimRecordName(selector, domain)}: ${facts.failure}`;
          failed(facts);
          return { facts };
        }
      }),
    );
    if (missing !== undefined) return err(missing);
    const fields = made.flatMap(({ field }) => field ?? []);
    return ok({ header: concat([...fields, header]), signatures: made.map(({ facts }) => facts) });
  }

  return {
    open(from) {
      const mine = keysFor(byDomain, from);
      if (mine === undefined) return undefined;
      const body = new RelaxedBodyHash();
      return {
        body: (bytes) => body.update(bytes),
        finish: async (header, now) => signAll(mine, header, body.digest(), now),
      };
    },
  };
}

/** Of the domain itself, else of the nearest one above it: DMARC takes both for aligned (RFC 7489 section 3.1.1). */
function keysFor(
  byDomain: ReadonlyMap<string, readonly SigningKey[]>,
  from: string,
): readonly SigningKey[] | undefined {
  const address = byDomain.size === 0 ? undefined : canonicalAddress(from);
  if (address === undefined) return undefined;
  for (let domain = addressDomain(address); domain !== '';) {
    const keys = byDomain.get(domain);
    if (keys !== undefined) return keys;
    const dot = domain.indexOf('.');
    domain = dot < 0 ? '' : domain.slice(dot + 1);
  }
  return undefined;
}

/** In the thread pool of libuv: an rsa signature takes a millisecond. */
const signInPool: SignOctets = (digest, octets, key) =>
  new Promise((resolve, reject) => {
    sign(digest, octets, key, (error, signature) => {
      if (error === null) resolve(signature);
      else reject(error);
    });
  });
