// Connections that are looked at rather than used: why one can't be made is told apart, and a handshake hands out the facts of the
// certificate whatever they are. The caller decides what is good enough; credentials only go where `verified` says so.

import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, type SecureVersion, type TLSSocket } from 'node:tls';

export type Reach =
  | { readonly type: 'open'; readonly line: ProbeLine }
  /** Answered by a reset, or by ICMP that nobody listens. */
  | { readonly type: 'refused'; readonly detail: string }
  /** No answer in time. */
  | { readonly type: 'filtered'; readonly detail: string }
  /** No way there: this machine has none, or a router said so. */
  | { readonly type: 'unreachable'; readonly detail: string };

export interface ProbeLine {
  /** Octets in; replaces the listener before. Those that nobody waited for come first. */
  listen(events: { bytes(bytes: Uint8Array): void; closed(because: string): void }): void;
  write(bytes: Uint8Array): void;
  /** At most once; what is read afterwards was said inside TLS. */
  startTls(tls: ProbeTls, timeoutMs: number): Promise<Handshake>;
  destroy(): void;
}

export interface ProbeTls {
  /** A name or an address: what the certificate is compared with. */
  readonly serverName: string;
  /** Further trusted certificates, PEM. */
  readonly ca?: string;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  /** As OpenSSL spells them. */
  readonly ciphers?: string;
}

export interface CertificateFacts {
  /** Host names and addresses it is for. */
  readonly names: readonly string[];
  /** One of them is the name that was asked for. */
  readonly isForName: boolean;
  readonly issuer: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** SHA-256, lower-case hex. */
  readonly fingerprint: string;
}

export type Handshake =
  | {
      readonly type: 'secured';
      /** e.g. `TLSv1.3` */
      readonly version: string;
      /** Registered suite name. */
      readonly cipher: string;
      readonly certificate: CertificateFacts;
      /** Why a client must not believe it; absent: it is valid for the name. */
      readonly problem?: string;
    }
  | { readonly type: 'failed'; readonly code: string; readonly detail: string };

const noWay = new Set(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'ENETDOWN']);

/** `address` is an IP address; `from` the own one, where it is of the same family. Never rejects. */
export function reach(address: string, port: number, timeoutMs: number, from?: string): Promise<Reach> {
  return new Promise((resolve) => {
    const own = from !== undefined && isIP(from) === isIP(address) ? { localAddress: from } : {};
    const socket = connect({ host: address, port, noDelay: true, ...own });
    const timer = setTimeout(() => {
      socket.destroy();
      resolve({ type: 'filtered', detail: `no answer within ${Math.round(timeoutMs / 100) / 10} s` });
    }, timeoutMs);
    socket.once('error', (error) => {
      clearTimeout(timer);
      const code = codeOf(error);
      const type = code === 'ETIMEDOUT' ? 'filtered' : noWay.has(code) ? 'unreachable' : 'refused';
      resolve({ type, detail: code });
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve({ type: 'open', line: lineOf(socket) });
    });
  });
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message;
}

function lineOf(raw: Socket): ProbeLine {
  let socket: Socket | TLSSocket = raw;
  let events: Parameters<ProbeLine['listen']>[0] | undefined;
  let ended: string | undefined;
  let early: Uint8Array[] = [];

  const onData = (bytes: Uint8Array): void => {
    if (events !== undefined) return events.bytes(bytes);
    early.push(bytes);
    // Nobody listens yet, so nobody counts: the socket waits.
    socket.pause();
  };
  function attach(next: Socket | TLSSocket): void {
    let error: string | undefined;
    next.on('data', onData);
    next.on('error', (cause) => {
      error = codeOf(cause);
      raw.destroy();
    });
    next.on('end', () => raw.destroy());
    next.on('close', () => {
      if (ended !== undefined || next !== socket) return;
      ended = error ?? 'closed';
      events?.closed(ended);
    });
  }
  attach(raw);

  return {
    listen(next) {
      events = next;
      const waiting = early;
      early = [];
      for (const bytes of waiting) next.bytes(bytes);
      if (ended !== undefined) next.closed(ended);
      else if (waiting.length > 0) socket.resume();
    },
    write(bytes) {
      if (!socket.destroyed) socket.write(bytes);
    },
    startTls(tls, timeoutMs) {
      raw.off('data', onData);
      return new Promise<HandshakeOutcome>((resolve) => handshake(raw, tls, timeoutMs, resolve)).then(
        (outcome) => {
          const { secured, told } = outcome;
          socket = secured;
          if (told.type === 'secured') attach(secured);
          return told;
        },
      );
    },
    destroy() {
      socket.destroy();
      raw.destroy();
    },
  };
}

interface HandshakeOutcome {
  readonly secured: TLSSocket;
  readonly told: Handshake;
}

function handshake(
  raw: Socket,
  tls: ProbeTls,
  timeoutMs: number,
  resolve: (outcome: HandshakeOutcome) => void,
): void {
  const { serverName, ...settings } = tls;
  const secured = connectTls({
    ...{ socket: raw, rejectUnauthorized: false, minVersion: 'TLSv1.2', ...settings },
    // A name is what certificates are matched with; an address may not stand in SNI.
    ...(isIP(serverName) === 0 ? { servername: serverName } : { host: serverName }),
  });
  const failed = (code: string, detail: string): void => {
    clearTimeout(timer);
    resolve({ secured, told: { type: 'failed', code, detail } });
    raw.destroy();
  };
  const timer = setTimeout(() => failed('ETIMEDOUT', 'no handshake in time'), timeoutMs);
  const closed = (): void => failed('ECONNRESET', 'closed during the TLS handshake');
  secured.on('error', (error) =>
    failed(codeOf(error), 'reason' in error ? String(error.reason) : error.message),
  );
  raw.once('close', closed);
  secured.once('secureConnect', () => {
    clearTimeout(timer);
    raw.off('close', closed);
    secured.removeAllListeners('error');
    resolve({ secured, told: factsOf(secured, serverName) });
  });
}

function factsOf(secured: TLSSocket, serverName: string): Handshake {
  const found = secured.getPeerCertificate();
  const x509 = secured.getPeerX509Certificate();
  const problem = secured.authorizationError as Error | string | undefined | null;
  return {
    type: 'secured',
    version: secured.getProtocol() ?? 'unknown',
    cipher: secured.getCipher().standardName,
    certificate: {
      names: (found.subjectaltname ?? '')
        .split(', ')
        .map((name) => name.replace(/^[A-Za-z ]+:/, ''))
        .filter((name) => name !== '')
        .slice(0, 20),
      isForName:
        (isIP(serverName) === 0 ? x509?.checkHost(serverName) : x509?.checkIP(serverName)) !== undefined,
      issuer: oneLine(found.issuer),
      notBefore: Date.parse(found.valid_from),
      notAfter: Date.parse(found.valid_to),
      fingerprint: (found.fingerprint256 ?? '').replaceAll(':', '').toLowerCase(),
    },
    ...(secured.authorized ? {} : { problem: problem instanceof Error ? codeOf(problem) : String(problem) }),
  };
}

function oneLine(name: object | undefined): string {
  return Object.entries(name ?? {})
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(', ')
    .slice(0, 200);
}
