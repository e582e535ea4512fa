// Outgoing connections: dialling a host, a socket file, the client side of TLS. Names are looked up by the system's resolver.

import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface DialTarget {
  /** Absent: `path` is a Unix socket. */
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
}

export interface ClientTls {
  readonly serverName: string;
  /** False: encryption without knowing whom to (opportunistic). */
  readonly verify: boolean;
  /** Further trusted certificates, PEM. */
  readonly ca?: string;
}

export interface PeerTls {
  readonly version: string;
  readonly cipher: string;
  readonly verified: boolean;
}

export interface Wire {
  /** e.g. `192.0.2.7:25` */
  readonly remote: string;
  /** Octets in; replaces the listener before. */
  listen(events: { bytes(bytes: Uint8Array): void; closed(error: string | undefined): void }): void;
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
  startTls(tls: ClientTls): Promise<PeerTls>;
  end(): void;
  destroy(): void;
}

export interface Network {
  /** Rejects with the system's error, or after `timeoutMs`. */
  dial(target: DialTarget, timeoutMs: number): Promise<Wire>;
}

export const systemNetwork: Network = {
  dial(target, timeoutMs) {
    return new Promise((resolve, reject) => {
      const socket =
        target.path === undefined
          ? connect({
              host: target.host ?? 'localhost',
              port: target.port ?? 25,
              noDelay: true,
              autoSelectFamily: true,
            })
          : connect({ path: target.path });
      const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), timeoutMs);
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
      socket.once('connect', () => {
        clearTimeout(timer);
        socket.removeAllListeners('error');
        resolve(wireOf(socket, target));
      });
    });
  },
};

const written = Promise.resolve();

function wireOf(raw: Socket, target: DialTarget): Wire {
  let socket: Socket | TLSSocket = raw;
  let events: Parameters<Wire['listen']>[0] | undefined;
  let closed = false;
  let error: string | undefined;
  let early: Uint8Array[] = [];

  const onData = (bytes: Uint8Array): void => {
    if (events === undefined) early.push(bytes);
    else events.bytes(bytes);
  };
  function attach(next: Socket | TLSSocket): void {
    next.on('data', onData);
    next.on('error', (cause: Error) => {
      error ??= 'code' in cause ? `${String(cause.code)}: ${cause.message}` : cause.message;
      raw.destroy();
    });
    next.on('close', () => {
      if (closed) return;
      closed = true;
      events?.closed(error);
    });
  }
  attach(raw);

  return {
    remote: target.path ?? `${raw.remoteAddress ?? target.host}:${raw.remotePort ?? target.port}`,
    listen(next) {
      events = next;
      const waiting = early;
      early = [];
      for (const bytes of waiting) next.bytes(bytes);
      if (closed) next.closed(error);
    },
    write(bytes) {
      if (closed || socket.destroyed) return Promise.reject(new Error(error ?? 'the connection is closed'));
      if (socket.write(bytes)) return written;
      return new Promise((resolve) => {
        const done = (): void => {
          socket.off('drain', done);
          socket.off('close', done);
          resolve();
        };
        socket.once('drain', done);
        socket.once('close', done);
      });
    },
    startTls: (tls) =>
      new Promise((resolve, reject) => {
        raw.removeAllListeners('data');
        const secured = connectTls({
          socket: raw,
          // A name is what certificates are matched with; an address may not stand in SNI.
          ...(isIP(tls.serverName) === 0 ? { servername: tls.serverName } : {}),
          rejectUnauthorized: tls.verify,
          minVersion: 'TLSv1.2',
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
        });
        socket = secured;
        secured.once('error', reject);
        raw.once('close', () => reject(new Error(error ?? 'closed during the TLS handshake')));
        secured.once('secureConnect', () => {
          secured.off('error', reject);
          attach(secured);
          const cipher = secured.getCipher();
          resolve({
            version: secured.getProtocol() ?? 'unknown',
            cipher: cipher.standardName,
            verified: secured.authorized,
          });
        });
      }),
    end: () => void socket.end(),
    destroy() {
      socket.destroy();
      raw.destroy();
    },
  };
}

/** As this machine resolves names. */
export async function hasAddress(name: string): Promise<boolean> {
  try {
    await lookup(name);
    return true;
  } catch {
    return false;
  }
}
