// How a running server is: its health and its metrics, gathered from the threads.

import { linkText } from '../audit/chain.ts';
import { createMetricsPage, type Figures, maxOf } from '../http/metrics.ts';
import type { Health } from '../http/pages/health.ts';
import type { LogSink } from '../observe/log.ts';
import type { Clock } from '../platform/platform.ts';
import type { LearnedLimits } from '../relay/carriers.ts';
import { type DownRoute, eachOnce } from '../relay/down-routes.ts';
import { differenceInWords } from './alike.ts';
import type { Cluster } from './cluster.ts';
import type { FaceFigures } from './face.ts';
import type { InForce } from './in-force.ts';
import { certificateTime, judgeCertificates } from './start-checks.ts';
import type { Readiness } from './readiness.ts';
import type { Missing } from './restarts.ts';
import { createLook, type Looked } from './store-looks.ts';
import type { Supervisor } from './supervisor.ts';
import type { Lookups } from '../store/lookups.ts';
import { sideWorkInWords, type SideWorks, sideWorks } from '../store/side-work.ts';

export interface ConditionOptions {
  readonly clock: Clock;
  readonly supervisor: Pick<Supervisor, 'storeFigures' | 'frontFigures' | 'restarts'> & {
    readonly lookups: Pick<Lookups, 'queueCount' | 'queueTotals'>;
  };
  readonly sink: Pick<LogSink, 'dropped'>;
  readonly inForce: Pick<InForce, 'loaded' | 'plan' | 'problems' | 'needsRestart'>;
  readonly readiness: Pick<Readiness, 'look'>;
  /** Undefined: the store is this server's own. */
  readonly cluster: Pick<Cluster, 'look'> | undefined;
  /** Undefined: there are enough left. */
  descriptorTrouble(): string | undefined;
  /** The console's thread, undefined without one. Mail goes on without it. */
  face(): { readonly restarts: Restarts; readonly figures: FaceFigures } | undefined;
}

export interface Condition {
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly contentType: string;
  health(): Promise<Health>;
  metrics(): Promise<string>;
}

export function createCondition(options: ConditionOptions): Condition {
  const { clock, supervisor, sink, inForce, cluster } = options;
  const look = createLook(clock);
  const startedAt = { wall: clock.now(), monotonic: clock.monotonic() };
  const page = createMetricsPage();
  return {
    startedAt: startedAt.wall,
    contentType: page.contentType,
    async health() {
      const isOut = isStoreOut(supervisor);
      const [{ value: store }, figures, held, nodes] = await Promise.all([
        // Without an answer the store thread is being started again, and is named as missing.
        look('figures', () => supervisor.storeFigures()),
        supervisor.frontFigures(),
        isOut ? undefined : look('held', () => countHeldReports(supervisor.lookups)),
        isOut ? undefined : cluster?.look(),
      ]);
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
          ...[store?.unfit ?? []].flat().map((because) => `nothing is accepted: ${because}`),
          ...(store?.full === true ? ['below the free-space floor: nothing is accepted'] : []),
          ...(store !== undefined && store.queued >= maxOf(store)
            ? [`${store.queued} messages in the queue, limits.queuedMessages is reached: new mail hears 452`]
            : []),
          ...supervisor.restarts.missing.map(missingInWords),
          ...downHops(figures.flatMap(({ relay }) => relay.downRoutes)),
        ],
        warnings: [
          ...certificates.warnings,
          ...(inForce.needsRestart.length > 0
            ? [`changed in the configuration, and needs a restart: ${inForce.needsRestart.join(', ')}`]
            : []),
          ...[options.descriptorTrouble() ?? []].flat(),
          ...(options.face()?.restarts.missing ?? []).map(missingInWords),
          ...failingWorks(store?.sideWorks ?? {}),
          ...(nodes?.lasting ?? []).map(
            (one) => `nodes have been configured differently for ten minutes: ${differenceInWords(one)}`,
          ),
          ...heldInWords(held?.value ?? 0),
          ...silentInWords(held),
        ],
        ...learnedOf(figures.flatMap(({ relay }) => relay.learned)),
      };
    },
    async metrics() {
      const isOut = isStoreOut(supervisor);
      return page.render({
        fronts: await supervisor.frontFigures(),
        store: (await look('figures', () => supervisor.storeFigures())).value,
        queue: isOut ? undefined : (await look('totals', () => supervisor.lookups.queueTotals())).value,
        certificate: certificateTime(inForce.plan.certificates, clock.now()),
        ready: await options.readiness.look(),
        face: options.face()?.figures,
        threadDeaths: deathsIn(supervisor.restarts, options.face()?.restarts),
        cluster: isOut ? undefined : await cluster?.look(),
        logDropped: sink.dropped,
        clockOffsetMs: clock.now() - startedAt.wall - (clock.monotonic() - startedAt.monotonic),
        now: clock.now(),
      });
    },
  };
}

/** What stands in it would be asked for in vain, as long as a look-up may take. */
const isStoreOut = (supervisor: Pick<Supervisor, 'restarts'>): boolean =>
  supervisor.restarts.missing.some(({ name }) => name === 'store');

type Restarts = Supervisor['restarts'];

function deathsIn(mail: Restarts, face: Restarts | undefined): Figures['threadDeaths'] {
  return {
    ...{ front: mail.deathsOf('front'), lookup: mail.deathsOf('lookup') },
    ...{ store: mail.deathsOf('store'), face: face?.deathsOf('face') ?? 0 },
  };
}

const missingInWords = ({ name, because }: Missing): string =>
  `the ${name} thread died and does not run again yet: ${because}`;

const heldInWords = (reports: number): readonly string[] =>
  reports > 0
    ? [
        `${reports} reports (mail of the null sender) are held, their senders do not know: postern queue list --held`,
      ]
    : [];

const silentInWords = (look: Looked<unknown> | undefined): readonly string[] =>
  look?.because === undefined
    ? []
    : [`the store is slow, or can't be read: what stands in it is not known now: ${look.because}`];

/** What the hops of each front were found to take. */
function learnedOf(learned: readonly LearnedLimits[]): { readonly learned?: readonly LearnedLimits[] } {
  return learned.length === 0 ? {} : { learned };
}

function failingWorks(works: SideWorks): readonly string[] {
  return sideWorks.flatMap((work) => {
    const because = works[work]?.because;
    return because === undefined ? [] : `${sideWorkInWords[work]} fails, and is tried again: ${because}`;
  });
}

function downHops(routes: readonly DownRoute[]): readonly string[] {
  return eachOnce(routes).map(
    ({ route, diagnostic, since }) =>
      `the next hop ${route} is down since ${new Date(since).toISOString()}, its mail waits: ${diagnostic}`,
  );
}

/** Reports are the mail of the null sender that is held. Most often nothing is: that is known without counting. */
async function countHeldReports(lookups: Pick<Lookups, 'queueCount'>): Promise<number> {
  const held = await lookups.queueCount({ held: true });
  return held === 0 ? 0 : lookups.queueCount({ held: true, from: '' });
}
