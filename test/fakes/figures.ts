// What the threads of a server tell of themselves, for the page of metrics.

import type { Figures } from '../../src/http/metrics.ts';
import { createStopwatch, DELIVERY_SECONDS } from '../../src/observe/tally.ts';
import { createFrontMetrics, type FrontMetrics } from '../../src/server/front-metrics.ts';

const START = Date.UTC(2026, 10, 29);

interface Options {
  readonly owner?: string;
  readonly metrics?: FrontMetrics;
  readonly delivery?: readonly number[];
  readonly attempts?: Readonly<Record<string, number>>;
}

export function frontFigures({
  owner = 'a',
  metrics = createFrontMetrics(),
  delivery = [],
  attempts = {},
}: Options = {}) {
  const stopwatch = createStopwatch(DELIVERY_SECONDS);
  for (const ms of delivery) stopwatch.took(ms);
  return {
    ...{ owner, counts: metrics.counts, connections: 1, incomingOctets: 2, recordsLost: 3 },
    relay: {
      ...{
        attempts,
        repliesLost: 0,
        leasesLost: 0,
        deliveryTimes: stopwatch.times,
        memoryOctets: 4,
        underWay: 0,
      },
      ...{ downRoutes: [], learned: [] },
    },
  };
}

/** What a scrape is made of, each thing with a value. */
export function figures(fronts: Figures['fronts'], change: Partial<Figures> = {}): Figures {
  const store = {
    ...{ commits: 5, changes: 9, commitMs: 1500, roundTrips: 7, redone: { '22012': 1, '40P01': 2 } },
    ...{ freeOctets: 1e9, floorOctets: 5e8, full: false, queued: 2, unfit: undefined },
    sideWorks: { index: { failures: 3 } },
  };
  const trail = { chain: 1, sequence: 4, link: new Uint8Array(32) };
  return {
    ...{ fronts, store: { ...store, queuedMessagesMax: 'none' as const, trail, nearLimits: [] } },
    queue: { messages: 2, deliveries: 3, held: 1, oldestAcceptedAt: START - 60_000, byDomain: [] },
    face: {
      ...{ refusedTokens: 4, domains: { watched: 3, asked: 2, wrong: 1, unknown: 0 } },
      verified: { endedAt: START, isBroken: false },
    },
    ...{ cluster: undefined, threadDeaths: { front: 1, lookup: 0, store: 2, face: 0 } },
    ...{ certificate: { leftMs: 86_400_000, share: 0.5 }, logDropped: 0, clockOffsetMs: 0, now: START },
    ready: [
      { name: 'store', because: undefined },
      { name: 'space', because: 'none' },
    ],
    ...change,
  };
}
