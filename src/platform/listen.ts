// Incoming connections: listening sockets that several threads may share, and the server side of TLS on a socket that exists.

import { createServer, type Server, type Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

export interface ListenAt {
  readonly address?: string | undefined;
  readonly port: number;
}

/** Tries the port without sharing, so that a second instance can't share it silently. Rejects with the system's error. */
export async function tryBind(at: ListenAt): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: at.port, host: at.address, exclusive: true }, resolve);
  });
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** Listens; `share` lets several threads of this process take connections from the same port. */
export async function listen(
  at: ListenAt & { readonly share: boolean; readonly backlog: number },
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  const server = createServer({ noDelay: true, pauseOnConnect: false }, onConnection);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: at.port, host: at.address, reusePort: at.share, backlog: at.backlog }, () => {
      server.off('error', reject);
      resolve();
    });
  });
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
