// One session at work. The session (protocol/session) decides, this file carries out:
//   octets, answers and time go in as inputs → the session's outputs are done in order → what is to be sent goes out as one write.
// Questions are answered by `answers.ts`, the message goes through `transaction.ts` into the one way in (submission/submit.ts). What carries the octets
// is a socket (`connection.ts`), or a program of this host (`local-submission.ts`).

import { concat } from '../base/bytes.ts';
import type { Endpoint } from '../base/endpoint.ts';
import { createAlarm } from '../platform/alarm.ts';
import type { TlsBinding } from '../protocol/sasl/mechanism.ts';
import type {
  CloseReason,
  ServerSession,
  SessionInput,
  SessionOutput,
  SessionRole,
  SessionSettings,
  TlsFacts,
} from '../protocol/session/ports.ts';
import { createServerSession } from '../protocol/session/session.ts';
import type { SessionFacts } from '../record/events.ts';
import type { Principal } from '../record/identity.ts';
import { answerAuthentication, answerMail, answerRecipient, loggedIn } from './answers.ts';
import type { Front } from './front.ts';
import { noteRefusal } from './refusals.ts';
import { createTransaction, type Transaction } from './transaction.ts';

/** Both ends of a connection, as its client sees them. */
export interface Ends {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** The ends of the connection itself, where a proxy told those above. */
  readonly proxy?: Omit<Ends, 'proxy'>;
}

/** Who is at the other end. */
interface Party extends Ends {
  readonly id: string;
  readonly listener: { readonly role: SessionRole };
  /** Counts it as the identity's from now on; false: that one has too many. */
  admit(identityId: string): boolean;
}

/** What the parts of a conversation share. */
export interface Connection extends Party {
  readonly transaction: Transaction;
  principal: Principal | undefined;
  /** Its proof was found right; the client has not heard so yet, and may still call it off. */
  judged: Principal | undefined;
  readonly session: ServerSession;
  facts(): SessionFacts;
  feed(input: SessionInput): void;
  /** The identity was suspended, removed or its credential revoked. */
  cut(): void;
}

/** What carries the octets. */
export interface Carrier {
  write(bytes: Uint8Array): void;
  pause(reason: 'session' | 'body'): void;
  resume(reason: 'session' | 'body'): void;
  startTls(): void;
  /** Undefined: there is none. */
  binding(kind: TlsBinding): Uint8Array | undefined;
  end(reason: CloseReason): void;
}

export interface Conversation {
  readonly connection: Connection;
  /** Says the greeting; `tls`: it stood before the first octet. */
  greet(tls?: TlsFacts): void;
  feed(input: SessionInput): void;
  /** The carrier is gone. */
  closed(): void;
}

export function openConversation(
  front: Front,
  settings: SessionSettings,
  party: Party,
  carrier: Carrier,
): Conversation {
  // Its time is the one that never steps: a corrected wall clock must neither end sessions nor keep them for ever.
  const { clock } = front;
  const { session, outputs: greeting } = createServerSession(settings, clock.monotonic());
  const inbox: SessionInput[] = [];
  let running = false;
  let sending: Uint8Array[] = [];
  const alarm = createAlarm(clock, () => feed({ type: 'timeout' }));
  const connection: Connection = {
    ...party,
    transaction: createTransaction(front, party.listener.role),
    ...{ principal: undefined, judged: undefined, session, feed },
    facts: () => sessionFacts(connection),
    cut: () => feed({ type: 'revoked' }),
  };
  const perform = performer(front, connection, carrier, { sent: (bytes) => void sending.push(bytes), send });

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

  function send(): void {
    if (sending.length === 0) return;
    carrier.write(concat(sending));
    sending = [];
  }

  return {
    connection,
    greet(facts) {
      if (facts !== undefined) inbox.push({ type: 'tls', facts });
      work(greeting);
    },
    feed,
    closed() {
      feed({ type: 'closed' });
      alarm.end();
      connection.transaction.abort();
    },
  };
}

/** Carries out one output. */
function performer(
  front: Front,
  connection: Connection,
  carrier: Carrier,
  out: { sent(bytes: Uint8Array): void; send(): void },
): (output: SessionOutput) => void {
  const { transaction, feed } = connection;

  function holdWhile(busy: Promise<void> | undefined): void {
    if (busy === undefined) return;
    carrier.pause('body');
    void busy.finally(() => carrier.resume('body'));
  }

  return (output) => {
    switch (output.type) {
      case 'send':
        return out.sent(output.bytes);
      case 'pause':
        return carrier.pause('session');
      case 'resume':
        return carrier.resume('session');
      case 'startTls':
        out.send();
        return carrier.startTls();
      case 'authenticate':
        return void answerAuthentication(front, connection, output);
      case 'tlsBinding':
        return feed({
          ...{ type: 'authentication', question: output.question },
          answer: { type: 'material', octets: carrier.binding(output.binding) },
        });
      case 'loggedIn':
        return loggedIn(front, connection);
      case 'mail':
        return answerMail(front, connection, output);
      case 'recipient':
        return answerRecipient(front, connection, output);
      case 'messageStart':
        return transaction.start(connection, output.envelope);
      case 'messageBytes':
        return holdWhile(transaction.write(output.bytes));
      case 'accept':
        return void transaction.accept(connection, output);
      case 'unanswered':
        return transaction.giveUp();
      case 'abort':
        return transaction.abort();
      case 'refused':
        return noteRefusal(front, connection, output.refusal, output.command, output.envelope);
      case 'close':
        out.send();
        return carrier.end(output.reason);
    }
  };
}

function sessionFacts({ id, listener, remote, local, proxy, session }: Connection): SessionFacts {
  const { tls, ehlo } = session.view;
  return {
    sessionId: id,
    role: listener.role,
    clientAddress: remote.address,
    clientPort: remote.port,
    serverAddress: local.address,
    serverPort: local.port,
    ...(proxy === undefined ? {} : { proxy: proxyFacts(proxy) }),
    ehlo: ehlo ?? '',
    ...(tls === undefined ? {} : { tls: { version: tls.version, cipher: tls.cipher } }),
  };
}

function proxyFacts({ remote, local }: NonNullable<Ends['proxy']>): NonNullable<SessionFacts['proxy']> {
  const { address: serverAddress, port: serverPort } = local;
  return { ...remote, serverAddress, serverPort };
}
