// One socket under one session: octets in and out, pausing for any of several reasons, the step up to TLS, an orderly end.
// A client that does not read what it is sent is not read from either, and is cut after `STALLED_MS` (F-DOS-7).

import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type ServerTls, tlsServerSocket } from '../platform/listen.ts';
import type { Clock } from '../platform/platform.ts';
import type { TlsBinding } from '../protocol/sasl/mechanism.ts';
import type { TlsFacts } from '../protocol/session/ports.ts';

const STALLED_MS = 60_000;
/** How long the client may take, once we have ended, to read what is left and to close its side. */
const LINGER_MS = 5_000;

export type PauseReason = 'session' | 'write' | 'body';

const bitOf: Readonly<Record<PauseReason, number>> = { session: 1, write: 2, body: 4 };

export interface TransportEvents {
  bytes(bytes: Uint8Array): void;
  tls(facts: TlsFacts): void;
  /** Called once, whatever ended the connection; `error` is for the log. */
  closed(error: string | undefined): void;
}

export interface Transport {
  write(bytes: Uint8Array): void;
  pause(reason: PauseReason): void;
  resume(reason: PauseReason): void;
  /** Starts the server side of a handshake; `events.tls` follows, or `events.closed`. */
  startTls(tls: ServerTls, handshakeMs: number): void;
  /** Undefined: this connection has none. */
  binding(kind: TlsBinding): Uint8Array | undefined;
  /** Sends what is written, close_notify and FIN, then closes. */
  end(): void;
  destroy(): void;
}

export function createTransport(raw: Socket, clock: Clock, events: TransportEvents): Transport {
  return new SocketTransport(raw, clock, events);
}

class SocketTransport implements Transport {
  readonly #raw: Socket;
  readonly #clock: Clock;
  readonly #events: TransportEvents;
  #socket: Socket | TLSSocket;
  /** One bit for each reason to pause. */
  #reasons = 0;
  /** Input is read and dropped. */
  #deaf = false;
  #closed = false;
  #error: string | undefined;
  #cancelStall: (() => void) | undefined;
  #cancelHandshake: (() => void) | undefined;
  #cancelLinger: (() => void) | undefined;

  constructor(raw: Socket, clock: Clock, events: TransportEvents) {
    this.#raw = raw;
    this.#clock = clock;
    this.#events = events;
    this.#socket = raw;
    this.#listenTo(raw);
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || this.#socket.writableEnded || this.#socket.write(bytes)) return;
    this.pause('write');
    this.#cancelStall ??= this.#clock.after(STALLED_MS, () => {
      this.#error = 'client does not read';
      this.#socket.destroy();
    });
  }

  pause(reason: PauseReason): void {
    if (this.#deaf) return;
    this.#reasons |= bitOf[reason];
    this.#socket.pause();
  }

  resume(reason: PauseReason): void {
    this.#reasons &= ~bitOf[reason];
    if (this.#reasons === 0 && !this.#closed) this.#socket.resume();
  }

  startTls(tls: ServerTls, handshakeMs: number): void {
    const secured = tlsServerSocket(this.#raw, tls);
    this.#socket = secured;
    this.#cancelHandshake = this.#clock.after(handshakeMs, () => {
      this.#error = 'TLS handshake took too long';
      this.#raw.destroy();
    });
    secured.on('secure', () => {
      this.#cancelHandshake?.();
      this.#events.tls(factsOf(secured));
    });
    this.#listenTo(secured);
    if (this.#reasons !== 0) secured.pause();
  }

  binding(kind: TlsBinding): Uint8Array | undefined {
    const socket = this.#socket;
    return 'exportKeyingMaterial' in socket && !this.#closed ? bindings[kind](socket) : undefined;
  }

  end(): void {
    if (this.#closed) return;
    this.#socket.end();
    this.#cancelLinger ??= this.#clock.after(LINGER_MS, () => this.#socket.destroy());
    // Keeps reading: an RST for unread octets would take the last reply away from the client.
    this.#deaf = true;
    this.#reasons = 0;
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#raw.destroy();
  }

  /** Events below TLS are ignored once it has begun. Listeners are not removed: V8 would turn their object into a hash table. */
  #listenTo(socket: Socket | TLSSocket): void {
    socket.on('data', (bytes) => {
      if (socket === this.#socket && !this.#deaf) this.#events.bytes(bytes);
    });
    // Also below TLS: octets written before it may still wait in the system.
    socket.on('drain', () => this.#drained());
    socket.on('error', (cause: Error) => {
      this.#error ??= 'code' in cause ? String(cause.code) : cause.message;
      this.destroy();
    });
    socket.on('close', () => {
      detach(socket);
      this.#ended();
    });
  }

  #drained(): void {
    this.#cancelStall?.();
    this.#cancelStall = undefined;
    this.resume('write');
  }

  #ended(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelStall?.();
    this.#cancelHandshake?.();
    this.#cancelLinger?.();
    this.#events.closed(this.#error);
  }
}

function factsOf(secured: TLSSocket): TlsFacts {
  const cipher = secured.getCipher();
  const serverName = typeof secured.servername === 'string' ? { serverName: secured.servername } : {};
  return { version: secured.getProtocol() ?? 'unknown', cipher: cipher.standardName, ...serverName };
}

const bindings: Readonly<Record<TlsBinding, (socket: TLSSocket) => Uint8Array | undefined>> = {
  // Before TLS 1.3 libraries disagree about its value (RFC 9266 section 4.2).
  'tls-exporter': (socket) =>
    socket.getProtocol() === 'TLSv1.3'
      ? socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      : undefined,
};

/** A socket that has ended lives until V8 collects its old generation: it should not hold the whole session until then. */
function detach(ended: Socket | TLSSocket): void {
  ended.removeAllListeners();
  ended.on('error', ignored);
}

/** At the top level, because a closure would keep its surroundings alive. */
function ignored(): void {}
