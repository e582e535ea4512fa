// What a scrape shows (Prometheus): the counts of all fronts added up, the queue, the store, and the process itself. Nothing personal. Names go by
// Prometheus' conventions, and what can be counted is there from the start, at 0: a rate needs a first value.

import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import { ACCEPT_SECONDS, added, DELIVERY_SECONDS } from '../observe/tally.ts';
import { replies } from '../protocol/wire/reply-registry.ts';
import type { ClusterLook } from '../server/cluster.ts';
import type { FaceFigures } from '../server/face.ts';
import type { FrontAnswers } from '../server/plan.ts';
import { isReady, type ReadyLook } from '../server/readiness.ts';
import type { StoreFigures } from '../server/store-body.ts';
import type { ThreadKind } from '../server/thread.ts';
import type { QueueTotals } from '../store/lookups.ts';
import { setBy, setTo } from './counter-set.ts';
import { faceGaugesOn } from './face-metrics.ts';
import { histogramText } from './histogram-text.ts';
import { storeCountersOn } from './store-metrics.ts';

export interface Figures {
  readonly fronts: readonly FrontAnswers['figures'][];
  /** Undefined, like what is in the queue: the thread that knows is being started again. */
  readonly store: StoreFigures | undefined;
  readonly queue: QueueTotals | undefined;
  readonly certificate: { readonly leftMs: number; readonly share: number } | undefined;
  readonly ready: readonly ReadyLook[];
  readonly threadDeaths: Readonly<Record<ThreadKind, number>>;
  /** Undefined: there is no console. */
  readonly face: FaceFigures | undefined;
  /** Undefined: the store is this server's own, or it can't be asked. */
  readonly cluster: ClusterLook | undefined;
  readonly logDropped: number;
  /** Wall clock against monotonic clock since the start, ms: a jump is seen here. */
  readonly clockOffsetMs: number;
  readonly now: number;
}

export interface MetricsPage {
  readonly contentType: string;
  render(figures: Figures): Promise<string>;
}

export function createMetricsPage(): MetricsPage {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  // Gauges with the names of counters: they repeat what others say by type.
  for (const kind of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${kind}_total`);
  const setCounters = countersOn(registry);
  const setGauges = gaugesOn(registry);
  const setFace = faceGaugesOn(registry);
  const counted = createCounted();
  return {
    contentType: registry.contentType,
    async render(figures) {
      const totals = counted.of(figures.fronts);
      setCounters(totals, figures);
      setGauges(figures);
      setFace(figures.face);
      const { accepted, deliveryTimes } = totals;
      return [
        await registry.metrics(),
        histogramText({
          name: 'postern_accept_duration_seconds',
          help: 'From MAIL to the 250 of its message',
          ...{ bounds: ACCEPT_SECONDS, times: accepted.times },
        }),
        histogramText({
          name: 'postern_delivery_duration_seconds',
          help: 'From the 250 of a message to its delivery, for each recipient',
          ...{ bounds: DELIVERY_SECONDS, times: deliveryTimes },
        }),
      ].join('');
    },
  };
}

/** Without a limit Prometheus reads `+Inf`. */
export function maxOf({ queuedMessagesMax: max }: StoreFigures): number {
  return max === 'none' ? Infinity : max;
}

type Front = FrontAnswers['figures'];

type Totals = ReturnType<typeof countsOf>;

/** Counts that only grow while a front lives. */
function countsOf({ counts, recordsLost, relay }: Front) {
  const { attempts, repliesLost, leasesLost, deliveryTimes } = relay;
  return { ...counts, ...{ attempts, repliesLost, leasesLost, recordsLost, deliveryTimes } };
}

const none = (length: number): number[] => Array.from({ length: length + 1 }, () => 0);
const zeros = <T extends string>(names: readonly T[]): Readonly<Record<T, number>> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<T, number>;

const outcomes = zeros(['authOk', 'authFailed', 'authTemporary']);

const NOTHING: Totals = {
  connections: zeros(['submission', 'mx']),
  tls: zeros(['TLSv1.2', 'TLSv1.3']),
  authentications: { PLAIN: outcomes, LOGIN: outcomes },
  refusals: zeros(Object.entries(replies).flatMap(([name, { code }]) => (code >= 400 ? [name] : []))),
  unnamed: 0,
  accepted: { messages: 0, octets: 0, times: { counts: none(ACCEPT_SECONDS.length), seconds: 0 } },
  attempts: zeros(['delivered', 'relayed', 'deferred', 'failed', 'expired']),
  ...{ repliesLost: 0, leasesLost: 0, recordsLost: 0 },
  deliveryTimes: { counts: none(DELIVERY_SECONDS.length), seconds: 0 },
};

/** Counters never fall: the last known counts of a front stay after its death. */
function createCounted(): { of(fronts: readonly Front[]): Totals } {
  let ofTheDead = NOTHING;
  let seen = new Map<string, Totals>();
  return {
    of(fronts) {
      const now = new Map(fronts.map((front) => [front.owner, countsOf(front)]));
      for (const [owner, counts] of seen) if (!now.has(owner)) ofTheDead = added(ofTheDead, counts);
      seen = now;
      return [...now.values()].reduce(added, ofTheDead);
    },
  };
}

function countersOn(registry: Registry): (totals: Totals, figures: Figures) => void {
  const counter = <T extends string>(name: string, help: string, labelNames: readonly T[] = []) =>
    new Counter({ name: `postern_${name}_total`, help, labelNames, registers: [registry] });
  const connections = counter('connections', 'Connections by role of the listener', ['role']);
  const tls = counter('tls_handshakes', 'TLS handshakes by version', ['version']);
  const authentications = counter('authentications', 'AUTH by mechanism and name of the reply', [
    'mechanism',
    'outcome',
  ]);
  const refusals = counter('refusals', 'Refusals but those of AUTH, by name of the reply', ['reply']);
  const unnamed = counter(
    'proxy_headers_failed',
    'Connections from a proxy that were closed because it did not say whose they are',
  );
  const messages = counter('accepted_messages', 'Messages that were answered 250');
  const bytes = counter('accepted_bytes', 'Their size, with the header as it is sent on');
  const attempts = counter('delivery_attempts', 'Recipients of delivery attempts by outcome', ['outcome']);
  const repliesLost = counter(
    'delivery_replies_lost',
    'Attempts whose final reply was lost: these may be delivered twice',
  );
  const fenced = counter(
    'fenced',
    'Attempts that ended when their lease was no longer ours: these may be delivered twice',
  );
  const setStore = storeCountersOn(registry);
  const deaths = counter('thread_deaths', 'Threads that died and were started again, by kind', ['thread']);
  const refusedTokens = counter('api_refused_tokens', 'Requests to the API whose token was refused');
  const recordsLost = counter('records_lost', 'Refusal records that could not be written');
  const linesDropped = counter('log_lines_dropped', 'Log lines dropped because standard output was blocked');
  return (totals, { store, threadDeaths, logDropped, face }) => {
    setBy(connections, 'role', totals.connections);
    setBy(tls, 'version', totals.tls);
    authentications.reset();
    for (const [mechanism, counts] of Object.entries(totals.authentications))
      for (const [outcome, count] of Object.entries(counts))
        authentications.inc({ mechanism, outcome }, count);
    setBy(refusals, 'reply', totals.refusals);
    setTo(unnamed, totals.unnamed);
    setTo(messages, totals.accepted.messages);
    setTo(bytes, totals.accepted.octets);
    setBy(attempts, 'outcome', totals.attempts);
    setTo(repliesLost, totals.repliesLost);
    setTo(fenced, totals.leasesLost);
    if (store !== undefined) setStore(store);
    setBy(deaths, 'thread', threadDeaths);
    setTo(refusedTokens, face?.refusedTokens ?? 0);
    setTo(recordsLost, totals.recordsLost);
    setTo(linesDropped, logDropped);
  };
}

/** A node that has just begun anew has two lives for a moment. */
function aliveIn({ nodes }: ClusterLook): number {
  return new Set(nodes.filter(({ state }) => state === 'alive').map(({ node }) => node)).size;
}

function gaugesOn(registry: Registry): (figures: Figures) => void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name: `postern_${name}`, help, registers: [registry] });
  const ready = gauge('ready', '1: new connections should come here (/readyz)');
  const met = new Gauge({
    ...{ name: 'postern_ready_condition', help: '1: this condition of it is met' },
    ...{ labelNames: ['condition'], registers: [registry] },
  });
  const open = gauge('connections_open', 'Connections open now');
  const messages = gauge('queue_messages', 'Messages in the queue');
  const messagesMax = gauge(
    'queue_messages_max',
    'As many messages may be in the queue (limits.queuedMessages)',
  );
  const deliveries = gauge('queue_deliveries', 'Recipients in the queue');
  const held = gauge('queue_held_deliveries', 'Those of them that are held');
  const age = gauge('queue_oldest_seconds', 'Age of the oldest message in the queue');
  const routesDown = gauge('routes_down', 'Next hops that take no mail now');
  const free = gauge(
    'store_free_bytes',
    'Free space where the store is; NaN where that is no disk of this machine',
  );
  const floor = gauge(
    'store_free_floor_bytes',
    'With less free space nothing is accepted (limits.freeSpace); NaN where that is no disk of this machine',
  );
  const full = gauge('store_full', '1: below the free-space floor, nothing is accepted');
  const relayMemory = gauge('relay_memory_bytes', 'Accepted messages held in memory for the relay');
  const incoming = gauge('incoming_memory_bytes', 'Messages on their way in, held in memory');
  const left = gauge(
    'certificate_remaining_seconds',
    'Time until the first certificate expires; NaN without one',
  );
  const share = gauge(
    'certificate_remaining_ratio',
    'The smallest part of the lifetime that a certificate has left, 0 to 1; NaN without one',
  );
  const nodes = gauge(
    'cluster_nodes',
    'Nodes that hold their lease, as this one sees it; NaN where the store is its own',
  );
  const differs = gauge(
    'cluster_config_differs',
    'Keys of the configuration that nodes do not have alike; NaN where the store is its own',
  );
  const clock = gauge('clock_offset_seconds', 'Jump of the wall clock since the start');
  return ({ fronts, store, queue, certificate, ready: looks, cluster, clockOffsetMs, now }) => {
    const sum = (value: (front: Front) => number): number =>
      fronts.reduce((total, front) => total + value(front), 0);
    ready.set(Number(isReady(looks)));
    for (const { name, because } of looks) met.set({ condition: name }, Number(because === undefined));
    open.set(sum(({ connections }) => connections));
    messages.set(queue?.messages ?? NaN);
    messagesMax.set(store === undefined ? NaN : maxOf(store));
    deliveries.set(queue?.deliveries ?? NaN);
    held.set(queue?.held ?? NaN);
    age.set(queue === undefined ? NaN : Math.max(0, now - (queue.oldestAcceptedAt ?? now)) / 1000);
    routesDown.set(Math.max(0, ...fronts.map(({ relay }) => relay.downRoutes.length)));
    free.set(store?.freeOctets ?? NaN);
    floor.set(store?.floorOctets ?? NaN);
    full.set(store === undefined ? NaN : Number(store.full));
    relayMemory.set(sum(({ relay }) => relay.memoryOctets));
    incoming.set(sum(({ incomingOctets }) => incomingOctets));
    left.set(certificate === undefined ? NaN : certificate.leftMs / 1000);
    share.set(certificate?.share ?? NaN);
    nodes.set(cluster === undefined ? NaN : aliveIn(cluster));
    differs.set(cluster?.differences.length ?? NaN);
    clock.set(clockOffsetMs / 1000);
  };
}
