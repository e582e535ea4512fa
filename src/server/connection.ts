// One client connection, from accept to close. The session (protocol/session) decides, this file carries out:
//   octets, answers and time go in as inputs → the session's outputs are done in order → what is to be sent goes out as one write.
// Questions are answered by `answers.ts`, the message goes through `transaction.ts` into the one way in (submission/submit.ts).

import type { Socket } from 'node:net';
import { concat, latin1 } from '../base/bytes.ts';
import { createAlarm } from '../platform/alarm.ts';
import { createServerSession } from '../protocol/session/session.ts';
import type { CloseReason, ServerSession, SessionInput, SessionOutput } from '../protocol/session/ports.ts';
import { reply } from '../protocol/wire/reply-registry.ts';
import { serializeReply } from '../protocol/wire/reply.ts';
import type { SessionFacts } from '../record/events.ts';
import type { Principal } from '../record/identity.ts';
import { answerAuthentication, answerMail, answerRecipient, loggedIn } from './answers.ts';
import type { Front, ListenerHere } from './front.ts';
import { createTransaction, type Transaction } from './transaction.ts';
import { createTransport, type Transport } from './transport.ts';
import { noteRefusal } from './refusals.ts';

/** What the parts of a connection share. */
export interface Connection {
  readonly id: string;
  readonly listener: ListenerHere;
  readonly remote: { readonly address: string; readonly port: number };
  readonly local: { readonly address: string; readonly port: number };
  readonly transaction: Transaction;
  principal: Principal | undefined;
  /** Its proof was found right; the client has not heard so yet, and may still call it off. */
  judged: Principal | undefined;
  readonly session: ServerSession;
  facts(): SessionFacts;
  feed(input: SessionInput): void;
  /** Counts it as the identity's from now on; false: that one has too many. */
  admit(identityId: string): boolean;
  /** The identity was suspended, removed or its credential revoked. */
  cut(): void;
}

export function serveConnection(front: Front, listener: ListenerHere, socket: Socket): void {
  const remote = { address: plainAddress(socket.remoteAddress), port: socket.remotePort ?? 0 };
  const admission = front.admission.connected(remote.address, listener.role);
  if (!admission.admitted && !admission.mayBeTold) return dropUnheard(front, listener, socket);
  const local = { address: plainAddress(socket.localAddress), port: socket.localPort ?? 0 };
  // Its time is the one that never steps: a corrected wall clock must neither end sessions nor keep them for ever.
  const { clock } = front;
  const opened = createServerSession(listener.session(), clock.monotonic());
  const { session } = opened;
  const inbox: SessionInput[] = [];
  let running = false;
  let sending: Uint8Array[] = [];
  /** Why it ends, if that was decided here. */
  let because: CloseReason | 'tooManyConnections' | undefined;
  const alarm = createAlarm(clock, () => feed({ type: 'timeout' }));

  const connection: Connection = {
    id: front.sessionId(),
    listener,
    remote,
    local,
    transaction: createTransaction(front, listener.role),
    principal: undefined,
    judged: undefined,
    session,
    facts: () => sessionFacts(connection),
    feed,
    admit: (identityId) => admission.authenticated(identityId),
    cut: () => feed({ type: 'revoked' }),
  };
  const transport: Transport = createTransport(socket, clock, {
    bytes: (bytes) => feed({ type: 'bytes', bytes }),
    tls: (facts) => {
      front.metrics.tls(facts.version);
      if (listener.tls === 'implicit' && session.view.tls === undefined) greet(facts);
      else feed({ type: 'tls', facts });
    },
    closed: (error) => closed(error),
  });

  function greet(facts?: Extract<SessionInput, { type: 'tls' }>['facts']): void {
    if (facts !== undefined) inbox.push({ type: 'tls', facts });
    work(opened.outputs);
  }

  function feed(input: SessionInput): void {
    inbox.push(input);
    if (!running) work([]);
  }

  /** Iterative on purpose: an answer given at once is the next input, not a deeper call. */
  function work(first: readonly SessionOutput[]): void {
    running = true;
    let outputs = first;
    for (;;) {
      for (const output of outputs) perform(output);
      const input = inbox.shift();
      if (input === undefined) break;
      outputs = session.receive(input, clock.monotonic());
    }
    running = false;
    send();
    alarm.set(session.deadline);
  }

  function perform(output: SessionOutput): void {
    switch (output.type) {
      case 'send':
        sending.push(output.bytes);
        break;
      case 'pause':
        transport.pause('session');
        break;
      case 'resume':
        transport.resume('session');
        break;
      case 'startTls':
        send();
        transport.startTls(front.tls(), listener.handshakeMs());
        break;
      case 'authenticate':
        void answerAuthentication(front, connection, output);
        break;
      case 'tlsBinding':
        feed({
          ...{ type: 'authentication', question: output.question },
          answer: { type: 'material', octets: transport.binding(output.binding) },
        });
        break;
      case 'loggedIn':
        loggedIn(front, connection);
        break;
      case 'mail':
        answerMail(front, connection, output);
        break;
      case 'recipient':
        answerRecipient(front, connection, output);
        break;
      case 'messageStart':
        connection.transaction.start(connection);
        break;
      case 'messageBytes':
        holdWhile(connection.transaction.write(output.bytes));
        break;
      case 'accept':
        void connection.transaction.accept(connection, output);
        break;
      case 'unanswered':
        connection.transaction.giveUp();
        break;
      case 'abort':
        connection.transaction.abort();
        break;
      case 'refused':
        noteRefusal(front, connection, output.refusal, output.command);
        break;
      case 'close':
        because ??= output.reason;
        send();
        transport.end();
        break;
    }
  }

  function holdWhile(busy: Promise<void> | undefined): void {
    if (busy === undefined) return;
    transport.pause('body');
    void busy.finally(() => transport.resume('body'));
  }

  function send(): void {
    if (sending.length === 0) return;
    transport.write(concat(sending));
    sending = [];
  }

  function closed(error: string | undefined): void {
    // A client that ended without QUIT and without a network error has closed its side.
    const reason = because ?? (error === undefined ? 'client' : 'connection');
    feed({ type: 'closed' });
    alarm.end();
    admission.left();
    connection.transaction.abort();
    left();
    const failure = error === undefined ? {} : { error };
    front.log.disconnected(connection.id, { reason, ...failure });
  }

  /** 421 where it can be read; a client that waits for a handshake is only disconnected. */
  function turnAway(): void {
    front.metrics.refused('tooManyConnections');
    because = 'tooManyConnections';
    if (listener.tls !== 'implicit') transport.write(latin1(serializeReply(reply('tooManyConnections'))));
    transport.end();
  }

  const left = front.entered(connection);
  front.log.connected(connection.id, {
    ...{ client: remote.address, clientPort: remote.port },
    ...{ port: local.port, role: listener.role },
  });
  if (!admission.admitted) turnAway();
  else if (listener.tls === 'implicit') transport.startTls(front.tls(), listener.handshakeMs());
  else greet();
}

/** So many connections are being turned away that this one gets no reply. */
function dropUnheard(front: Front, { role }: ListenerHere, socket: Socket): void {
  front.metrics.connected(role);
  front.metrics.refused('tooManyConnections');
  socket.on('error', () => undefined);
  socket.resetAndDestroy();
}

function sessionFacts({ id, listener, remote, local, session }: Connection): SessionFacts {
  const { tls, ehlo } = session.view;
  return {
    sessionId: id,
    role: listener.role,
    clientAddress: remote.address,
    clientPort: remote.port,
    serverAddress: local.address,
    serverPort: local.port,
    ehlo: ehlo ?? '',
    ...(tls === undefined ? {} : { tls: { version: tls.version, cipher: tls.cipher } }),
  };
}

/** `::ffff:192.0.2.1` is the IPv4 client it names. */
function plainAddress(address: string | undefined): string {
  return address?.startsWith('::ffff:') === true && address.includes('.')
    ? address.slice(7)
    : (address ?? '');
}
