// The way out, as a story: an errand comes from memory (just accepted here) or from the store (claimed) → it goes by its route → what the
// attempt found is settled, with its report, in one commit. What is deferred leaves memory and is claimed again when it is due.

import type { MessageIdSource } from '../base/message-id.ts';
import type { Clock, Entropy } from '../platform/platform.ts';
import type { Network } from '../platform/network.ts';
import type { IdentityId } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Delivery, Owner, QueuedMessage, Store, StoreNotice } from '../store/port.ts';
import { deliveryDomain } from '../store/delivery-domain.ts';
import type { HandOver } from '../submission/context.ts';
import type { Attempt, Errand, ErrandResult } from './errand.ts';
import { deliverToFiles } from './files.ts';
import { createHopPool, type HopPool } from './hop-pool.ts';
import { createReportWriter } from './reports.ts';
import { routeOf } from './routes.ts';
import { type RelaySettings, type Route, routeKey } from './settings.ts';
import { settlementOf } from './settlement.ts';

const CLAIM_MAX = 50;
/** Errands from the store that are under way at a time. */
const CLAIMED_MAX = 100;
const POLL_MS = 5_000;
const AGAIN_MS = 1_000;
const OPEN_FILES_MAX = 16;

export interface RelayLog {
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

export interface RelayStats {
  /** Attempts by how they ended. */
  readonly attempts: Readonly<Record<string, number>>;
  /** The end was sent and no reply came: these may be delivered twice. */
  readonly repliesLost: number;
  readonly memoryOctets: number;
  readonly underWay: number;
  readonly routesDown: number;
}

export interface Relay {
  hasMemoryFor(octets: number): boolean;
  handOver(fresh: HandOver): void;
  /** Something is due in the store. */
  wake(): void;
  identityChanged(notice: Extract<StoreNotice, { type: 'identityChanged' }>): void;
  /** Takes nothing new, finishes what is under way, gives the rest back; resolves when done or at `deadline`. */
  drain(deadlineMs: number): Promise<void>;
  readonly stats: RelayStats;
}

export interface RelayOptions {
  readonly store: Store;
  readonly lookups: Pick<Lookups, 'content'>;
  readonly owner: Owner;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly ids: MessageIdSource;
  readonly network: Network;
  readonly log: RelayLog;
  settings(): RelaySettings;
}

export function createRelay(options: RelayOptions): Relay {
  const { store, clock, owner, log } = options;
  const reports = createReportWriter(options);
  const pools = new Map<string, HopPool>();
  const mayNotSend = new Set<IdentityId>();
  const counts: Record<string, number> = {};
  const running = new Set<Promise<void>>();
  let repliesLost = 0;
  let memoryOctets = 0;
  let claimed = 0;
  let claiming = false;
  let claimNumber = 0;
  let woken = false;
  let draining = false;
  let files = 0;
  let poolSettings = options.settings();
  let cancelPoll = (): void => undefined;

  function poolOf(route: Extract<Route, { type: 'hops' }>): HopPool {
    forgetOldPools();
    const key = routeKey(route);
    let pool = pools.get(key);
    if (pool === undefined) {
      pool = createHopPool({
        ...options,
        hops: route.hops,
        settings: options.settings(),
        changed: (down, diagnostic) =>
          down ? log.warn({ route: key, diagnostic }, 'next hop is down, its mail waits') : log.info({ route: key }, 'next hop is back'),
        replyLost: () => {
          repliesLost += 1;
        },
      });
      pools.set(key, pool);
    }
    return pool;
  }

  /** After a reload every connection is made anew: credentials or TLS may have changed. */
  function forgetOldPools(): void {
    const now = options.settings();
    if (now === poolSettings) return;
    poolSettings = now;
    for (const pool of pools.values()) pool.close();
    pools.clear();
  }

  async function carry(errand: Errand): Promise<ErrandResult> {
    const { route } = errand;
    if (route.type === 'hops') return poolOf(route).deliver(errand);
    return deliverToFiles(route.directory, errand, clock.now());
  }

  /** Never rejects: what can't be said now is asked again until the store answers. */
  async function run(errand: Errand): Promise<void> {
    try {
      if (mayNotSend.has(errand.message.identityId ?? '')) return await release(errand, clock.now());
      const result = await carry(errand);
      if (result.type === 'attempted') await settle(errand, result.attempts);
      else await hostDown(errand, result);
    } catch (error) {
      log.error({ id: errand.message.id, error: String(error) }, 'attempt broke off');
      await settle(errand, errand.deliveries.map(() => brokeOff(error)));
    }
  }

  /** The errand that found out waits by its own schedule; the others come back when the host is tried again (DESIGN 3.14). */
  async function hostDown(errand: Errand, { diagnostic, status, until, probed }: Extract<ErrandResult, { type: 'hostDown' }>): Promise<void> {
    const settings = options.settings();
    const { message, deliveries } = errand;
    const age = clock.now() - message.acceptedAt;
    const mustTell = age >= settings.expireMs || (age >= settings.delayNoticeMs && deliveries.some(({ delayReported }) => !delayReported));
    if (!probed && !mustTell) return release(errand, Math.min(until, message.acceptedAt + settings.expireMs));
    await settle(errand, deliveries.map((): Attempt => ({ type: 'deferred', status, diagnostic })));
  }

  async function settle(errand: Errand, attempts: readonly Attempt[]): Promise<void> {
    const { message } = errand;
    const settlement = await settlementOf(errand, attempts, { settings: options.settings(), owner, reports, now: clock.now() });
    for (const final of settlement.told) counts[final] = (counts[final] ?? 0) + 1;
    log.info({ id: message.id, fates: summary(settlement.told), remote: attempts[0]?.remote, diagnostic: attempts[0]?.diagnostic }, 'attempt');
    await surely(async () => {
      const [outcome] = await store.commit([settlement.change]);
      if (outcome.type === 'failed') log.error({ id: message.id, cause: outcome.cause }, 'attempt could not be settled');
      return outcome.type !== 'failed';
    });
    if (settlement.change.report !== undefined) wake();
  }

  /** Back into the store without an attempt. */
  async function release({ message, deliveries }: Errand, dueAt: number): Promise<void> {
    const only = deliveries.map(({ recipientNumber }) => ({ messageId: message.id, recipientNumber }));
    await surely(async () => (await store.commit([{ type: 'free', ownerPrefix: owner, only, dueAt }]))[0].type === 'freed');
  }

  async function surely(ask: () => Promise<boolean>): Promise<void> {
    for (;;) {
      const done = await ask().catch(() => false);
      if (done) return;
      await new Promise<void>((resolve) => clock.after(AGAIN_MS, resolve));
    }
  }

  function start(errand: Errand, done: () => void): void {
    const run_ = run(errand).finally(() => {
      running.delete(run_);
      done();
    });
    running.add(run_);
  }

  /** One errand for each route that the recipients take; what may go nowhere fails at once. */
  function errandsOf(message: QueuedMessage, deliveries: readonly Delivery[], content: Errand['content']): readonly Errand[] {
    const settings = options.settings();
    const byRoute = new Map<string, { route: Route; deliveries: Delivery[] }>();
    const forbidden: Delivery[] = [];
    for (const delivery of deliveries) {
      const routed = routeOf(settings, message, delivery);
      if (routed.type === 'forbidden') {
        forbidden.push(delivery);
        continue;
      }
      const key = routeKey(routed.route);
      const same = byRoute.get(key) ?? { route: routed.route, deliveries: [] };
      same.deliveries.push(delivery);
      byRoute.set(key, same);
    }
    if (forbidden.length > 0) {
      const errand: Errand = { message, deliveries: forbidden, route: settings.route, content };
      void settle(errand, forbidden.map((): Attempt => ({ type: 'failed', status: '5.7.1', diagnostic: 'not relayed for strangers' })));
    }
    return [...byRoute.values()].map((one) => ({ message, content, ...one }));
  }

  function wake(): void {
    woken = true;
    void claimMore();
  }

  async function claimMore(): Promise<void> {
    if (claiming || draining || claimed >= CLAIMED_MAX) return;
    claiming = true;
    woken = false;
    cancelPoll();
    try {
      claimNumber += 1;
      const now = clock.now();
      const change = { type: 'claim', owner, token: `${owner} ${claimNumber}`, now, max: CLAIM_MAX, exceptDomains: [] } as const;
      const [outcome] = await store.commit([change]);
      if (outcome.type === 'claimed') take(outcome.messages, outcome.deliveries);
      if (outcome.type === 'claimed' && outcome.deliveries.length === CLAIM_MAX) woken = true;
    } catch {
      // The store is away: the next poll asks again.
    }
    claiming = false;
    if (draining) return;
    if (woken && claimed < CLAIMED_MAX) return void claimMore();
    cancelPoll = clock.after(POLL_MS, () => void claimMore());
  }

  function take(messages: readonly QueuedMessage[], deliveries: readonly Delivery[]): void {
    for (const message of messages) {
      const own = deliveries.filter(({ messageId }) => messageId === message.id);
      const content = async (): Promise<AsyncIterable<Uint8Array>> => {
        const found = await options.lookups.content(message.id);
        if (found === undefined) throw new Error(`the content of ${message.id} is gone`);
        return found;
      };
      for (const errand of errandsOf(message, own, content)) {
        claimed += 1;
        start(errand, () => {
          claimed -= 1;
          if (woken) void claimMore();
        });
      }
    }
  }

  cancelPoll = clock.after(0, () => void claimMore());

  return {
    hasMemoryFor: (octets) => !draining && memoryOctets + octets <= options.settings().memoryOctets && files < OPEN_FILES_MAX,
    handOver({ message, recipients, content }) {
      const deliveries = recipients.map((recipient, recipientNumber): Delivery => {
        const domain = deliveryDomain(recipient.forwardPath);
        return { messageId: message.id, recipientNumber, recipient, domain, attempt: 1, delayReported: false };
      });
      memoryOctets += content.length;
      const errands = errandsOf(message, deliveries, async () => once(content));
      let left = errands.length;
      if (left === 0) memoryOctets -= content.length;
      for (const errand of errands) {
        const isFile = errand.route.type === 'files';
        if (isFile) files += 1;
        start(errand, () => {
          if (isFile) files -= 1;
          left -= 1;
          if (left === 0) memoryOctets -= content.length;
        });
      }
    },
    wake,
    identityChanged({ identityId, state }) {
      if (state === 'active') mayNotSend.delete(identityId);
      else mayNotSend.add(identityId);
    },
    async drain(deadlineMs) {
      draining = true;
      cancelPoll();
      const late = new Promise<void>((resolve) => clock.after(Math.max(0, deadlineMs - clock.now()), resolve));
      await Promise.race([Promise.all(running), late]);
      for (const pool of pools.values()) pool.close();
    },
    get stats() {
      const routesDown = [...pools.values()].filter(({ down }) => down).length;
      return { attempts: counts, repliesLost, memoryOctets, underWay: running.size, routesDown };
    },
  };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function summary(fates: readonly string[]): string {
  return fates.length === 1 ? (fates[0] ?? '') : `${fates.length}: ${[...new Set(fates)].join(', ')}`;
}

function brokeOff(error: unknown): Attempt {
  return { type: 'deferred', status: '4.3.0', diagnostic: error instanceof Error ? error.message : String(error) };
}
