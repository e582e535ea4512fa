// The listener of the console: HTTP on loopback, HTTPS anywhere, and bounds on all that somebody can make it hold: connections, header, body, time.

import { createServer, type RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';
import { plainAddress } from '../base/address-network.ts';
import { isLoopback } from '../config/unsafe.ts';
import { closeServer } from '../http/close.ts';
import { tlsServer } from '../http/tls-server.ts';
import { boundPerNetwork } from '../http/web-admission.ts';
import type { CertificatePair } from '../server/tls-contexts.ts';
import { bindingOf, cannotBind, type ListenAt, listening, whereOf } from '../platform/listen.ts';

export const HEADER_OCTETS_MAX = 16 * 1024;
const HEADERS_MAX = 100;
export const CONNECTIONS_MAX = 256;
export const REQUEST_MS = 15_000;
const IDLE_MS = 5_000;
/** Longer than the pause between two heartbeats of a stream. */
const SILENCE_MS = 60_000;

export interface ConsoleListener {
  /** New connections get these. */
  reload(certificates: readonly CertificatePair[]): void;
  close(): Promise<void>;
}

/** `certificates`: for TLS; absent: in clear. Rejects with `CannotBind`. */
export async function startListener(
  at: ListenAt,
  app: Hono,
  notTaken: (error: Error) => void,
  certificates?: readonly CertificatePair[],
): Promise<ConsoleListener> {
  const answer = getRequestListener(app.fetch);
  const handle: RequestListener = (request, response) => void answer(request, response);
  const options = { maxHeaderSize: HEADER_OCTETS_MAX, connectionsCheckingInterval: 1000 };
  const { server, reload } =
    certificates === undefined
      ? { server: createServer(options, handle), reload: () => undefined }
      : tlsServer(certificates, { ...options, handshakeTimeout: REQUEST_MS }, handle);
  // Whoever comes through a proxy or `ssh -L` comes from there.
  boundPerNetwork(server, (address) => isLoopback(plainAddress(address)));
  server.maxConnections = CONNECTIONS_MAX;
  server.maxHeadersCount = HEADERS_MAX;
  server.headersTimeout = REQUEST_MS;
  server.requestTimeout = REQUEST_MS;
  server.keepAliveTimeout = IDLE_MS;
  server.setTimeout(SILENCE_MS, (socket) => socket.destroy());
  await listening(server, bindingOf(at), notTaken).catch((error: unknown) => {
    throw cannotBind('console', whereOf(at), error);
  });
  return { reload, close: () => closeServer(server) };
}
