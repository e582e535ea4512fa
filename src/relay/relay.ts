// The way out: a job comes from memory (just accepted here) or from the store (claims.ts) → its route carries it (carriers.ts) → one commit
// settles what the attempt found, with the notices for its sender (settling.ts). Reports about notices are written later (reporter.ts). A deferred message
// leaves memory and is claimed when it is due.

import { invariant } from '../base/assert.ts';
import { createSlots } from '../base/slots.ts';
import type { MessageIdSource } from '../base/message-id.ts';
import type { Times } from '../observe/tally.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Delivery, QueuedMessage, Store, StoreNotice } from '../store/port.ts';
import type { Holder } from '../store/holder.ts';
import { deliveryDomain } from '../protocol/wire/mailbox.ts';
import type { HandOver } from '../submission/context.ts';
import type { Signer } from '../submission/signer.ts';
import { type Carriers, createCarriers, type LearnedLimits } from './carriers.ts';
import { type Claims, createClaims } from './claims.ts';
import type { DownRoute } from './down-routes.ts';
import type { Attempt, DeliveryJob, JobResult } from './delivery-job.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { createReportWriter } from './reports.ts';
import { createRooms, type Rooms } from './rooms.ts';
import { byRoute } from './routes.ts';
import type { RelaySettings, Route } from './settings.ts';
import { Senders } from './senders.ts';
import { type RelayLog, Settling } from './settling.ts';
import { createStrangersCap } from './strangers-cap.ts';

/** Jobs relayed from memory at a time; beyond it mail waits in the store. */
const FROM_MEMORY_MAX = 2_000;

export interface RelayStats {
  /** Attempts by how they ended. */
  readonly attempts: Readonly<Record<string, number>>;
  /** Messages whose final reply never came after their end was sent: they may be delivered twice. */
  readonly repliesLost: number;
  /** Attempts that ended when their lease was no longer ours. */
  readonly leasesLost: number;
  /** From the 250 to the delivery, for each recipient that has it; what comes from the store is as old as its acceptance. */
  readonly deliveryTimes: Times;
  readonly memoryOctets: number;
  readonly underWay: number;
  readonly downRoutes: readonly DownRoute[];
  readonly learned: readonly LearnedLimits[];
}

export interface Relay {
  hasMemoryFor(octets: number): boolean;
  handOver(fresh: HandOver): void;
  /** Something is due in the store. */
  wake(): void;
  identityChanged(notice: Extract<StoreNotice, { type: 'identityChanged' }>): void;
  /** Notices may have been lost: mail that has not left goes back, because only the store knows whose mail may leave. */
  unsure(): void;
  /** Takes nothing new and finishes what is under way; resolves when done or after `graceMs`. */
  drain(graceMs: number): Promise<void>;
  readonly stats: RelayStats;
}

export interface RelayOptions {
  readonly store: Store;
  readonly lookups: Pick<Lookups, 'content' | 'eventsOfMessage'>;
  readonly holder: Holder;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly ids: MessageIdSource;
  readonly network: Network;
  readonly log: RelayLog;
  /** Counts a report about mail from outside; gives the count of this minute, of the whole process. */
  countReportToStranger(): number;
  settings(): RelaySettings;
  signer?(): Signer | undefined;
}

export function createRelay(options: RelayOptions): Relay {
  return new RunningRelay(options);
}

/** What a job gets at its content by. */
type Content = Pick<DeliveryJob, 'content' | 'inMemory' | 'answeredAt'>;

class RunningRelay implements Relay {
  readonly #options: RelayOptions;
  readonly #reporter: Reporter;
  readonly #carriers: Carriers;
  readonly #rooms: Rooms;
  readonly #claims: Claims;
  readonly #settling: Settling;
  readonly #senders: Senders;
  readonly #running = createSlots<Promise<void>>();
  #memoryOctets = 0;
  #draining = false;

  constructor(options: RelayOptions) {
    const { store, clock, holder } = options;
    const writer = createReportWriter(options);
    const cap = createStrangersCap({ ...options, writer });
    const carriers = createCarriers(options);
    const rooms = createRooms({
      settings: options.settings,
      connectionsMax: (route) => carriers.connectionsMax(route),
    });
    this.#options = options;
    this.#senders = new Senders(holder);
    this.#reporter = createReporter({ ...options, writer, cap });
    this.#carriers = carriers;
    this.#rooms = rooms;
    this.#settling = new Settling(options, this.#reporter);
    const take = (message: QueuedMessage, deliveries: readonly Delivery[]): void =>
      this.#fromStore(message, deliveries);
    this.#claims = createClaims({ store, clock, holder, take, shares: () => rooms.shares() });
  }

  hasMemoryFor(octets: number): boolean {
    const { memoryOctets } = this.#options.settings();
    return (
      !this.#draining && this.#running.size < FROM_MEMORY_MAX && this.#memoryOctets + octets <= memoryOctets
    );
  }

  handOver({ message, recipients, content, owner }: HandOver): void {
    // Its accept was under way when the drain began: the lease goes back with the others, and the next run sends it.
    if (this.#draining) return;
    // This node was taken for dead meanwhile: others have it.
    if (owner !== this.#options.holder.owner) return;
    const deliveries = recipients.map((recipient, recipientNumber): Delivery => {
      const domain = deliveryDomain(recipient.forwardPath);
      return { messageId: message.id, recipientNumber, recipient, domain, attempt: 1, delayReported: false };
    });
    const answeredAt = this.#options.clock.now();
    this.#start(
      message,
      deliveries,
      { inMemory: content, answeredAt, content: async () => inOrder(content.pieces) },
      message.octets,
    );
  }

  wake(): void {
    this.#claims.wake();
  }

  identityChanged(notice: Extract<StoreNotice, { type: 'identityChanged' }>): void {
    this.#senders.changed(notice);
  }

  unsure(): void {
    this.#senders.unsure();
  }

  async drain(graceMs: number): Promise<void> {
    this.#draining = true;
    this.#claims.stop();
    const late = new Promise<void>((resolve) => this.#options.clock.after(graceMs, resolve));
    await Promise.race([Promise.all(this.#running.all()).then(() => this.#reporter.stop()), late]);
    this.#carriers.close();
  }

  get stats(): RelayStats {
    const { repliesLost, downRoutes, learned } = this.#carriers;
    return {
      ...this.#settling.stats,
      ...{ repliesLost, downRoutes, learned },
      ...{ memoryOctets: this.#memoryOctets, underWay: this.#running.size },
    };
  }

  #fromStore(message: QueuedMessage, deliveries: readonly Delivery[]): void {
    const content = async (): Promise<AsyncIterable<Uint8Array>> => {
      const found = await this.#options.lookups.content(message.id);
      if (found === undefined) throw new Error(`the content of ${message.id} is gone`);
      return found;
    };
    this.#start(message, deliveries, { content }, 0);
  }

  /**
   * One job for each route of the recipients; a recipient without a route fails at once. `octets`: what each of them holds in memory; those that
   * they share are held until the last one ends.
   */
  #start(message: QueuedMessage, deliveries: readonly Delivery[], content: Content, octets: number): void {
    const settings = this.#options.settings();
    const { routed, forbidden } = byRoute(settings, message, deliveries);
    const mayGo = this.#senders.mayGo(message.identityId);
    for (const way of routed)
      this.#track(way.route, octets, this.#run({ ...content, ...way, message, mayGo }));
    if (forbidden.length === 0) return;
    const job: DeliveryJob = { ...content, message, deliveries: forbidden, route: settings.route };
    const diagnostic = 'mail from strangers is not relayed';
    const attempts = all(job, { type: 'failed', status: '5.7.1', diagnostic });
    this.#track(settings.route, octets, this.#settling.settle(job, attempts));
  }

  #track(route: Route, octets: number, work: Promise<void>): void {
    this.#memoryOctets += octets;
    const room = this.#rooms.began(route);
    const tracked: Promise<void> = work.finally(() => {
      const isHere = this.#running.leave(slot, tracked);
      invariant(isHere, 'a job leaves its slot twice');
      room.ended();
      this.#memoryOctets -= octets;
      invariant(this.#memoryOctets >= 0, 'content in memory is given back twice');
      this.#claims.ended();
    });
    const slot = this.#running.take(tracked);
  }

  /** Never rejects: a question to the store is repeated until it answers. */
  async #run(job: DeliveryJob): Promise<void> {
    const { clock } = this.#options;
    if (job.mayGo?.() === false) return this.#settling.release(job, clock.now());
    const result = await this.#carry(job);
    if (result.type === 'withheld') await this.#settling.release(job, clock.now());
    else if (result.type === 'attempted') await this.#settling.settle(job, result.attempts);
    else await this.#hostDown(job, result);
  }

  async #carry(job: DeliveryJob): Promise<JobResult> {
    try {
      return await this.#carriers.carry(job);
    } catch (error) {
      this.#options.log.error({ id: job.message.id, error: String(error) }, 'attempt broke off');
      const diagnostic = error instanceof Error ? error.message : String(error);
      return { type: 'attempted', attempts: all(job, { type: 'deferred', status: '4.3.0', diagnostic }) };
    }
  }

  /** All deliveries come back when the host is tried again; only the job that found out records why it waits. */
  async #hostDown(job: DeliveryJob, down: Extract<JobResult, { type: 'hostDown' }>): Promise<void> {
    const { expireMs, delayNoticeMs } = this.#options.settings();
    const { message, deliveries } = job;
    const age = this.#options.clock.now() - message.acceptedAt;
    const isLate = age >= delayNoticeMs && deliveries.some(({ delayReported }) => !delayReported);
    if (!down.probed && age < expireMs && !isLate) {
      return this.#settling.release(job, Math.min(down.until, message.acceptedAt + expireMs));
    }
    const { status, diagnostic, until } = down;
    const attempts = all(job, { type: 'deferred', status, diagnostic, againAt: until });
    await this.#settling.settle(job, attempts);
  }
}

async function* inOrder(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function all({ deliveries }: DeliveryJob, attempt: Attempt): readonly Attempt[] {
  return deliveries.map(() => attempt);
}
