// TLS for all listeners (DESIGN 3.12): one secure context per certificate, shared by 465 and STARTTLS alike, chosen by SNI.
// TLS 1.2 or newer, forward secrecy and AEAD only (RFC 9325), no renegotiation; ticket keys are the same in every front.

import { X509Certificate } from 'node:crypto';
import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
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

/** Throws if a pair does not fit together. The first pair serves clients without SNI or with an unknown name. */
export function tlsContexts(pairs: readonly CertificatePair[], ticketKeys: Uint8Array): ServerTls {
  const contexts = pairs.map(({ cert, key }) => ({
    certificate: new X509Certificate(cert),
    context: createSecureContext({
      cert,
      key,
      minVersion: 'TLSv1.2',
      ciphers: CIPHERS,
      honorCipherOrder: true,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
      sessionIdContext: 'postern',
      ticketKeys: Buffer.from(ticketKeys),
    }),
  }));
  const [first] = contexts;
  if (first === undefined) throw new Error('no certificate is configured');
  const byName = new Map<string, SecureContext>();
  if (contexts.length === 1) return { fallback: first.context };
  return {
    fallback: first.context,
    forName(serverName) {
      const name = serverName.toLowerCase().slice(0, 255);
      const known = byName.get(name);
      if (known !== undefined) return known;
      const found = contexts.find(({ certificate }) => certificate.checkHost(name) !== undefined)?.context;
      // Only names that a certificate covers are remembered: strangers can't grow the map beyond that.
      if (found !== undefined && byName.size < 1000) byName.set(name, found);
      return found;
    },
  };
}
