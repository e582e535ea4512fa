// An HTTPS server whose certificates can be replaced while it runs: for the web and for the console.

import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { createServer as createTlsServer, type Server, type ServerOptions } from 'node:https';
import type { ServerTls } from '../platform/listen.ts';
import { type CertificatePair, fallbackOptions, tlsContexts } from '../server/tls-contexts.ts';

const TICKET_KEY_OCTETS = 48;

export interface TlsListening {
  readonly server: Server;
  /** New connections get these; what clients could resume they can resume no more. */
  reload(certificates: readonly CertificatePair[]): void;
}

/** Clients without SNI get the first certificate, others what fits the name. */
export function tlsServer(
  pairs: readonly CertificatePair[],
  options: ServerOptions,
  handle: RequestListener,
): TlsListening {
  // Of its own: what was agreed here is not to be resumed over SMTP.
  let ticketKeys = randomBytes(TICKET_KEY_OCTETS);
  let contexts: ServerTls = tlsContexts(pairs, ticketKeys);
  const server = createTlsServer(
    {
      ...options,
      ...fallbackOptions(pairs, ticketKeys),
      SNICallback: (name, done) => done(null, contexts.forName?.(name)),
    },
    handle,
  );
  // A failed handshake is no error of ours.
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return {
    server,
    reload(next) {
      ticketKeys = randomBytes(TICKET_KEY_OCTETS);
      contexts = tlsContexts(next, ticketKeys);
      server.setSecureContext(fallbackOptions(next, ticketKeys));
    },
  };
}
