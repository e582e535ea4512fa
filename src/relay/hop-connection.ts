// One connection to one hop: carries out what the delivery machine (protocol/delivery) says. It takes one message after the other; where
// PIPELINING is offered the commands of the next leave in one write with the end of the one before (RFC 2920 section 3.1).

import { concat, octetsOf } from '../base/bytes.ts';
import { KIB } from '../base/size.ts';
import { createAlarm } from '../platform/alarm.ts';
import type { Clock } from '../platform/platform.ts';
import type { Network, PeerTls, Wire } from '../platform/network.ts';
import { isOfConnection } from '../policy/pace.ts';
import type {
  DeliveryInput,
  DeliveryOutput,
  DeliverySession,
  HostFailure,
} from '../protocol/delivery/ports.ts';
import { createDeliverySession } from '../protocol/delivery/session.ts';
import { stuffedWhole } from '../protocol/wire/dot-stuffing.ts';
import { type ContentWay, sendBlocks, sendStream } from './content-out.ts';
import type { Errand } from './errand.ts';
import { type DownStage, HopDown } from './hop-down.ts';
import { type Hop, hopName, type RelaySettings } from './settings.ts';

const DIAL_MS = 30_000;
const HANDSHAKE_MS = 30_000;
/** What every server takes (RFC 5321 section 4.5.3.1.8). */
const RECIPIENTS_MAX = 100;
/** A larger message is sent in blocks. */
const AT_ONCE_OCTETS_MAX = 256 * KIB;
/** Up to this size pieces are joined: copying them costs less than a system call for each. */
const JOINED_OCTETS_MAX = 16 * KIB;

export interface HopResult extends Omit<Extract<DeliveryOutput, { type: 'result' }>, 'type'> {
  /** Messages that the connection had carried before this one. */
  readonly messagesBefore: number;
  /** Its identity was suspended after its commands were sent: nothing of its content was. */
  readonly withheld?: true;
}

export interface HopConnection {
  readonly hop: Hop;
  readonly remote: string;
  readonly tls: PeerTls | undefined;
  /** Why the connection is in clear although TLS was tried. */
  readonly inClearBecause: string | undefined;
  readonly usable: boolean;
  /** It has carried mail, then got a refusal that may concern the connection and not the message: a fresh connection is better. */
  readonly isUsedUp: boolean;
  /** Messages begun over this connection. */
  readonly carried: number;
  deliver(errand: Errand): Promise<HopResult>;
  /** Says QUIT and closes. */
  quit(): void;
}

export interface HopOptions {
  readonly hop: Hop;
  readonly settings: Pick<RelaySettings, 'hostname' | 'ca'>;
  readonly network: Network;
  readonly clock: Clock;
  /** STARTTLS broke a moment ago and TLS is not required: STARTTLS is not tried. */
  readonly inClearBecause?: string;
  /** Asked when a content goes out: the message whose commands may follow it in the same write. */
  follower?(connection: HopConnection): Follower | undefined;
  /** Called each time when no errand is under way any more. */
  rested?(connection: HopConnection): void;
}

export interface Follower {
  readonly errand: Errand;
  ended(result: HopResult): void;
}

/** Dials, greets, secures and authenticates; throws `HopDown`: nobody's message is to blame. */
export async function openHopConnection(options: HopOptions): Promise<HopConnection> {
  const { hop, network } = options;
  let wire: Wire;
  try {
    wire = await network.dial({ ...hop }, DIAL_MS);
  } catch (error) {
    throw new HopDown(`${hopName(hop)}: ${messageOf(error)}`, 'dial');
  }
  const connection = new RunningConnection(options, wire);
  await connection.open();
  return connection;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

class RunningConnection implements HopConnection {
  readonly hop: Hop;
  readonly remote: string;
  readonly inClearBecause: string | undefined;
  tls: PeerTls | undefined;
  carried = 0;
  isUsedUp = false;
  #ended = 0;
  #failure: HopDown | undefined;
  readonly #options: HopOptions;
  readonly #wire: Wire;
  readonly #session: DeliverySession;
  #ready: { resolve(): void; reject(error: Error): void } | undefined;
  /** Begun, without a result so far, in order: the content that is asked for is the first one's. */
  #errands: Follower[] = [];
  /** The one whose content was asked for may not leave any more. */
  #withheld = false;
  /** Octets of the outputs being carried out, to leave as one write. */
  #sending: Uint8Array[] = [];
  #carryingOut = false;
  readonly #alarm;

  constructor(options: HopOptions, wire: Wire) {
    const { hop, settings, clock } = options;
    this.#options = options;
    this.hop = hop;
    this.inClearBecause = options.inClearBecause;
    this.#wire = wire;
    this.#alarm = createAlarm(clock, () => this.#feed({ type: 'timeout' }));
    this.remote = `${hopName(hop)}${hop.path === undefined ? ` [${wire.remote}]` : ''}`;
    this.#session = createDeliverySession(
      {
        protocol: hop.protocol,
        hostname: settings.hostname,
        tls: options.inClearBecause === undefined ? hop.tls : 'none',
        recipientsMax: RECIPIENTS_MAX,
        ...(hop.auth === undefined ? {} : { auth: hop.auth }),
      },
      clock.monotonic(),
    );
  }

  get usable(): boolean {
    return !this.#session.closed;
  }

  async open(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => {
      this.#ready = { resolve, reject };
    });
    if (this.#options.hop.tls === 'implicit') await this.#secure();
    this.#wire.listen({
      bytes: (bytes) => this.#feed({ type: 'bytes', bytes }),
      closed: (error) => this.#feed({ type: 'closed', ...(error === undefined ? {} : { error }) }),
    });
    this.#setTimer();
    await ready;
    // A greeting and a farewell may arrive in one read.
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #secure(): Promise<void> {
    const { hop, settings, clock } = this.#options;
    let cancel = (): void => undefined;
    // Nobody else watches the time here: the machine waits for no reply.
    const late = new Promise<never>((_, reject) => {
      cancel = clock.after(HANDSHAKE_MS, () => reject(new Error('the handshake took too long')));
    });
    try {
      const secured = this.#wire.startTls({
        serverName: hop.host ?? 'localhost',
        verify: hop.verify,
        ...(settings.ca === undefined ? {} : { ca: settings.ca }),
      });
      this.tls = await Promise.race([secured, late]);
    } catch (error) {
      this.#wire.destroy();
      throw new HopDown(`${this.remote}: TLS: ${messageOf(error)}`, 'tls', '4.7.5');
    } finally {
      cancel();
    }
    const { version, cipher } = this.tls;
    this.#feed({ type: 'tls', facts: { version, cipher } });
  }

  deliver(errand: Errand): Promise<HopResult> {
    return new Promise((ended) => this.#begin({ errand, ended }));
  }

  #begin(follower: Follower): void {
    this.#errands.push(follower);
    this.carried += 1;
    const { message, deliveries } = follower.errand;
    const envelope = { ...message.envelope, recipients: deliveries.map(({ recipient }) => recipient) };
    const { octets, headerUtf8, body8bit } = message;
    this.#feed({ type: 'transaction', transaction: { envelope, octets, headerUtf8, body8bit } });
  }

  quit(): void {
    this.#feed({ type: 'quit' });
  }

  #feed(input: DeliveryInput): void {
    const isOutermost = !this.#carryingOut;
    this.#carryingOut = true;
    for (const output of this.#session.receive(input, this.#options.clock.monotonic())) this.#perform(output);
    if (!isOutermost) return;
    this.#carryingOut = false;
    this.#send();
    this.#setTimer();
  }

  /** A failed write is followed by `closed`, which ends what is under way. */
  #send(): void {
    if (this.#sending.length === 0) return;
    const pieces = this.#sending;
    this.#sending = [];
    const isSmall = octetsOf(pieces) <= JOINED_OCTETS_MAX;
    this.#wire.write(isSmall ? [concat(pieces)] : pieces).catch(() => undefined);
  }

  #perform(output: DeliveryOutput): void {
    switch (output.type) {
      case 'send':
        this.#sending.push(output.bytes);
        break;
      case 'startTls':
        this.#send();
        void this.#upgrade();
        break;
      case 'ready':
        this.#ready?.resolve();
        break;
      case 'content':
        this.#sendMessage();
        break;
      case 'result':
        this.#tell(output);
        break;
      case 'hostFailed':
        this.#failure = new HopDown(
          `${this.remote}: ${output.diagnostic}`,
          this.#stageOf(output),
          output.status,
        );
        this.#ready?.reject(this.#failure);
        break;
      case 'close':
        this.#alarm.end();
        this.#send();
        this.#wire.end();
        this.#options.clock.after(5000, () => this.#wire.destroy());
        break;
    }
  }

  #tell({ results, replyLost }: Extract<DeliveryOutput, { type: 'result' }>): void {
    const messagesBefore = this.#ended;
    this.#ended += 1;
    this.isUsedUp ||= messagesBefore > 0 && results.some(isOfConnection);
    const withheld = this.#withheld ? { withheld: true as const } : {};
    this.#errands.shift()?.ended({ results, replyLost, messagesBefore, ...withheld });
    if (this.#errands.length === 0) this.#options.rested?.(this);
  }

  /** Some servers reject TLS only after the handshake: they break off before their second EHLO reply. */
  #stageOf({ stage, because }: HostFailure): DownStage {
    return stage === 'hello' && this.tls !== undefined && because !== 'reply' ? 'tls' : stage;
  }

  async #upgrade(): Promise<void> {
    try {
      await this.#secure();
    } catch (error) {
      this.#ready?.reject(error instanceof HopDown ? error : new HopDown(messageOf(error), 'tls'));
    }
  }

  get #contentWay(): ContentWay {
    return {
      write: (pieces) => this.#wire.write(pieces),
      feed: (input) => this.#feed(input),
      mayGo: () => this.#mayGo(),
      withhold: () => this.#withhold(),
      giveUp: () => this.#wire.destroy(),
    };
  }

  /** A message in memory was watched on its way in. A small one goes out as one write, with its end and what follows it. */
  #sendMessage(): void {
    // A reply in the same read as the 354 may have ended it.
    if (!this.usable) return;
    if (!this.#mayGo()) return this.#withhold();
    this.#send();
    const inMemory = this.#errands[0]?.errand.inMemory;
    if (inMemory === undefined)
      return void sendStream(() => this.#errands[0]?.errand.content(), this.#contentWay);
    const stuffed = stuffedWhole(inMemory);
    if (octetsOf(stuffed) > AT_ONCE_OCTETS_MAX) return void sendBlocks(stuffed, this.#contentWay);
    this.#sending.push(...stuffed);
    this.#feed({ type: 'contentSent' });
    this.#follow();
  }

  /** Of the message whose content is asked for. */
  #mayGo(): boolean {
    return this.#errands[0]?.errand.mayGo?.() !== false;
  }

  /** After a 354 only the end of the connection keeps a message back: its commands were sent when it could still go, or after another's content. */
  #withhold(): void {
    this.#withheld = true;
    this.#feed({ type: 'contentFailed', because: 'the sender may not send any more', permanent: false });
    this.#wire.destroy();
  }

  #follow(): void {
    if (!this.#session.takesMore || !this.#session.capabilities.has('PIPELINING')) return;
    const follower = this.#options.follower?.(this);
    if (follower !== undefined) this.#begin(follower);
  }

  #setTimer(): void {
    this.#alarm.set(this.#session.deadline);
  }
}
