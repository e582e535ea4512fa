// The way out: an errand comes from memory (just accepted here) or from the store (claims.ts) → its route carries it (carriers.ts) → one commit
// settles what the attempt found, with the notices for its sender. Reports about notices are written later (reporter.ts). A deferred message
// leaves memory and is claimed when it is due.

import { createPlaces } from '../base/places.ts';
import type { MessageIdSource } from '../base/message-id.ts';
import { createStopwatch, DELIVERY_SECONDS, type Times } from '../observe/tally.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import { surely } from '../platform/surely.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Delivery, QueuedMessage, Store, StoreNotice } from '../store/port.ts';
import type { Owner } from '../store/owner.ts';
import { deliveryDomain } from '../protocol/wire/mailbox.ts';
import type { HandOver } from '../submission/context.ts';
import type { Signer } from '../submission/signer.ts';
import { createCarriers, type DownRoute, type LearnedLimits } from './carriers.ts';
import { createClaims } from './claims.ts';
import type { Attempt, Errand, ErrandResult } from './errand.ts';
import { isOwnReport } from './notices.ts';
import { createReporter } from './reporter.ts';
import { createReportWriter } from './reports.ts';
import { createRooms } from './rooms.ts';
import { byRoute } from './routes.ts';
import type { RelaySettings, Route } from './settings.ts';
import { settlementOf } from './settlement.ts';
import { createStrangersCap } from './strangers-cap.ts';
import { isAboutOurs } from './whose-report.ts';

/** Errands relayed from memory at a time; beyond it mail waits in the store. */
const FROM_MEMORY_MAX = 2_000;

export interface RelayLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

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
  readonly owner: Owner;
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
  const { store, clock, owner, log } = options;
  const writer = createReportWriter(options);
  const cap = createStrangersCap({ ...options, writer });
  const reporter = createReporter({ ...options, writer, cap });
  const carriers = createCarriers(options);
  const rooms = createRooms({
    settings: options.settings,
    connectionsMax: (route) => carriers.connectionsMax(route),
  });
  const claims = createClaims({ store, clock, owner, shares: () => rooms.shares(), take: fromStore });
  const mayNotSend = new Set<IdentityId>();
  /** Newest ones heard of: an entry for each identity that changed since the start. */
  const revisions = new Map<IdentityId, number>();
  /** Counts the times that notices may have been lost. */
  let doubts = 0;
  const counts: Record<string, number> = {};
  const stopwatch = createStopwatch(DELIVERY_SECONDS);
  const running = createPlaces<Promise<void>>();
  let memoryOctets = 0;
  let leasesLost = 0;
  let draining = false;

  /** Never rejects: a question to the store is repeated until it answers. */
  async function run(errand: Errand): Promise<void> {
    if (errand.mayGo?.() === false) return release(errand, clock.now());
    const result = await carry(errand);
    if (result.type === 'withheld') await release(errand, clock.now());
    else if (result.type === 'attempted') await settle(errand, result.attempts);
    else await hostDown(errand, result);
  }

  async function carry(errand: Errand): Promise<ErrandResult> {
    try {
      return await carriers.carry(errand);
    } catch (error) {
      log.error({ id: errand.message.id, error: String(error) }, 'attempt broke off');
      const diagnostic = error instanceof Error ? error.message : String(error);
      return { type: 'attempted', attempts: all(errand, { type: 'deferred', status: '4.3.0', diagnostic }) };
    }
  }

  /** All deliveries come back when the host is tried again; only the errand that found out records why it waits. */
  async function hostDown(errand: Errand, down: Extract<ErrandResult, { type: 'hostDown' }>): Promise<void> {
    const { expireMs, delayNoticeMs } = options.settings();
    const { message, deliveries } = errand;
    const age = clock.now() - message.acceptedAt;
    const isLate = age >= delayNoticeMs && deliveries.some(({ delayReported }) => !delayReported);
    if (!down.probed && age < expireMs && !isLate) {
      return release(errand, Math.min(down.until, message.acceptedAt + expireMs));
    }
    const { status, diagnostic, until } = down;
    await settle(errand, all(errand, { type: 'deferred', status, diagnostic, againAt: until }));
  }

  async function settle(errand: Errand, attempts: readonly Attempt[]): Promise<void> {
    const { message } = errand;
    const isRefused = attempts.some(({ type }) => type === 'failed') || isExpired(message);
    const holdRefused = isRefused && isOwnReport(message) && (await isAboutOurs(options.lookups, message.id));
    const context = { settings: options.settings(), owner, now: clock.now(), holdRefused };
    const { change, told } = settlementOf(errand, attempts, context);
    const tookMs = context.now - (errand.answeredAt ?? message.acceptedAt);
    for (const final of told) {
      counts[final] = (counts[final] ?? 0) + 1;
      if (final === 'delivered' || final === 'relayed') stopwatch.took(tookMs);
    }
    const [first] = attempts;
    log.info(
      {
        ...{ id: message.id, fates: told, remote: first?.remote, diagnostic: first?.diagnostic },
        ...(first?.inClearBecause === undefined ? {} : { inClearBecause: first.inClearBecause }),
      },
      'attempt',
    );
    const isLost = !holdRefused && told.some((final) => final === 'failed' || final === 'expired');
    if (isLost && isOwnReport(message))
      log.warn(
        { id: message.id, diagnostic: first?.diagnostic },
        'a report about mail from outside was refused for good, nobody hears of it',
      );
    await surely(clock, async (again) => {
      const [outcome] = await store.commit([again ? { ...change, again } : change]);
      if (outcome.type === 'stale' && outcome.again !== true) fenced(message);
      if (outcome.type === 'settled' && change.tellBy !== undefined)
        reporter.expect(outcome.noticesDue === true ? undefined : change.tellBy);
      if (outcome.type !== 'failed') return true;
      log.error({ id: message.id, cause: outcome.cause }, 'attempt could not be settled, asking again');
      return false;
    });
  }

  /** Another may have had it meanwhile. */
  function fenced({ id }: QueuedMessage): void {
    leasesLost += 1;
    log.warn({ id }, 'the lease of an attempt was gone when it ended: the message may have been sent twice');
  }

  function isExpired({ acceptedAt }: QueuedMessage): boolean {
    return clock.now() >= acceptedAt + options.settings().expireMs;
  }

  /** Back into the store without an attempt. */
  async function release({ message, deliveries }: Errand, dueAt: number): Promise<void> {
    const only = deliveries.map(({ recipientNumber, attempt }) => {
      return { messageId: message.id, recipientNumber, attempt };
    });
    await surely(clock, async () => {
      const [outcome] = await store.commit([{ type: 'free', ownerPrefix: owner, only, dueAt }]);
      return outcome.type === 'freed';
    });
  }

  /** One errand for each route of the recipients; a recipient without a route fails at once. */
  function start(
    message: QueuedMessage,
    deliveries: readonly Delivery[],
    content: Pick<Errand, 'content' | 'inMemory' | 'hasDotLines' | 'answeredAt'>,
    hooks: { began(): void; ended(): void },
  ): void {
    const settings = options.settings();
    const { routed, forbidden } = byRoute(settings, message, deliveries);
    const track = (route: Route, work: Promise<void>): void => {
      hooks.began();
      const room = rooms.began(route);
      const tracked: Promise<void> = work.finally(() => {
        running.leave(place, tracked);
        room.ended();
        hooks.ended();
        claims.ended();
      });
      const place = running.take(tracked);
    };
    const doubtsBefore = doubts;
    const mayGo = (): boolean => doubtsBefore === doubts && !mayNotSend.has(message.identityId ?? '');
    for (const way of routed) track(way.route, run({ ...content, ...way, message, mayGo }));
    if (forbidden.length === 0) return;
    const errand: Errand = { ...content, message, deliveries: forbidden, route: settings.route };
    const diagnostic = 'mail from strangers is not relayed';
    track(settings.route, settle(errand, all(errand, { type: 'failed', status: '5.7.1', diagnostic })));
  }

  function fromStore(message: QueuedMessage, deliveries: readonly Delivery[]): void {
    const content = async (): Promise<AsyncIterable<Uint8Array>> => {
      const found = await options.lookups.content(message.id);
      if (found === undefined) throw new Error(`the content of ${message.id} is gone`);
      return found;
    };
    start(message, deliveries, { content }, noHooks);
  }

  return {
    hasMemoryFor: (octets) =>
      !draining && running.size < FROM_MEMORY_MAX && memoryOctets + octets <= options.settings().memoryOctets,
    handOver({ message, recipients, content, hasDotLines }) {
      // Its accept was under way when the drain began: the lease goes back with the others, and the next run sends it.
      if (draining) return;
      const deliveries = recipients.map((recipient, recipientNumber): Delivery => {
        const domain = deliveryDomain(recipient.forwardPath);
        return {
          messageId: message.id,
          recipientNumber,
          recipient,
          domain,
          attempt: 1,
          delayReported: false,
        };
      });
      // Counted for each errand: the octets that they share are held until the last one ends.
      const { octets } = message;
      start(
        message,
        deliveries,
        { inMemory: content, hasDotLines, answeredAt: clock.now(), content: async () => inOrder(content) },
        {
          began: () => void (memoryOctets += octets),
          ended: () => void (memoryOctets -= octets),
        },
      );
    },
    wake: () => claims.wake(),
    identityChanged({ identityId, state, revision }) {
      // It may come twice, and after a later one.
      if (revision < (revisions.get(identityId) ?? 0)) return;
      revisions.set(identityId, revision);
      if (state === 'active') mayNotSend.delete(identityId);
      else mayNotSend.add(identityId);
    },
    unsure() {
      doubts += 1;
      mayNotSend.clear();
    },
    async drain(graceMs) {
      draining = true;
      claims.stop();
      const late = new Promise<void>((resolve) => clock.after(graceMs, resolve));
      await Promise.race([Promise.all(running.all()).then(() => reporter.stop()), late]);
      carriers.close();
    },
    get stats() {
      const { repliesLost, downRoutes, learned } = carriers;
      return {
        ...{ attempts: counts, repliesLost, leasesLost, deliveryTimes: stopwatch.times, memoryOctets },
        ...{ underWay: running.size, downRoutes, learned },
      };
    },
  };
}

const noHooks = { began: () => undefined, ended: () => undefined };

async function* inOrder(pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function all({ deliveries }: Errand, attempt: Attempt): readonly Attempt[] {
  return deliveries.map(() => attempt);
}
