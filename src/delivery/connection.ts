// One connection of the delivery machine (protocol/delivery): wire, TLS and time go in, outputs are carried out, and what is to be sent goes out as one
// write. Whose messages it carries, and how content is written, is its owner's: the relay (`src/relay/hop-connection.ts`), the client
// (`src/client/connection.ts`).

import { concat, octetsOf } from '../base/bytes.ts';
import { KIB } from '../base/size.ts';
import { createAlarm } from '../platform/alarm.ts';
import { type ClientTls, type PeerTls, TlsFailed, type Wire } from '../platform/network.ts';
import type { Clock } from '../platform/platform.ts';
import { isOfConnection } from '../policy/pace.ts';
import type {
  DeliveryInput,
  DeliveryOutput,
  DeliverySession,
  DeliverySettings,
  HostFailure,
  RecipientResult,
} from '../protocol/delivery/ports.ts';
import { createDeliverySession } from '../protocol/delivery/session.ts';

/** How long the server may take to read what is left and to close its side. */
const CLOSING_MS = 5_000;
/** Up to this size pieces are joined: copying them costs less than a system call for each. */
const JOINED_OCTETS_MAX = 16 * KIB;

/** The other side did not finish the handshake in time. */
export class HandshakeTooLong extends Error {
  override readonly name = 'HandshakeTooLong';

  constructor(limitMs: number) {
    super(`the TLS handshake took too long: over ${limitMs / 1000} s`);
  }
}

export interface DeliveryResult {
  readonly results: readonly RecipientResult[];
  /** The end was sent and no reply came. */
  readonly replyLost: boolean;
  /** Messages that had their result over this connection before. */
  readonly messagesBefore: number;
}

export interface DeliveryConnectionOptions {
  readonly wire: Wire;
  readonly clock: Clock;
  readonly settings: DeliverySettings;
  /** What is asked of the server's certificate. */
  readonly tls: ClientTls;
  readonly handshakeMs: number;
}

/** Called while outputs are carried out: what is fed or sent then goes out with them. */
export interface DeliveryOwner {
  /** With what `open` is rejected. `error`: `TlsFailed`, `HandshakeTooLong` or another of the system. */
  tlsFailure(error: unknown): Error;
  hostFailure(failure: HostFailure): Error;
  /** Write the content of the first message that has not sent it: `send` or `write` it, then feed `contentSent`. */
  content(framing: 'data' | 'chunk'): void;
  /** Of the first message that has none. */
  result(result: DeliveryResult): void;
  /** Nothing more goes over the connection. */
  closed?(): void;
  /** For a transcript; `secret`: holds credentials. */
  said?(bytes: Uint8Array, secret: boolean): void;
  heard?(bytes: Uint8Array): void;
}

export class DeliveryConnection {
  readonly session: DeliverySession;
  tls: PeerTls | undefined;
  /** It has carried mail, then got a refusal that may concern the connection and not the message: a fresh connection is better. */
  isUsedUp = false;
  readonly #options: DeliveryConnectionOptions;
  readonly #owner: DeliveryOwner;
  readonly #alarm;
  #opening: { resolve(): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;
  #ended = 0;
  /** To leave as one write. */
  #sending: Uint8Array[] = [];
  #carryingOut = false;

  constructor(options: DeliveryConnectionOptions, owner: DeliveryOwner) {
    const { clock, settings } = options;
    this.#options = options;
    this.#owner = owner;
    this.#alarm = createAlarm(clock, () => this.feed({ type: 'timeout' }));
    this.session = createDeliverySession(settings, clock.monotonic());
  }

  get usable(): boolean {
    return !this.session.closed;
  }

  /** Until messages can be taken; rejects with a failure of the owner's. */
  async open(): Promise<void> {
    const { wire, settings } = this.#options;
    const opening = new Promise<void>((resolve, reject) => {
      this.#opening = { resolve, reject };
    });
    // Rejected before anybody waits for it, if TLS fails.
    opening.catch(() => undefined);
    if (settings.tls === 'implicit') await this.#secure();
    wire.listen({
      bytes: (bytes) => {
        this.#owner.heard?.(bytes);
        this.feed({ type: 'bytes', bytes });
      },
      closed: (error) => this.feed({ type: 'closed', ...(error === undefined ? {} : { error }) }),
    });
    this.#alarm.set(this.session.deadline);
    await opening;
    // A greeting and a farewell may arrive in one read.
    if (this.#failure !== undefined) throw this.#failure;
  }

  feed(input: DeliveryInput): void {
    const isOutermost = !this.#carryingOut;
    this.#carryingOut = true;
    for (const output of this.session.receive(input, this.#options.clock.monotonic())) this.#perform(output);
    if (!isOutermost) return;
    this.#carryingOut = false;
    this.flush();
    this.#alarm.set(this.session.deadline);
  }

  /** Goes out with what else is said now. */
  send(pieces: readonly Uint8Array[]): void {
    this.#sending.push(...pieces);
  }

  /** A write that fails is followed by `closed`, which ends what is under way. */
  flush(): void {
    if (this.#sending.length === 0) return;
    const pieces = this.#sending;
    this.#sending = [];
    const isSmall = octetsOf(pieces) <= JOINED_OCTETS_MAX;
    this.#options.wire.write(isSmall ? [concat(pieces)] : pieces).catch(() => undefined);
  }

  /** By itself; resolves when more may be written. */
  write(pieces: readonly Uint8Array[]): Promise<void> {
    return this.#options.wire.write(pieces);
  }

  /** Says QUIT and closes. */
  quit(): void {
    this.feed({ type: 'quit' });
  }

  destroy(): void {
    this.#alarm.end();
    this.#options.wire.destroy();
  }

  /** Nobody else watches the time here: the machine waits for no reply. */
  async #secure(): Promise<void> {
    const { wire, tls, clock, handshakeMs } = this.#options;
    let cancel = (): void => undefined;
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(handshakeMs, () => reject(new HandshakeTooLong(handshakeMs)));
    });
    try {
      const peer = await Promise.race([wire.startTls(tls), late]);
      // A failed verification has already rejected; this check only makes sure.
      if (tls.verify && !peer.verified)
        throw new TlsFailed('certificate', 'the certificate was not verified');
      this.tls = peer;
    } catch (error) {
      this.destroy();
      throw this.#owner.tlsFailure(error);
    } finally {
      cancel();
    }
    const { version, cipher } = this.tls;
    this.feed({ type: 'tls', facts: { version, cipher } });
  }

  #perform(output: DeliveryOutput): void {
    switch (output.type) {
      case 'send':
        this.#sending.push(output.bytes);
        return this.#owner.said?.(output.bytes, output.secret === true);
      case 'startTls':
        this.flush();
        return void this.#secure().catch((error: Error) => this.#opening?.reject(error));
      case 'ready':
        return this.#opening?.resolve();
      case 'content':
        // A reply in the same read as the 354 may have ended it.
        return this.usable ? this.#owner.content(output.framing) : undefined;
      case 'result':
        return this.#tell(output);
      case 'hostFailed':
        this.#failure = this.#owner.hostFailure(output);
        return this.#opening?.reject(this.#failure);
      case 'close':
        return this.#close();
    }
  }

  #tell({ results, replyLost }: Extract<DeliveryOutput, { type: 'result' }>): void {
    const messagesBefore = this.#ended;
    this.#ended += 1;
    this.isUsedUp ||= messagesBefore > 0 && results.some(isOfConnection);
    this.#owner.result({ results, replyLost, messagesBefore });
  }

  #close(): void {
    const { wire, clock } = this.#options;
    this.#alarm.end();
    this.flush();
    wire.end();
    clock.after(CLOSING_MS, () => wire.destroy());
    this.#owner.closed?.();
  }
}
