// TLS for all listeners, SMTP and web: the one place where its options are made. Certificates are chosen by SNI; of an
// ECDSA and an RSA one with the names of the first pair the client gets the one it can use. TLS 1.2 or newer, forward secrecy and AEAD only (RFC 9325), no
// renegotiation; ticket keys are the same in every front.

import { X509Certificate } from 'node:crypto';
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { ServerTls } from '../platform/listen.ts';

export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

// AES-128 first: nothing else here is stronger, and the handshake with SHA-256 costs less than with SHA-384.
const CIPHERS = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

interface Loaded {
  readonly pair: CertificatePair;
  readonly certificate: X509Certificate;
  /** `ec`, `rsa`, `ed25519`. */
  readonly keyType: string;
  /** Names of its subjectAltName, lower case. */
  readonly names: readonly string[];
}

/** Throws if a pair does not fit together. The first pair serves clients without SNI or with an unknown name too. */
export function tlsContexts(pairs: readonly CertificatePair[], ticketKeys: Uint8Array): ServerTls {
  const loaded = pairs.map(load);
  // Each pair alone, so that one which does not fit is reported at the start.
  const contexts = loaded.map((one) => createSecureContext(optionsOf([one], ticketKeys)));
  const group = firstGroup(loaded);
  const [only] = contexts;
  const fallback =
    group.length === 1 && only !== undefined ? only : createSecureContext(optionsOf(group, ticketKeys));
  if (loaded.length === group.length) return { fallback };
  const byName = new Map<string, SecureContext | undefined>();
  return {
    fallback,
    forName(serverName) {
      const name = serverName.toLowerCase().slice(0, 255);
      if (byName.has(name)) return byName.get(name);
      const at = loaded.findIndex(({ certificate }) => certificate.checkHost(name) !== undefined);
      // What the first pair has is left to the fallback: of a context that is chosen by name Node takes one certificate alone.
      const found = at === 0 ? undefined : contexts[at];
      // Only names that a certificate covers are remembered: strangers can't grow the map beyond that.
      if (at >= 0 && byName.size < 1000) byName.set(name, found);
      return found;
    },
  };
}

/** For a server that makes its own context for clients without SNI. */
export function fallbackOptions(
  pairs: readonly CertificatePair[],
  ticketKeys: Uint8Array,
): SecureContextOptions {
  return optionsOf(firstGroup(pairs.map(load)), ticketKeys);
}

/** What clients get that ask for no name, or for one of the first certificate. */
export function pairsOfFallback(pairs: readonly CertificatePair[]): readonly CertificatePair[] {
  return firstGroup(pairs.map(load)).map(({ pair }) => pair);
}

/** Positions of pairs that no client is ever served with: earlier ones have all their names. */
export function unusedPairs(pairs: readonly CertificatePair[]): readonly number[] {
  if (pairs.length === 0) return [];
  const loaded = pairs.map(load);
  const group = firstGroup(loaded);
  return loaded.flatMap((one, at) => {
    const hasEarlier = (name: string): boolean => loaded.slice(0, at).some((other) => covers(other, name));
    return !group.includes(one) && one.names.every(hasEarlier) ? [at] : [];
  });
}

function load(pair: CertificatePair): Loaded {
  const certificate = new X509Certificate(pair.cert);
  const names = (certificate.subjectAltName ?? '')
    .split(', ')
    .flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice('DNS:'.length).toLowerCase()] : []));
  return { pair, certificate, keyType: certificate.publicKey.asymmetricKeyType ?? '', names };
}

/** A wildcard is covered by the same one alone. */
function covers({ certificate, names }: Loaded, name: string): boolean {
  return names.includes(name) || (!name.startsWith('*') && certificate.checkHost(name) !== undefined);
}

/** The first pair, and of each other kind of key the first one that has all its names. */
function firstGroup(loaded: readonly Loaded[]): readonly Loaded[] {
  const [first] = loaded;
  if (first === undefined) throw new Error('no certificate is configured');
  const { names } = first;
  const same = loaded.filter(
    (other) => other === first || (names.length > 0 && names.every((name) => covers(other, name))),
  );
  return same.filter(({ keyType }, at) => same.findIndex((other) => other.keyType === keyType) === at);
}

function optionsOf(group: readonly Loaded[], ticketKeys: Uint8Array): SecureContextOptions {
  return {
    cert: group.map(({ pair }) => pair.cert),
    key: group.map(({ pair }) => pair.key),
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
    sessionIdContext: 'postern',
    ticketKeys: Buffer.from(ticketKeys),
  };
}
