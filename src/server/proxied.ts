// Connections from a proxy (`listeners[].proxy`): before greeting and TLS each says whose it is, and is served as that client's from then on. One that does not say so
// is closed: its address is the proxy's, and nobody could be held to account.

import type { Socket } from 'node:net';
import { ProxyHeaderReader } from '../protocol/wire/proxy-header.ts';
import { dropUnheard, serveConnection } from './connection.ts';
import type { Ends } from './conversation.ts';
import type { Front, ListenerHere } from './front.ts';

const HEADER_MS = 5_000;

export class Proxied {
  /** Each closes one, without a word. */
  readonly #waiting = new Set<() => void>();

  serve(front: Front, listener: ListenerHere, socket: Socket, ends: Ends): void {
    // The proxy's address says nothing of its client: until that is known, the connection counts among all alone.
    const admission = front.admission.connected(undefined, listener.role);
    if (!admission.admitted) {
      admission.left();
      return dropUnheard(front, listener, socket);
    }
    const close = awaitHeader(front, listener, socket, ends, () => {
      this.#waiting.delete(close);
      admission.left();
    });
    this.#waiting.add(close);
  }

  /** Those that have not said whose they are will not be served any more. */
  close(): void {
    for (const close of this.#waiting) close();
  }
}

/** `over`: called once, when its header is there or it is closed. Gives what closes it. */
function awaitHeader(
  front: Front,
  listener: ListenerHere,
  socket: Socket,
  ends: Ends,
  over: () => void,
): () => void {
  const reader = new ProxyHeaderReader();
  let isSilent = true;
  const cancel = front.clock.after(HEADER_MS, () => refuse(`did not come within ${HEADER_MS / 1000} s`));

  function read(bytes: Uint8Array): void {
    isSilent = false;
    const reading = reader.push(bytes);
    if (reading.type === 'malformed') return refuse(reading.cause);
    if (reading.type === 'more') return;
    const { header, rest } = reading;
    if (header.type === 'nobody') return lookedIn();
    leave();
    socket.off('error', ignored);
    // What came behind the header is the client's: its first command, or its part of the TLS handshake.
    socket.pause();
    socket.unshift(rest);
    const { source: remote, destination: local } = header;
    serveConnection(front, listener, socket, { remote, local, proxy: ends });
    // TLS takes what waits in the socket by itself; a socket that flows would give it to nobody.
    if (listener.tls !== 'implicit') socket.resume();
  }

  function closed(): void {
    if (isSilent) lookedIn();
    else refuse('broke off');
  }

  function refuse(cause: string): void {
    front.metrics.unnamed();
    front.log.unnamed({ ...factsOf(listener, ends), cause: `the PROXY header ${cause}` });
    close();
  }

  /** A proxy that only looks whether somebody is here. */
  function lookedIn(): void {
    front.log.debug(factsOf(listener, ends), 'a proxy looked in');
    close();
  }

  function close(): void {
    leave();
    socket.destroy();
  }

  function leave(): void {
    cancel();
    socket.off('data', read).off('close', closed);
    over();
  }

  socket.on('data', read).on('error', ignored).on('close', closed);
  return close;
}

function factsOf({ role }: ListenerHere, { remote, local }: Ends) {
  return { proxy: remote.address, proxyPort: remote.port, port: local.port, role };
}

/** `close` follows. */
function ignored(): void {}
