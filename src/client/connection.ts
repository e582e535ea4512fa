// One secured and authenticated connection to a submission server: carries out what the delivery machine (protocol/delivery) says. It takes
// messages one after the other; small ones may overlap, so that a stream of them never waits for the way there and back.

import { concat } from '../base/bytes.ts';
import { createAlarm } from '../platform/alarm.ts';
import type { Network, PeerTls, Wire } from '../platform/network.ts';
import type { Clock } from '../platform/platform.ts';
import { isOfConnection } from '../policy/pace.ts';
import type {
  DeliveryCredentials,
  DeliveryInput,
  DeliveryOutput,
  DeliverySession,
  DeliveryTransaction,
} from '../protocol/delivery/ports.ts';
import { createDeliverySession } from '../protocol/delivery/session.ts';
import { isSmall, streamWrites, wholeWrites } from './content-writes.ts';
import { type CandidateFailed, hostFailureOf } from './failures.ts';
import type { Content } from './message.ts';
import type { Parcel } from './parcel.ts';
import { secure } from './secure.ts';
import type { Candidate } from './server.ts';
import { type Listener, Transcript } from './transcript.ts';

/** Messages that may be under way at once on one connection. */
const OVERLAP_MAX = 16;
const CLOSING_MS = 5000;

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
  readonly parcel: Parcel;
  readonly reused: boolean;
  sent: boolean;
}

export class Connection {
  tls: PeerTls | undefined;
  /** Called when there is room for another parcel, or the connection ended. */
  changed: () => void = () => undefined;
  /** Why the connection failed, if no message was under way. */
  failure: CandidateFailed | undefined;
  /** Messages after which the connection is closed. */
  messagesMax = Infinity;
  readonly #settings: ConnectionSettings;
  readonly #wire: Wire;
  readonly #session: DeliverySession;
  readonly #alarm;
  readonly #transcript: Transcript;
  readonly #carried: Carried[] = [];
  #ready: { resolve(): void; reject(error: Error): void } | undefined;
  #writes: Uint8Array[] = [];
  #total = 0;
  #ended = 0;
  #isUsedUp = false;

  constructor(settings: ConnectionSettings, wire: Wire) {
    this.#settings = settings;
    this.#wire = wire;
    this.#transcript = new Transcript(settings.transcript);
    this.#alarm = createAlarm(settings.clock, () => this.#feed({ type: 'timeout' }));
    const { candidate, credentials, greetingMs, ehloName, clock } = settings;
    this.#session = createDeliverySession(
      {
        ...{ protocol: 'smtp', hostname: ehloName, isAuthor: true },
        tls: candidate.tls === 'implicit' ? 'implicit' : 'required',
        ...(credentials === undefined ? {} : { auth: credentials }),
        ...(greetingMs === undefined ? {} : { greetingMs }),
      },
      clock.monotonic(),
    );
  }

  get usable(): boolean {
    return !this.#session.closed;
  }

  get #isEnough(): boolean {
    return this.#isUsedUp || this.#total >= this.messagesMax;
  }

  get idle(): boolean {
    return this.#carried.length === 0;
  }

  get session(): Pick<DeliverySession, 'capabilities' | 'user'> {
    return this.#session;
  }

  async open(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#ready = { resolve, reject };
    });
    // Rejected before anybody waits for it, if TLS fails.
    ready.catch(() => undefined);
    if (this.#settings.candidate.tls === 'implicit') await this.#secure();
    this.#wire.listen({
      bytes: (bytes) => this.#receive(bytes),
      closed: (error) => this.#feed({ type: 'closed', ...(error === undefined ? {} : { error }) }),
    });
    this.#alarm.set(this.#session.deadline);
    await ready;
    // A greeting and a farewell may arrive in one read.
    if (this.failure !== undefined) throw this.failure;
  }

  /** Whether `begin` may be called with it now. */
  canTake(content: Content): boolean {
    if (!this.usable || this.#isEnough) return false;
    if (this.idle) return true;
    return (
      this.#session.takesMore &&
      this.#session.capabilities.has('PIPELINING') &&
      this.#carried.length < OVERLAP_MAX &&
      isSmall(content) &&
      this.#carried.every(({ sent, parcel }) => sent && isSmall(parcel.content))
    );
  }

  begin(parcel: Parcel): void {
    const { envelope, content } = parcel;
    this.#carried.push({ parcel, reused: this.#total > 0, sent: false });
    this.#total += 1;
    const transaction: DeliveryTransaction = {
      envelope,
      octets: content.type === 'whole' ? content.bytes.length : undefined,
      headerUtf8: content.headerUtf8,
      body8bit: this.#declares8bit(content),
      // A small message may overlap with others.
      ...(isSmall(content) ? {} : { chunked: true }),
    };
    this.#feed({ type: 'transaction', transaction });
  }

  /** A stream is declared 8-bit where that is possible; where it is not, an 8-bit octet ends it. */
  #declares8bit({ type, body8bit }: Content): boolean {
    return body8bit && (type === 'whole' || this.#session.capabilities.has('8BITMIME'));
  }

  /** Nobody waits for the parcel any more. True: it was sent and may be accepted. */
  cancel(parcel: Parcel): boolean {
    parcel.cancelled = true;
    const carried = this.#carried.find((one) => one.parcel === parcel);
    if (carried === undefined || carried.sent) return carried?.sent === true;
    // Alone it ends the connection at once; with others before it, when its content would be sent.
    if (this.#carried.length === 1) this.#giveUp('aborted');
    return false;
  }

  /** Says QUIT and closes. */
  quit(): void {
    this.#feed({ type: 'quit' });
  }

  destroy(): void {
    this.#alarm.end();
    this.#wire.destroy();
  }

  async #secure(): Promise<void> {
    try {
      this.tls = await secure(this.#wire, this.#settings);
    } catch (error) {
      this.destroy();
      throw error;
    }
    const { version, cipher } = this.tls;
    this.#feed({ type: 'tls', facts: { version, cipher } });
  }

  async #upgrade(): Promise<void> {
    try {
      await this.#secure();
    } catch (error) {
      this.#ready?.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #receive(bytes: Uint8Array): void {
    this.#transcript.server(bytes);
    this.#feed({ type: 'bytes', bytes });
  }

  #feed(input: DeliveryInput): void {
    for (const output of this.#session.receive(input, this.#settings.clock.monotonic()))
      this.#perform(output);
    this.#flush();
    this.#alarm.set(this.#session.deadline);
  }

  #perform(output: DeliveryOutput): void {
    switch (output.type) {
      case 'send':
        this.#writes.push(output.bytes);
        return this.#transcript.client(output.bytes, output.secret === true);
      case 'startTls':
        this.#flush();
        return void this.#upgrade();
      case 'ready':
        return this.#ready?.resolve();
      case 'content':
        return this.#sendContent(output.framing);
      case 'result': {
        const carried = this.#carried.shift();
        const { results, replyLost } = output;
        const messagesBefore = this.#ended++;
        this.#isUsedUp ||= messagesBefore > 0 && results.some(isOfConnection);
        carried?.parcel.done({ results, replyLost, messagesBefore, reused: carried.reused });
        if (this.idle && this.usable && this.#isEnough) return this.quit();
        return this.changed();
      }
      case 'hostFailed':
        this.failure = hostFailureOf(output, this.#session.tls !== undefined);
        return this.#ready?.reject(this.failure);
      case 'close':
        return this.#close();
    }
  }

  #close(): void {
    this.#flush();
    this.#alarm.end();
    this.#wire.end();
    this.#settings.clock.after(CLOSING_MS, () => this.#wire.destroy());
    this.changed();
  }

  /** What was said at once travels at once. A write that fails is followed by `closed`. */
  #flush(): void {
    if (this.#writes.length === 0) return;
    const bytes = concat(this.#writes);
    this.#writes = [];
    this.#wire.write([bytes]).catch(() => undefined);
  }

  #sendContent(framing: 'data' | 'chunk'): void {
    const carried = this.#carried.find(({ sent }) => !sent);
    // A reply in the same read as the 354 may have ended it.
    if (carried === undefined || !this.usable) return;
    if (carried.parcel.cancelled) return this.#giveUp('aborted');
    const { content } = carried.parcel;
    if (isSmall(content)) {
      for (const bytes of wholeWrites(content.bytes, framing)) this.#writes.push(bytes);
      carried.sent = true;
      queueMicrotask(() => this.changed());
      for (const output of this.#session.receive({ type: 'contentSent' }, this.#settings.clock.monotonic()))
        this.#perform(output);
      return;
    }
    this.#flush();
    void this.#sendLarge(carried, framing);
  }

  async #sendLarge(carried: Carried, framing: 'data' | 'chunk'): Promise<void> {
    const { parcel } = carried;
    const { content } = parcel;
    const takes8bit = this.#session.capabilities.has('8BITMIME');
    const writes =
      content.type === 'whole' ? wholeWrites(content.bytes, framing) : streamWrites(content, takes8bit);
    try {
      let held: Uint8Array | undefined;
      for await (const bytes of writes) {
        // A write that fails is followed by `closed`.
        if (held !== undefined) await this.#wire.write([held]).catch(() => undefined);
        if (parcel.cancelled) return this.#giveUp('aborted');
        if (!this.usable) return;
        // RFC 5321 section 4.5.3.2.5 gives each block its minutes, not the whole message.
        this.#feed({ type: 'contentProgress' });
        held = bytes;
      }
      if (!this.usable) return;
      carried.sent = true;
      // The end is expected before it is written: its reply may be read before we hear that the write is done.
      if (held !== undefined) this.#writes.push(held);
      this.#feed({ type: 'contentSent' });
    } catch (error) {
      // It may be on its way over another connection.
      if (!this.usable) return;
      parcel.contentError = error;
      this.#giveUp('the message could not be read');
    }
  }

  /** Without its end the server accepts nothing. */
  #giveUp(because: string): void {
    this.#feed({ type: 'contentFailed', because, permanent: false });
    this.destroy();
  }
}
