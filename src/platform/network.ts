// Outgoing connections: dialling a host, a socket file, the client side of TLS. Names are looked up by the system's resolver.

import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket, type NetConnectOpts } from 'node:net';
import {
  checkServerIdentity,
  connect as connectTls,
  type ConnectionOptions,
  createSecureContext,
  getCACertificates,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { dialAny, systemPorts } from './dial.ts';
import { isClearText, reasonInWords } from '../base/failure-words.ts';

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
  /** Trusted beside the well-known authorities, PEM. */
  readonly ca?: string;
  /** Which names of the certificate will do; absent: `serverName` alone. */
  readonly identities?: CertificateIdentities;
}

/** Reference identifiers (RFC 7817, RFC 9525): one that the certificate has is enough. */
export interface CertificateIdentities {
  /** Host names and addresses. */
  readonly dns: readonly string[];
  /** e.g. `_submissions.example.org` (RFC 4985). */
  readonly srv: readonly string[];
}

/** Why TLS failed. `certificate`: it is not valid, or not for this name. `clearText`: the other side spoke no TLS. */
export class TlsFailed extends Error {
  override readonly name = 'TlsFailed';
  readonly reason: 'certificate' | 'protocol' | 'clearText' | 'closed';

  constructor(reason: TlsFailed['reason'], message: string) {
    super(message);
    this.reason = reason;
  }
}

export interface PeerTls {
  readonly version: string;
  readonly cipher: string;
  readonly verified: boolean;
}

export interface Wire {
  /** e.g. `192.0.2.7:25` */
  readonly remote: string;
  /** Octets in, which are the listener's only during the call; replaces the listener before. */
  listen(events: { bytes(bytes: Uint8Array): void; closed(error: string | undefined): void }): void;
  /** All pieces in one go; none of them is copied, nor may it change until it is sent. Resolves when more may be written. */
  write(pieces: readonly Uint8Array[]): Promise<void>;
  /** Rejects with `TlsFailed`. */
  startTls(tls: ClientTls): Promise<PeerTls>;
  end(): void;
  destroy(): void;
}

export interface Network {
  /** Rejects with the system's error, or after `timeoutMs`. */
  dial(target: DialTarget, timeoutMs: number): Promise<Wire>;
}

const READ_OCTETS = 64 * 1024;
/** For all sockets of this thread: what was read is handed on before the next read. A buffer for each read is a collection of garbage for each few hundred. */
const readBuffer = new Uint8Array(READ_OCTETS);

interface Receiver {
  received(bytes: Uint8Array): void;
}

export const systemNetwork: Network = {
  async dial({ host, port = 25, path }, timeoutMs) {
    const receivers = new Map<Socket, Receiver>();
    const open = (at: NetConnectOpts): Socket => {
      const receiver: Receiver = { received: () => undefined };
      const callback = (count: number): boolean => {
        receiver.received(readBuffer.subarray(0, count));
        return true;
      };
      const socket = connect({ ...at, onread: { buffer: readBuffer, callback } });
      receivers.set(socket, receiver);
      return socket;
    };
    // A socket file has one address, and nothing to look up.
    const ports =
      path === undefined
        ? { ...systemPorts, connect: (address: string) => open({ host: address, port, noDelay: true }) }
        : { ...systemPorts, lookup: async () => [path], connect: () => open({ path }) };
    const socket = await dialAny({ host: host ?? 'localhost', timeoutMs }, ports);
    const { wire, onBytes } = wireOf(socket, {
      host: host ?? 'localhost',
      port,
      ...(path === undefined ? {} : { path }),
    });
    const receiver = receivers.get(socket);
    if (receiver !== undefined) receiver.received = onBytes;
    return wire;
  },
};

const written = Promise.resolve();

/** `onBytes` is fed what comes before TLS. */
function wireOf(raw: Socket, target: DialTarget): { wire: Wire; onBytes(bytes: Uint8Array): void } {
  let socket: Socket | TLSSocket = raw;
  let events: Parameters<Wire['listen']>[0] | undefined;
  let closed = false;
  let error: string | undefined;
  let early: Uint8Array[] = [];

  const onBytes = (bytes: Uint8Array): void => {
    if (events === undefined) early.push(bytes.slice());
    else events.bytes(bytes);
  };
  function attach(next: Socket | TLSSocket): void {
    next.on('error', (cause: Error) => {
      // OpenSSL's messages speak of its source code.
      const words = 'library' in cause ? reasonInWords(cause) : cause.message;
      error ??= 'code' in cause ? `${String(cause.code)}: ${words}` : words;
      raw.destroy();
    });
    next.on('close', () => {
      if (closed) return;
      closed = true;
      events?.closed(error);
    });
  }
  attach(raw);

  const wire: Wire = {
    remote: target.path ?? `${raw.remoteAddress ?? target.host}:${raw.remotePort ?? target.port}`,
    listen(next) {
      events = next;
      const waiting = early;
      early = [];
      for (const bytes of waiting) next.bytes(bytes);
      if (closed) next.closed(error);
    },
    write(pieces) {
      if (closed || socket.destroyed) return Promise.reject(new Error(error ?? 'the connection is closed'));
      if (writeTogether(socket, pieces)) return written;
      return drained(socket);
    },
    startTls: (tls) =>
      new Promise((resolve, reject) => {
        const secured = connectTls({ socket: raw, ...optionsOf(tls) });
        socket = secured;
        const failed = (cause: Error): void => reject(tlsFailure(secured, cause));
        secured.once('error', failed);
        raw.once('close', () => reject(new TlsFailed('closed', error ?? 'closed during the TLS handshake')));
        secured.once('secureConnect', () => {
          secured.off('error', failed);
          secured.on('data', onBytes);
          attach(secured);
          resolve(peerTlsOf(secured));
        });
      }),
    end: () => void socket.end(),
    destroy() {
      socket.destroy();
      raw.destroy();
    },
  };
  return { wire, onBytes };
}

/** False: it holds more than it should now. */
function writeTogether(socket: Socket, pieces: readonly Uint8Array[]): boolean {
  if (pieces.length > 1) socket.cork();
  let hasRoom = true;
  for (const piece of pieces) hasRoom = socket.write(piece);
  if (pieces.length > 1) socket.uncork();
  return hasRoom;
}

/** Or closed: nothing waits for it any more. */
function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.once('drain', done);
    socket.once('close', done);
  });
}

function peerTlsOf(secured: TLSSocket): PeerTls {
  const cipher = secured.getCipher();
  return {
    version: secured.getProtocol() ?? 'unknown',
    cipher: cipher.standardName,
    verified: secured.authorized,
  };
}

function optionsOf({ serverName, verify, ca, identities }: ClientTls): ConnectionOptions {
  const accepted = identities ?? { dns: [serverName], srv: [] };
  return {
    // A name is what certificates are matched with; an address may not stand in SNI.
    ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
    rejectUnauthorized: verify,
    checkServerIdentity: (_, certificate) => mismatch(accepted, certificate),
    minVersion: 'TLSv1.2',
    ...(ca === undefined ? {} : { secureContext: trusting(ca) }),
  };
}

function mismatch({ dns, srv }: CertificateIdentities, certificate: PeerCertificate): Error | undefined {
  const problems = dns.map((name) => checkServerIdentity(name, certificate));
  if (problems.includes(undefined)) return undefined;
  const listed = certificate.subjectaltname ?? '';
  // A name that had to be quoted could hold what looks like another one (CVE-2021-44532).
  const names = listed.includes('"') ? [] : listed.toLowerCase().split(', ');
  if (srv.some((name) => names.includes(`othername:srvname:${name.toLowerCase()}`))) return undefined;
  return problems[0] ?? new Error(`the certificate is not for ${srv.join(' or ')}`);
}

const CONTEXTS_MAX = 8;
const contexts = new Map<string, SecureContext>();

/** To read the well-known authorities takes milliseconds: done once for each file that is added to them. */
function trusting(ca: string): SecureContext {
  const known = contexts.get(ca);
  if (known !== undefined) return known;
  const context = createSecureContext({ ca: [...getCACertificates('default'), ca], minVersion: 'TLSv1.2' });
  if (contexts.size >= CONTEXTS_MAX) contexts.clear();
  contexts.set(ca, context);
  return context;
}

function tlsFailure(secured: TLSSocket, cause: Error): TlsFailed {
  const code = 'code' in cause ? String(cause.code) : '';
  // Set when the handshake was right and the certificate was not.
  const judged = secured.authorizationError as unknown;
  if (judged !== null && judged !== undefined) return new TlsFailed('certificate', certificateProblem(cause));
  if (code === 'ECONNRESET' || code === 'EPIPE') return new TlsFailed('closed', `${code}: ${cause.message}`);
  return new TlsFailed(isClearText(cause) ? 'clearText' : 'protocol', reasonInWords(cause));
}

function certificateProblem(cause: Error): string {
  const code = 'code' in cause ? String(cause.code) : '';
  return code === '' || cause.message.includes(code) ? cause.message : `${code}: ${cause.message}`;
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
