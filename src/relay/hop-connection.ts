// One connection to one hop, over the one that drives the delivery machine (`src/delivery`). It takes one message after the other; where PIPELINING is
// offered the commands of the next leave in one write with the end of the one before (RFC 2920 section 3.1).

import { octetsOf } from '../base/bytes.ts';
import { KIB } from '../base/size.ts';
import { DeliveryConnection, type DeliveryResult } from '../delivery/connection.ts';
import type { Clock } from '../platform/platform.ts';
import type { Network, PeerTls, Wire } from '../platform/network.ts';
import type { HostFailure } from '../protocol/delivery/ports.ts';
import { stuffedWhole } from '../protocol/wire/dot-stuffing.ts';
import { type ContentWay, sendBlocks, sendStream } from './content-out.ts';
import type { DeliveryJob } from './delivery-job.ts';
import { type DownStage, HopDown } from './hop-down.ts';
import { type Hop, hopName, type RelaySettings } from './settings.ts';

const DIAL_MS = 30_000;
const HANDSHAKE_MS = 30_000;
/** What every server takes (RFC 5321 section 4.5.3.1.8). */
const RECIPIENTS_MAX = 100;
/** A larger message is sent in blocks. */
const AT_ONCE_OCTETS_MAX = 256 * KIB;

export interface HopResult extends DeliveryResult {
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
  deliver(job: DeliveryJob): Promise<HopResult>;
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
  /** Called each time when no job is under way any more. */
  rested?(connection: HopConnection): void;
}

export interface Follower {
  readonly job: DeliveryJob;
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
  carried = 0;
  readonly #options: HopOptions;
  readonly #delivery: DeliveryConnection;
  /** Begun, without a result so far, in order: the content that is asked for is the first one's. */
  #jobs: Follower[] = [];
  /** The one whose content was asked for may not leave any more. */
  #withheld = false;

  constructor(options: HopOptions, wire: Wire) {
    const { hop, settings, clock } = options;
    this.#options = options;
    this.hop = hop;
    this.inClearBecause = options.inClearBecause;
    this.remote = `${hopName(hop)}${hop.path === undefined ? ` [${wire.remote}]` : ''}`;
    const { ca } = settings;
    this.#delivery = new DeliveryConnection(
      {
        ...{ wire, clock, handshakeMs: HANDSHAKE_MS },
        tls: {
          ...{ serverName: hop.host ?? 'localhost', verify: hop.verify },
          ...(ca === undefined ? {} : { ca }),
        },
        settings: {
          ...{ protocol: hop.protocol, hostname: settings.hostname, recipientsMax: RECIPIENTS_MAX },
          tls: options.inClearBecause === undefined ? hop.tls : 'none',
          ...(hop.auth === undefined ? {} : { auth: hop.auth }),
        },
      },
      {
        tlsFailure: (error) => new HopDown(`${this.remote}: TLS: ${messageOf(error)}`, 'tls', '4.7.5'),
        hostFailure: (failure) =>
          new HopDown(`${this.remote}: ${failure.diagnostic}`, this.#stageOf(failure), failure.status),
        content: () => this.#sendMessage(),
        result: (result) => this.#tell(result),
      },
    );
  }

  get tls(): PeerTls | undefined {
    return this.#delivery.tls;
  }

  get usable(): boolean {
    return this.#delivery.usable;
  }

  get isUsedUp(): boolean {
    return this.#delivery.isUsedUp;
  }

  open(): Promise<void> {
    return this.#delivery.open();
  }

  deliver(job: DeliveryJob): Promise<HopResult> {
    return new Promise((ended) => this.#begin({ job, ended }));
  }

  #begin(follower: Follower): void {
    this.#jobs.push(follower);
    this.carried += 1;
    const { message, deliveries } = follower.job;
    const envelope = { ...message.envelope, recipients: deliveries.map(({ recipient }) => recipient) };
    const { octets, headerUtf8, body8bit } = message;
    this.#delivery.feed({ type: 'transaction', transaction: { envelope, octets, headerUtf8, body8bit } });
  }

  quit(): void {
    this.#delivery.quit();
  }

  #tell(result: DeliveryResult): void {
    this.#jobs.shift()?.ended(this.#withheld ? { ...result, withheld: true } : result);
    if (this.#jobs.length === 0) this.#options.rested?.(this);
  }

  /** Some servers reject TLS only after the handshake: they break off before their second EHLO reply. */
  #stageOf({ stage, because }: HostFailure): DownStage {
    return stage === 'hello' && this.tls !== undefined && because !== 'reply' ? 'tls' : stage;
  }

  get #contentWay(): ContentWay {
    return {
      write: (pieces) => this.#delivery.write(pieces),
      feed: (input) => this.#delivery.feed(input),
      mayGo: () => this.#mayGo(),
      withhold: () => this.#withhold(),
      giveUp: () => this.#delivery.destroy(),
    };
  }

  /** A message in memory was watched on its way in. A small one goes out as one write, with its end and what follows it. */
  #sendMessage(): void {
    if (!this.#mayGo()) return this.#withhold();
    this.#delivery.flush();
    const inMemory = this.#jobs[0]?.job.inMemory;
    if (inMemory === undefined) return void sendStream(() => this.#jobs[0]?.job.content(), this.#contentWay);
    const stuffed = stuffedWhole(inMemory);
    if (octetsOf(stuffed) > AT_ONCE_OCTETS_MAX) return void sendBlocks(stuffed, this.#contentWay);
    this.#delivery.send(stuffed);
    this.#delivery.feed({ type: 'contentSent' });
    this.#follow();
  }

  /** Of the message whose content is asked for. */
  #mayGo(): boolean {
    return this.#jobs[0]?.job.mayGo?.() !== false;
  }

  /** After a 354 only the end of the connection keeps a message back: its commands were sent when it could still go, or after another's content. */
  #withhold(): void {
    this.#withheld = true;
    const because = 'the sender may not send any more';
    this.#delivery.feed({ type: 'contentFailed', because, permanent: false });
    this.#delivery.destroy();
  }

  #follow(): void {
    const { takesMore, capabilities } = this.#delivery.session;
    if (!takesMore || !capabilities.has('PIPELINING')) return;
    const follower = this.#options.follower?.(this);
    if (follower !== undefined) this.#begin(follower);
  }
}
