// One secured and authenticated connection to a submission server, over the one that drives the delivery machine (`src/delivery`). It takes messages one
// after the other; small ones may overlap, so that a stream of them never waits for the way there and back. Nothing in the client's options can lower
// what is asked of the certificate (C-ORD-6, C-ORD-8).

import { DeliveryConnection, type DeliveryResult } from '../delivery/connection.ts';
import type { Network, PeerTls, Wire } from '../platform/network.ts';
import type { Clock } from '../platform/platform.ts';
import type {
  DeliveryCredentials,
  DeliverySession,
  DeliveryTransaction,
} from '../protocol/delivery/ports.ts';
import { isSmall, streamWrites, wholeWrites } from './content-writes.ts';
import { type CandidateFailed, hostFailureOf, tlsFailureOf } from './failures.ts';
import type { Content } from './message.ts';
import type { PendingMessage } from './pending-message.ts';
import type { Candidate } from './server.ts';
import { type Listener, Transcript } from './transcript.ts';

/** Messages that may be under way at once on one connection. */
const OVERLAP_MAX = 16;

export interface ConnectionSettings {
  readonly candidate: Candidate;
  readonly ehloName: string;
  readonly credentials: DeliveryCredentials | undefined;
  readonly network: Network;
  readonly clock: Clock;
  readonly ca: string | undefined;
  readonly connectMs: number;
  /** Undefined: the time of RFC 5321. */
  readonly greetingMs: number | undefined;
  readonly transcript: Listener | undefined;
}

interface Carried {
  readonly pending: PendingMessage;
  readonly reused: boolean;
  sent: boolean;
}

export class Connection {
  /** Called when there is room for another message, or the connection ended. */
  changed: () => void = () => undefined;
  /** Why the connection failed, if no message was under way. */
  failure: CandidateFailed | undefined;
  /** Messages after which the connection is closed. */
  messagesMax = Infinity;
  readonly #delivery: DeliveryConnection;
  readonly #carried: Carried[] = [];
  #total = 0;

  constructor(settings: ConnectionSettings, wire: Wire) {
    const { candidate, credentials, greetingMs, ehloName, clock, ca, connectMs } = settings;
    const { host, identities } = candidate;
    const transcript = new Transcript(settings.transcript);
    this.#delivery = new DeliveryConnection(
      {
        ...{ wire, clock, handshakeMs: connectMs },
        tls: { serverName: host, verify: true, identities, ...(ca === undefined ? {} : { ca }) },
        settings: {
          ...{ protocol: 'smtp', hostname: ehloName, isAuthor: true },
          tls: candidate.tls === 'implicit' ? 'implicit' : 'required',
          ...(credentials === undefined ? {} : { auth: credentials }),
          ...(greetingMs === undefined ? {} : { greetingMs }),
        },
      },
      {
        tlsFailure: tlsFailureOf,
        hostFailure: (failure) => (this.failure = hostFailureOf(failure, this.session.tls !== undefined)),
        content: (framing) => this.#sendContent(framing),
        result: (result) => this.#tell(result),
        closed: () => this.changed(),
        said: (bytes, secret) => transcript.client(bytes, secret),
        heard: (bytes) => transcript.server(bytes),
      },
    );
  }

  get tls(): PeerTls | undefined {
    return this.#delivery.tls;
  }

  get usable(): boolean {
    return this.#delivery.usable;
  }

  get #isEnough(): boolean {
    return this.#delivery.isUsedUp || this.#total >= this.messagesMax;
  }

  get idle(): boolean {
    return this.#carried.length === 0;
  }

  get session(): Pick<DeliverySession, 'capabilities' | 'user' | 'tls' | 'takesMore'> {
    return this.#delivery.session;
  }

  /** Secures and authenticates; rejects with `CandidateFailed`. */
  open(): Promise<void> {
    return this.#delivery.open();
  }

  /** Whether `begin` may be called with it now. */
  canTake(content: Content): boolean {
    if (!this.usable || this.#isEnough) return false;
    if (this.idle) return true;
    return (
      this.session.takesMore &&
      this.session.capabilities.has('PIPELINING') &&
      this.#carried.length < OVERLAP_MAX &&
      isSmall(content) &&
      this.#carried.every(({ sent, pending }) => sent && isSmall(pending.content))
    );
  }

  begin(pending: PendingMessage): void {
    const { envelope, content } = pending;
    this.#carried.push({ pending, reused: this.#total > 0, sent: false });
    this.#total += 1;
    const transaction: DeliveryTransaction = {
      envelope,
      octets: content.type === 'whole' ? content.bytes.length : undefined,
      headerUtf8: content.headerUtf8,
      body8bit: this.#declares8bit(content),
      // A small message may overlap with others.
      ...(isSmall(content) ? {} : { chunked: true }),
    };
    this.#delivery.feed({ type: 'transaction', transaction });
  }

  /** A stream is declared 8-bit where that is possible; where it is not, an 8-bit octet ends it. */
  #declares8bit({ type, body8bit }: Content): boolean {
    return body8bit && (type === 'whole' || this.session.capabilities.has('8BITMIME'));
  }

  /** Nobody waits for the message any more. True: it was sent and may be accepted. */
  cancel(pending: PendingMessage): boolean {
    pending.cancelled = true;
    const carried = this.#carried.find((one) => one.pending === pending);
    if (carried === undefined || carried.sent) return carried?.sent === true;
    // Alone it ends the connection at once; with others before it, when its content would be sent.
    if (this.#carried.length === 1) this.#giveUp('aborted');
    return false;
  }

  /** Says QUIT and closes. */
  quit(): void {
    this.#delivery.quit();
  }

  destroy(): void {
    this.#delivery.destroy();
  }

  #tell({ results, replyLost, messagesBefore }: DeliveryResult): void {
    const carried = this.#carried.shift();
    carried?.pending.done({ results, replyLost, messagesBefore, reused: carried.reused });
    if (this.idle && this.usable && this.#isEnough) return this.quit();
    this.changed();
  }

  #sendContent(framing: 'data' | 'chunk'): void {
    const carried = this.#carried.find(({ sent }) => !sent);
    if (carried === undefined) return;
    if (carried.pending.cancelled) return this.#giveUp('aborted');
    const { content } = carried.pending;
    if (!isSmall(content)) {
      this.#delivery.flush();
      return void this.#sendLarge(carried, framing);
    }
    this.#delivery.send([...wholeWrites(content.bytes, framing)]);
    carried.sent = true;
    queueMicrotask(() => this.changed());
    this.#delivery.feed({ type: 'contentSent' });
  }

  async #sendLarge(carried: Carried, framing: 'data' | 'chunk'): Promise<void> {
    const { pending } = carried;
    const { content } = pending;
    const takes8bit = this.session.capabilities.has('8BITMIME');
    const writes =
      content.type === 'whole' ? wholeWrites(content.bytes, framing) : streamWrites(content, takes8bit);
    try {
      let held: Uint8Array | undefined;
      for await (const bytes of writes) {
        // A write that fails is followed by `closed`.
        if (held !== undefined) await this.#delivery.write([held]).catch(() => undefined);
        if (pending.cancelled) return this.#giveUp('aborted');
        if (!this.usable) return;
        // RFC 5321 section 4.5.3.2.5 gives each block its minutes, not the whole message.
        this.#delivery.feed({ type: 'contentProgress' });
        held = bytes;
      }
      if (!this.usable) return;
      carried.sent = true;
      // The end is expected before it is written: its reply may be read before we hear that the write is done.
      if (held !== undefined) this.#delivery.send([held]);
      this.#delivery.feed({ type: 'contentSent' });
    } catch (error) {
      // It may be on its way over another connection.
      if (!this.usable) return;
      pending.contentError = error;
      this.#giveUp('the message could not be read');
    }
  }

  /** Without its end the server accepts nothing. */
  #giveUp(because: string): void {
    this.#delivery.feed({ type: 'contentFailed', because, permanent: false });
    this.destroy();
  }
}
