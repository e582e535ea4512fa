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
  /** One bit for each reason to pause. */
  let reasons = 0;
  let socket: Socket | TLSSocket = raw;
  /** Input is read and dropped. */
  let deaf = false;
  let closed = false;
  let error: string | undefined;
  let cancelStall: (() => void) | undefined;
  let cancelHandshake: (() => void) | undefined;
  let cancelLinger: (() => void) | undefined;

  function onDrain(): void {
    cancelStall?.();
    cancelStall = undefined;
    resume('write');
  }

  function onClose(): void {
    if (closed) return;
    closed = true;
    cancelStall?.();
    cancelHandshake?.();
    cancelLinger?.();
    events.closed(error);
  }

  function onError(cause: Error): void {
    error ??= 'code' in cause ? String(cause.code) : cause.message;
    socket.destroy();
    raw.destroy();
  }

  /** Events below TLS are ignored once it has begun. Listeners are not removed: V8 would turn their object into a hash table. */
  function listenTo(next: Socket | TLSSocket): void {
    next.on('data', (bytes) => {
      if (next === socket && !deaf) events.bytes(bytes);
    });
    // Also below TLS: octets written before it may still wait in the system.
    next.on('drain', onDrain);
    next.on('error', onError);
    next.on('close', () => {
      letGo(next);
      onClose();
    });
  }

  function pause(reason: PauseReason): void {
    if (deaf) return;
    reasons |= bitOf[reason];
    socket.pause();
  }

  function resume(reason: PauseReason): void {
    reasons &= ~bitOf[reason];
    if (reasons === 0 && !closed) socket.resume();
  }

  listenTo(raw);
  return {
    write(bytes) {
      if (closed || socket.writableEnded || socket.write(bytes)) return;
      pause('write');
      cancelStall ??= clock.after(STALLED_MS, () => {
        error = 'client does not read';
        socket.destroy();
      });
    },
    pause,
    resume,
    startTls(tls, handshakeMs) {
      const secured = tlsServerSocket(raw, tls);
      socket = secured;
      cancelHandshake = clock.after(handshakeMs, () => {
        error = 'TLS handshake took too long';
        raw.destroy();
      });
      secured.on('secure', () => {
        cancelHandshake?.();
        const cipher = secured.getCipher();
        const serverName = typeof secured.servername === 'string' ? { serverName: secured.servername } : {};
        events.tls({
          version: secured.getProtocol() ?? 'unknown',
          cipher: cipher.standardName,
          ...serverName,
        });
      });
      listenTo(secured);
      if (reasons !== 0) secured.pause();
    },
    binding: (kind) => ('exportKeyingMaterial' in socket && !closed ? bindings[kind](socket) : undefined),
    end() {
      if (closed) return;
      socket.end();
      cancelLinger ??= clock.after(LINGER_MS, () => socket.destroy());
      // Keeps reading: an RST for unread octets would take the last reply away from the client.
      deaf = true;
      reasons = 0;
      socket.resume();
    },
    destroy() {
      socket.destroy();
      raw.destroy();
    },
  };
}

const bindings: Readonly<Record<TlsBinding, (socket: TLSSocket) => Uint8Array | undefined>> = {
  // Before TLS 1.3 libraries disagree about its value (RFC 9266 section 4.2).
  'tls-exporter': (socket) =>
    socket.getProtocol() === 'TLSv1.3'
      ? socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
      : undefined,
};

/** A socket that has ended lives until V8 collects its old generation: it should not hold the whole session until then. */
function letGo(ended: Socket | TLSSocket): void {
  ended.removeAllListeners();
  ended.on('error', ignored);
}

/** At the top level, because a closure would keep its surroundings alive. */
function ignored(): void {}
