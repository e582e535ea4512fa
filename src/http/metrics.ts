// What a scrape shows (Prometheus): the counts of all fronts added up, the queue, the store, and the process itself. Nothing personal.

import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { FrontAnswers } from '../server/plan.ts';
import type { StoreFigures } from '../server/store-thread.ts';
import type { QueueTotals } from '../store/lookups.ts';

export interface Figures {
  readonly fronts: readonly FrontAnswers['figures'][];
  readonly store: StoreFigures;
  readonly queue: QueueTotals;
  readonly certificate: { readonly days: number; readonly share: number } | undefined;
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
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name: `postern_${name}`, help, labelNames, registers: [registry] });
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name: `postern_${name}`, help, labelNames, registers: [registry] });

  const labelled = {
    connections: counter('connections_total', 'Connections by role of the listener', ['role']),
    tls: counter('tls_handshakes_total', 'TLS handshakes by version', ['version']),
    authentications: counter('authentications_total', 'AUTH by mechanism and outcome', ['outcome']),
    refusals: counter('refusals_total', 'Refusals by name of the reply', ['reply']),
    accepted: counter('accepted_total', 'Messages accepted, and their declared octets', ['what']),
    attempts: counter('delivery_attempts_total', 'Recipients of delivery attempts by outcome', ['outcome']),
  };
  const repliesLost = counter(
    'delivery_replies_lost_total',
    'Attempts whose final reply was lost: these may be delivered twice',
  );
  const commits = counter('store_commits_total', 'Transactions of the store, one fsync each');
  const changes = counter('store_changes_total', 'Changes in those transactions');
  const commitSeconds = counter('store_commit_seconds_total', 'Time spent in them');
  const gauges = {
    open: gauge('connections_open', 'Connections open now'),
    messages: gauge('queue_messages', 'Messages in the queue'),
    messagesMax: gauge('queue_messages_max', 'As many messages may be in the queue (limits.queuedMessages)'),
    deliveries: gauge('queue_deliveries', 'Recipients in the queue'),
    held: gauge('queue_held', 'Recipients held'),
    age: gauge('queue_oldest_seconds', 'Age of the oldest message in the queue'),
    routesDown: gauge('routes_down', 'Next hops that take no mail now'),
    routesLimited: gauge(
      'routes_limited',
      'Next hops that take fewer connections, or messages over one, than allowed',
    ),
    free: gauge('store_free_octets', 'Free space where the data directory is'),
    full: gauge('store_full', '1: below the free-space floor, nothing is accepted'),
    relayMemory: gauge('relay_memory_octets', 'Accepted messages held in memory for the relay'),
    incoming: gauge('incoming_memory_octets', 'Messages on their way in, held in memory'),
    certificate: gauge('certificate_days', 'Days until the first certificate expires'),
    certificateShare: gauge(
      'certificate_remaining_ratio',
      'The smallest part of the lifetime that a certificate has left, 0 to 1',
    ),
    clock: gauge('clock_offset_seconds', 'Jump of the wall clock since the start'),
    recordsLost: gauge('records_lost', 'Refusal records that could not be written'),
    logDropped: gauge('log_lines_dropped', 'Log lines dropped because standard output was blocked'),
  };

  function set(of: Counter, value: number): void {
    of.reset();
    of.inc(value);
  }

  function setLabelled(of: Counter, label: string, values: Readonly<Record<string, number>>): void {
    of.reset();
    for (const [key, value] of Object.entries(values)) of.inc({ [label]: key }, value);
  }

  return {
    contentType: registry.contentType,
    render(figures) {
      const { fronts, store, queue, now } = figures;
      setLabelled(
        labelled.connections,
        'role',
        added(fronts, ({ counts }) => counts['connections']),
      );
      setLabelled(
        labelled.tls,
        'version',
        added(fronts, ({ counts }) => counts['tls']),
      );
      setLabelled(
        labelled.authentications,
        'outcome',
        added(fronts, ({ counts }) => counts['authentications']),
      );
      setLabelled(
        labelled.refusals,
        'reply',
        added(fronts, ({ counts }) => counts['refusals']),
      );
      setLabelled(
        labelled.accepted,
        'what',
        added(fronts, ({ counts }) => counts['accepted']),
      );
      setLabelled(
        labelled.attempts,
        'outcome',
        added(fronts, ({ relay }) => relay.attempts),
      );
      set(
        repliesLost,
        sum(fronts, ({ relay }) => relay.repliesLost),
      );
      set(commits, store.commits);
      set(changes, store.changes);
      set(commitSeconds, store.commitMs / 1000);
      gauges.open.set(sum(fronts, ({ connections }) => connections));
      gauges.messages.set(queue.messages);
      gauges.messagesMax.set(maxOf(store));
      gauges.deliveries.set(queue.deliveries);
      gauges.held.set(queue.held);
      gauges.age.set(
        queue.oldestAcceptedAt === undefined ? 0 : Math.max(0, now - queue.oldestAcceptedAt) / 1000,
      );
      gauges.routesDown.set(Math.max(0, ...fronts.map(({ relay }) => relay.downRoutes.length)));
      gauges.routesLimited.set(Math.max(0, ...fronts.map(({ relay }) => relay.learned.length)));
      gauges.free.set(store.freeOctets);
      gauges.full.set(store.full ? 1 : 0);
      gauges.relayMemory.set(sum(fronts, ({ relay }) => relay.memoryOctets));
      gauges.incoming.set(sum(fronts, ({ incomingOctets }) => incomingOctets));
      if (figures.certificate !== undefined) {
        gauges.certificate.set(figures.certificate.days);
        gauges.certificateShare.set(figures.certificate.share);
      }
      gauges.clock.set(figures.clockOffsetMs / 1000);
      gauges.recordsLost.set(sum(fronts, ({ recordsLost }) => recordsLost));
      gauges.logDropped.set(figures.logDropped);
      return registry.metrics();
    },
  };
}

/** Without a limit Prometheus reads `+Inf`. */
export function maxOf({ queuedMessagesMax: max }: StoreFigures): number {
  return max === 'none' ? Infinity : max;
}

type Front = FrontAnswers['figures'];

function sum(fronts: readonly Front[], value: (front: Front) => number): number {
  return fronts.reduce((total, front) => total + value(front), 0);
}

function added(
  fronts: readonly Front[],
  values: (front: Front) => Readonly<Record<string, number>> | undefined,
): Record<string, number> {
  const total: Record<string, number> = {};
  for (const front of fronts) {
    for (const [key, value] of Object.entries(values(front) ?? {})) total[key] = (total[key] ?? 0) + value;
  }
  return total;
}
