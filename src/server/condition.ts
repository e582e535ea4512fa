// How a running server is: its health and its metrics, gathered from the threads.

import { linkText } from '../audit/chain.ts';
import { createMetricsPage, maxOf } from '../http/metrics.ts';
import type { Health } from '../http/private.ts';
import type { LogSink } from '../observe/log.ts';
import { systemClock as clock } from '../platform/clock.ts';
import { withDeadline } from '../platform/with-deadline.ts';
import type { LearnedLimits } from '../relay/carriers.ts';
import type { DownRoute } from '../relay/down-routes.ts';
import { differenceInWords } from './alike.ts';
import type { Cluster } from './cluster.ts';
import type { InForce } from './in-force.ts';
import { certificateTime, judgeCertificates } from './start-checks.ts';
import type { Readiness } from './readiness.ts';
import type { Supervisor } from './supervisor.ts';
import type { Lookups } from '../store/lookups.ts';

export interface ConditionOptions {
  readonly supervisor: Pick<Supervisor, 'storeFigures' | 'frontFigures' | 'missing'> & {
    readonly lookups: Pick<Lookups, 'queueCount' | 'queueTotals'>;
  };
  readonly sink: Pick<LogSink, 'dropped'>;
  readonly inForce: Pick<InForce, 'loaded' | 'plan' | 'problems' | 'needsRestart'>;
  readonly readiness: Pick<Readiness, 'look'>;
  /** Undefined: the store is this server's own. */
  readonly cluster: Pick<Cluster, 'look'> | undefined;
  /** Undefined: there are enough left. */
  descriptorTrouble(): string | undefined;
}

export interface Condition {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly contentType: string;
  health(): Promise<Health>;
  metrics(): Promise<string>;
}

export function createCondition(options: ConditionOptions): Condition {
  const { supervisor, sink, inForce, cluster } = options;
  const startedAt = { wall: clock.now(), monotonic: clock.monotonic() };
  const page = createMetricsPage();
  return {
    startedAt: startedAt.wall,
    contentType: page.contentType,
    async health() {
      // Without an answer the store thread is being started again, and is named as missing.
      const store = await inTime(supervisor.storeFigures());
      const figures = await supervisor.frontFigures();
      const heldReports = (await inTime(countHeldReports(supervisor.lookups))) ?? 0;
      const nodes = await cluster?.look();
      const { plan, loaded } = inForce;
      const certificates = judgeCertificates(plan.certificates, loaded.config, clock.now());
      return {
        ...(store && {
          queue: { messages: store.queued, limit: store.queuedMessagesMax },
          trail: { events: store.trail.sequence, lastLink: linkText(store.trail.link) },
        }),
        ...(nodes && { nodes: nodes.nodes, differences: nodes.differences }),
        problems: [
          ...inForce.problems.map((problem) => `configuration: ${problem}`),
          ...certificates.ill,
          ...(store?.full === true ? ['below the free-space floor: nothing is accepted'] : []),
          ...(store !== undefined && store.queued >= maxOf(store)
            ? [`${store.queued} messages in the queue, limits.queuedMessages is reached: new mail hears 452`]
            : []),
          ...supervisor.missing().map((name) => `the ${name} thread died and does not run again yet`),
          ...downHops(figures.flatMap(({ relay }) => relay.downRoutes)),
        ],
        warnings: [
          ...certificates.warnings,
          ...(inForce.needsRestart.length > 0
            ? [`changed in the configuration, and needs a restart: ${inForce.needsRestart.join(', ')}`]
            : []),
          ...[options.descriptorTrouble() ?? []].flat(),
          ...(nodes?.lasting ?? []).map(
            (one) => `nodes have been configured differently for ten minutes: ${differenceInWords(one)}`,
          ),
          ...(heldReports > 0
            ? [
                `${heldReports} reports (mail of the null sender) are held, their senders do not know: postern queue list --held`,
              ]
            : []),
        ],
        ...learnedOf(figures.flatMap(({ relay }) => relay.learned)),
      };
    },
    async metrics() {
      return page.render({
        fronts: await supervisor.frontFigures(),
        store: await inTime(supervisor.storeFigures()),
        queue: await inTime(supervisor.lookups.queueTotals()),
        certificate: certificateTime(inForce.plan.certificates, clock.now()),
        ready: await options.readiness.look(),
        cluster: await cluster?.look(),
        logDropped: sink.dropped,
        clockOffsetMs: clock.now() - startedAt.wall - (clock.monotonic() - startedAt.monotonic),
        now: clock.now(),
      });
    },
  };
}

/** Whoever asks how the server is hears it, whatever does not answer. */
const ANSWER_MS = 5_000;

function inTime<T>(answer: Promise<T>): Promise<T | undefined> {
  return withDeadline(clock, ANSWER_MS, answer).catch(() => undefined);
}

/** What the hops of each front were found to take. */
function learnedOf(learned: readonly LearnedLimits[]): { readonly learned?: readonly LearnedLimits[] } {
  return learned.length === 0 ? {} : { learned };
}

/** Each hop once, with the reply to the first front that met it. */
function downHops(routes: readonly DownRoute[]): readonly string[] {
  const first = new Map<string, DownRoute>();
  for (const route of routes.toSorted((one, other) => one.since - other.since))
    if (!first.has(route.route)) first.set(route.route, route);
  return [...first.values()].map(
    ({ route, diagnostic, since }) =>
      `the next hop ${route} is down since ${new Date(since).toISOString()}, its mail waits: ${diagnostic}`,
  );
}

/** Reports are the mail of the null sender that is held. Most often nothing is: that is known without counting. */
async function countHeldReports(lookups: Pick<Lookups, 'queueCount'>): Promise<number> {
  const held = await lookups.queueCount({ held: true });
  return held === 0 ? 0 : lookups.queueCount({ held: true, from: '' });
}
