// The public web listener: onboarding documents and nothing else. Everything that a stranger can make it hold is bounded: connections, header,
// body, time, requests from one network. It shares no port and no route with the private HTTP.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import { connectionNetworkOf } from '../identity/network.ts';
import { answer, type SiteAnswer } from '../onboarding/site.ts';
import { siteRequest } from '../onboarding/site-request.ts';
import type { OnboardingSettings } from '../onboarding/settings.ts';
import { bindingOf, cannotBind, listening, whereOf } from '../platform/listen.ts';
import type { Clock } from '../platform/platform.ts';
import { closeServer } from './close.ts';
import type { CertificatePair } from '../server/tls-contexts.ts';
import { tlsServer } from './tls-server.ts';
import { boundPerNetwork, CONNECTIONS_OF_WEB } from './web-admission.ts';

const HEADER_OCTETS_MAX = 8 * 1024;
const BODY_OCTETS_MAX = 16 * 1024;
const REQUEST_MS = 10_000;
const IDLE_MS = 5000;
const REQUESTS_PER_SOCKET = 20;
const MINUTE_MS = 60_000;
const REQUESTS_PER_MINUTE = 60;
/** All of them together: also what a proxy may bring, whose clients we can't tell apart. */
const REQUESTS_PER_MINUTE_IN_ALL = 3000;

const securityHeaders: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

export interface WebOptions {
  readonly port: number;
  readonly address?: string | undefined;
  readonly tls: boolean;
  readonly certificates: readonly CertificatePair[];
  readonly clock: Clock;
  /** Read for each request, so that a reload counts at once. */
  settings(): OnboardingSettings;
  notTaken(error: Error): void;
}

export interface Web {
  /** New connections get these; what clients could resume they can resume no more. */
  reload(certificates: readonly CertificatePair[]): void;
  close(): Promise<void>;
}

export async function startWeb(options: WebOptions): Promise<Web> {
  const mayAsk = requestGate(options.clock, !options.tls);
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (!mayAsk(request.socket.remoteAddress ?? ''))
      return send(request, response, plain(429, 'Too many requests: try again in a minute\n'));
    serve(request, response, options.settings);
  };
  const { server, reload } = options.tls
    ? tlsServer(options.certificates, { ...common, handshakeTimeout: REQUEST_MS }, handle)
    : plainServer(handle);
  // Through a proxy all connections come from one address.
  if (options.tls) boundPerNetwork(server);
  server.maxConnections = CONNECTIONS_OF_WEB;
  server.maxRequestsPerSocket = REQUESTS_PER_SOCKET;
  server.keepAliveTimeout = IDLE_MS;
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  server.setTimeout(REQUEST_MS, (socket) => socket.destroy());
  await listening(server, bindingOf(options), (error) => options.notTaken(error)).catch((error: unknown) => {
    throw cannotBind('web', whereOf(options), error);
  });
  return {
    reload,
    close: () => closeServer(server, 0),
  };
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;
interface Listening {
  readonly server: Server | TlsServer;
  reload(certificates: readonly CertificatePair[]): void;
}

const common = { maxHeaderSize: HEADER_OCTETS_MAX, connectionsCheckingInterval: 1000 } as const;

function plainServer(handle: Handler): Listening {
  return { server: createServer(common, handle), reload: () => undefined };
}

/** A fixed minute for each network; the table is as small as the total that it may count. */
export function requestGate(clock: Clock, behindProxy: boolean): (address: string) => boolean {
  let startedAt = clock.monotonic();
  let total = 0;
  let counts = new Map<string, number>();
  return (address) => {
    const now = clock.monotonic();
    if (now - startedAt >= MINUTE_MS) {
      startedAt = now;
      total = 0;
      counts = new Map();
    }
    if (total >= REQUESTS_PER_MINUTE_IN_ALL) return false;
    const network = connectionNetworkOf(address);
    const count = (counts.get(network) ?? 0) + 1;
    if (!behindProxy && count > REQUESTS_PER_MINUTE) return false;
    counts.set(network, count);
    total += 1;
    return true;
  };
}

function serve(request: IncomingMessage, response: ServerResponse, settings: WebOptions['settings']): void {
  const parts: Buffer[] = [];
  let octets = 0;
  request.on('error', () => response.destroy());
  request.on('data', (part: Buffer) => {
    octets += part.length;
    if (octets <= BODY_OCTETS_MAX) parts.push(part);
    else if (!response.headersSent) send(request, response, plain(413, 'The request is too large\n'));
  });
  request.on('end', () => {
    if (response.headersSent) return;
    const { method = '', url: target = '', headers } = request;
    const asked = siteRequest({
      ...{ method, target, host: headers.host ?? '' },
      body: Buffer.concat(parts).toString('utf8'),
    });
    send(
      request,
      response,
      asked === undefined ? plain(400, 'No such request\n') : answer(settings(), asked),
    );
  });
}

function plain(status: number, body: string): SiteAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: SiteAnswer,
): void {
  const bytes = Buffer.from(body);
  const last = status === 413 || status === 429 ? { connection: 'close' } : {};
  response.writeHead(status, {
    ...securityHeaders,
    ...headers,
    ...last,
    'content-length': String(bytes.length),
  });
  if (request.method === 'HEAD') response.end();
  else response.end(bytes);
}
