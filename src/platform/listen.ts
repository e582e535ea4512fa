// Incoming connections: listening sockets that several threads may share, and the server side of TLS on a socket that exists.

import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

export interface ListenAt {
  readonly address?: string | undefined;
  readonly port: number;
}

/** What Node's servers listen by. `::` that is named is IPv6 alone, so that `0.0.0.0` may stand beside it; without an address it is both. */
export function bindingOf({ address, port }: ListenAt): ListenOptions {
  return { port, host: address, ipv6Only: address !== undefined && /^[0:]+$/.test(address) };
}

/** Says which place, why not, and the way out. */
export class CannotBind extends Error {
  override readonly name = 'CannotBind';
}

/** `what`: who wanted it, by its key in the configuration. */
export function cannotBind(what: string, where: string, error: unknown): CannotBind {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known: Readonly<Record<string, string>> = {
    EADDRINUSE: 'is in use by another program',
    EADDRNOTAVAIL: 'is no address of this host',
    EACCES: 'may not be bound: give the service CAP_NET_BIND_SERVICE (packaging/postern.service does)',
  };
  return new CannotBind(`${what}: ${where} ${known[code] ?? `can't be bound: ${String(error)}`}`, {
    cause: error,
  });
}

export const whereOf = ({ address, port }: ListenAt): string =>
  address === undefined ? `*:${port}` : address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/**
 * Tries all of them without sharing, so that a second instance can't share one silently, and lets go of them. Rejects with `CannotBind` about the first
 * that can't be had.
 */
export async function proveBindable(all: readonly (ListenAt & { readonly what: string })[]): Promise<void> {
  const held: Server[] = [];
  try {
    for (const one of all) {
      const server = createServer();
      await listening(server, { ...bindingOf(one), exclusive: true }, () => undefined).catch(
        (error: unknown) => {
          throw cannotBind(one.what, whereOf(one), error);
        },
      );
      held.push(server);
    }
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

/** Resolves when it listens; rejects with the system's error. `notTaken`: it goes on listening, but a connection could not be taken (EMFILE: no descriptors are left). */
export async function listening(
  server: Pick<Server, 'on' | 'once' | 'off' | 'listen'>,
  how: ListenOptions,
  notTaken: (error: Error) => void,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(how, () => {
      server.off('error', reject);
      server.on('error', notTaken);
      resolve();
    });
  });
}

/** Listens; `share` lets several threads of this process take connections from the same port. Rejects with `CannotBind`. */
export async function listen(
  at: ListenAt & { readonly share: boolean; readonly backlog: number },
  onConnection: (socket: Socket) => void,
  notTaken: (error: Error) => void,
): Promise<Server> {
  const server = createServer({ noDelay: true, pauseOnConnect: false }, onConnection);
  await listening(server, { ...bindingOf(at), reusePort: at.share, backlog: at.backlog }, notTaken).catch(
    (error: unknown) => {
      throw cannotBind('listeners', whereOf(at), error);
    },
  );
  return server;
}

export interface ServerTls {
  readonly fallback: SecureContext;
  /** The context for a server name, or undefined for the fallback. Absent: there is one for all names. */
  forName?(serverName: string): SecureContext | undefined;
}

/** What we speak, as ALPN names it (RFC 7301). */
const PROTOCOL = 'smtp';

/**
 * Wraps an accepted socket. ALPN: who offers protocols and ours is not among them is refused in the handshake (TLS-v): it means somebody else. A record that can't be read
 * destroys it: Node says so to its own servers only, and would go on to gather whatever follows in memory.
 */
export function tlsServerSocket(socket: Socket, tls: ServerTls): TLSSocket {
  const { fallback, forName } = tls;
  const secured = new TLSSocket(socket, {
    isServer: true,
    secureContext: fallback,
    requestCert: false,
    ...(forName === undefined ? {} : { SNICallback: (name, done) => done(null, forName(name)) }),
    ALPNCallback: ({ protocols }) => (protocols.includes(PROTOCOL) ? PROTOCOL : undefined),
  });
  return secured.on('_tlsError', (error: Error) => void secured.destroy(error));
}
