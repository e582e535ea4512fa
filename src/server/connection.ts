// One client connection, from accept to close: admitted or turned away, its socket under a conversation (`conversation.ts`), and its end in the log.

import type { Socket } from 'node:net';
import { latin1 } from '../base/bytes.ts';
import type { CloseReason } from '../protocol/session/ports.ts';
import { reply } from '../protocol/wire/reply-registry.ts';
import { serializeReply } from '../protocol/wire/reply.ts';
import { type Carrier, type Ends, openConversation } from './conversation.ts';
import type { Front, ListenerHere } from './front.ts';
import { createTransport, type Transport } from './transport.ts';

export function serveConnection(front: Front, listener: ListenerHere, socket: Socket, ends: Ends): void {
  const { remote, local, proxy } = ends;
  const admission = front.admission.connected(remote.address, listener.role);
  if (!admission.admitted && !admission.mayBeTold) return dropUnheard(front, listener, socket);
  const id = front.sessionId();
  const admit = (identityId: string): boolean => admission.authenticated(identityId);
  /** Why it ends, if that was decided here. */
  let because: CloseReason | 'tooManyConnections' | undefined;

  const transport: Transport = createTransport(socket, front.clock, {
    bytes: (bytes) => conversation.feed({ type: 'bytes', bytes }),
    tls(facts) {
      front.metrics.tls(facts.version);
      if (listener.tls === 'implicit' && connection.session.view.tls === undefined) conversation.greet(facts);
      else conversation.feed({ type: 'tls', facts });
    },
    closed,
  });
  const startTls = (): void => transport.startTls(front.tls(), listener.handshakeMs());
  const carrier: Carrier = {
    write: (bytes) => transport.write(bytes),
    pause: (reason) => transport.pause(reason),
    resume: (reason) => transport.resume(reason),
    binding: (kind) => transport.binding(kind),
    startTls,
    end(reason) {
      because ??= reason;
      transport.end();
    },
  };
  const party = { id, listener, ...ends, admit };
  const conversation = openConversation(front, listener.session(), party, carrier);
  const { connection } = conversation;

  function closed(error: string | undefined): void {
    // A client that ended without QUIT and without a network error has closed its side.
    const reason = because ?? (error === undefined ? 'client' : 'connection');
    conversation.closed();
    admission.left();
    left();
    const failure = error === undefined ? {} : { error };
    front.log.disconnected(id, { reason, ...failure });
  }

  /** 421 where it can be read; a client that waits for a handshake is only disconnected. */
  function turnAway(): void {
    front.metrics.refused('tooManyConnections');
    because = 'tooManyConnections';
    if (listener.tls !== 'implicit') transport.write(latin1(serializeReply(reply('tooManyConnections'))));
    transport.end();
  }

  const left = front.entered(connection);
  front.log.connected(id, {
    ...{ client: remote.address, clientPort: remote.port },
    ...{ port: local.port, role: listener.role },
    ...(proxy === undefined ? {} : { proxy: proxy.remote.address }),
  });
  if (!admission.admitted) turnAway();
  else if (listener.tls === 'implicit') startTls();
  else conversation.greet();
}

/** So many connections are being turned away that this one gets no reply. */
export function dropUnheard(front: Front, { role }: ListenerHere, socket: Socket): void {
  front.metrics.connected(role);
  front.metrics.refused('tooManyConnections');
  socket.on('error', () => undefined);
  socket.resetAndDestroy();
}
