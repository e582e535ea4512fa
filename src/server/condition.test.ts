// What /health and `postern status` say of a server that is not well.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../config/load.ts';
import type { LearnedLimits } from '../relay/carriers.ts';
import type { DownRoute } from '../relay/down-routes.ts';
import { planOf } from './plan-of-config.ts';
import { createFrontMetrics } from './front-metrics.ts';
import { createStopwatch } from '../observe/tally.ts';
import type { ClusterLook } from './cluster.ts';
import type { StoreFigures } from './store-body.ts';
import { createCondition } from './condition.ts';
import { LOOK_MS } from './store-looks.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { turns } from '../../test/fakes/front.ts';
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/platform.ts';

const config = parseConfig(
  "hostname: msa.example.org\ndomains: [example.org]\nlisteners: [{ port: 25, role: mx, tls: none }]\nrelay: { smarthost: 'smtp://mta:25' }",
  'x',
);
const loaded = { config, path: (name: string) => name, directory: '/', file: 'x' };
const plan = planOf(loaded, { environment: {}, fronts: 2, ticketKeys: new Uint8Array(48) });
const SINCE = Date.UTC(2026, 0, 2, 3, 4, 5);

interface Situation {
  /** Of each front. */
  readonly down?: readonly (readonly DownRoute[])[];
  readonly learned?: readonly LearnedLimits[];
  readonly heldReports?: number;
  readonly descriptors?: string;
  /** Why the console does not run. */
  readonly faceOut?: string;
  readonly needsRestart?: readonly string[];
  /** Why the store thread does not run; what stands in the store is never answered then. */
  readonly out?: string;
  readonly cluster?: ClusterLook;
  readonly store?: Partial<StoreFigures>;
  /** What stands in the store is not answered. */
  readonly slow?: true;
  readonly clock?: Clock;
}

const storeFigures: StoreFigures = {
  ...{ commits: 0, changes: 0, commitMs: 0, roundTrips: 0, redone: {}, sideWorks: {}, unfit: undefined },
  ...{ freeOctets: undefined, floorOctets: undefined, full: false, queued: 0, queuedMessagesMax: 'none' },
  trail: { chain: 1, sequence: 0, link: new Uint8Array(32) },
  nearLimits: [],
};

function conditionIn({
  down = [[], []],
  learned = [],
  heldReports = 0,
  descriptors,
  faceOut,
  needsRestart = [],
  cluster,
  store,
  out,
  slow,
  clock = systemClock,
}: Situation) {
  return createCondition({
    clock,
    supervisor: {
      storeFigures: () =>
        store === undefined
          ? Promise.reject(new Error('not asked for'))
          : Promise.resolve({ ...storeFigures, ...store }),
      frontFigures: () =>
        Promise.resolve(
          down.map((downRoutes, at) => ({
            ...{ owner: String(at), counts: createFrontMetrics().counts, connections: 0 },
            ...{ incomingOctets: 0, recordsLost: 0 },
            relay: {
              ...{ attempts: {}, repliesLost: 0, leasesLost: 0, deliveryTimes: createStopwatch([1]).times },
              ...{ memoryOctets: 0, underWay: 0, downRoutes, learned },
            },
          })),
        ),
      restarts: {
        missing: out === undefined ? [] : [{ name: 'store', because: out }],
        deathsOf: (kind) => (kind === 'lookup' ? 2 : 0),
      },
      lookups: {
        queueCount: ({ from }) =>
          out === undefined && slow === undefined
            ? Promise.resolve(from === '' ? heldReports : 9)
            : new Promise(() => undefined),
        queueTotals: () => Promise.reject(new Error('not asked for')),
      },
    },
    cluster: cluster && {
      look: () => (out === undefined ? Promise.resolve(cluster) : new Promise(() => undefined)),
    },
    readiness: { look: () => Promise.resolve([]) },
    sink: { dropped: 0 },
    inForce: { loaded, plan, problems: [], needsRestart },
    descriptorTrouble: () => descriptors,
    face: () => ({
      figures: { refusedTokens: 0 },
      restarts: {
        missing: faceOut === undefined ? [] : [{ name: 'face', because: faceOut }],
        deathsOf: () => 3,
      },
    }),
  });
}

const healthIn = (situation: Situation) => conditionIn(situation).health();

test('metrics are there while no thread knows the store: what is not known is NaN', async () => {
  const page = await conditionIn({}).metrics();
  assert.match(page, /^postern_connections_open 0$/m);
  assert.match(page, /^postern_queue_messages NaN$/im);
  assert.match(page, /^postern_store_full NaN$/im);
  assert.match(page, /^postern_thread_deaths_total\{thread="lookup"\} 2$/m);
  assert.match(page, /^postern_thread_deaths_total\{thread="face"\} 3$/m);
});

test('nodes and what they do not have alike show at once; that it lasts is a warning, and no problem', async () => {
  const limits = { subject: 'limits', groups: [['a'], ['b']] };
  const life = { incarnation: '1', leaseLeftMs: 1000 };
  const nodes = [
    { ...life, node: 'a', state: 'alive' as const, isThis: true as const },
    { ...life, incarnation: '0', node: 'a', state: 'alive' as const },
    { ...life, node: 'b', state: 'gone' as const },
  ];
  const cluster = { nodes, differences: [limits], lasting: [] };
  const health = await healthIn({ cluster });
  assert.deepEqual(
    { nodes: health.nodes, differences: health.differences, warnings: health.warnings },
    { nodes, differences: [limits], warnings: [] },
  );
  const { warnings, problems } = await healthIn({ cluster: { ...cluster, lasting: [limits] } });
  assert.deepEqual(problems, []);
  assert.deepEqual(warnings, ['nodes have been configured differently for ten minutes: limits: a / b']);
  const page = await conditionIn({ cluster }).metrics();
  assert.match(page, /^postern_cluster_nodes 1$/m);
  assert.match(page, /^postern_cluster_config_differs 1$/m);
  assert.match(await conditionIn({}).metrics(), /^postern_cluster_nodes NaN$/im);
});

test('work beside mail that fails is a warning while it does; a store that could not keep mail is a problem', async () => {
  const failing = await healthIn({
    store: { sideWorks: { index: { failures: 2, because: 'no such column' }, sweep: { failures: 1 } } },
  });
  assert.deepEqual(failing.problems, []);
  assert.deepEqual(failing.warnings, [
    'the look-up index of the trail fails, and is tried again: no such column',
  ]);
  const unfit = await healthIn({ store: { unfit: 'fsync is off' } });
  assert.deepEqual([unfit.problems, unfit.warnings], [['nothing is accepted: fsync is off'], []]);
});

test('a store that is out is named with its last cause, and nobody waits for what stands in it', async () => {
  const out = 'no PostgreSQL that takes writes: db1:5432: nobody listens there';
  const cluster = { nodes: [], differences: [], lasting: [] };
  const { problems } = await healthIn({ out, cluster });
  assert.deepEqual(problems, [`the store thread died and does not run again yet: ${out}`]);
  assert.match(await conditionIn({ out, cluster }).metrics(), /^postern_queue_messages NaN$/im);
});

test('a store that answers no look-up is a warning, and everything else is said in time', async () => {
  const clock = virtualClock(SINCE);
  const health = conditionIn({ slow: true, clock, store: { queued: 3 } }).health();
  await turns();
  clock.advance(LOOK_MS);
  const { problems, warnings, queue } = await health;
  assert.deepEqual([problems, queue?.messages], [[], 3]);
  assert.deepEqual(warnings, [
    "the store is slow, or can't be read: what stands in it is not known now: no answer in time",
  ]);
});

test('a server that is well says nothing', async () => {
  const { problems, warnings, learned } = await healthIn({});
  assert.deepEqual({ problems, warnings, learned }, { problems: [], warnings: [], learned: undefined });
});

test('E-Q-8: a next hop that is down is named once, with what the first front heard and since when', async () => {
  const route = 'smtp mta:25';
  const { problems } = await healthIn({
    down: [
      [{ route, diagnostic: 'connect ECONNREFUSED', since: SINCE + 1000 }],
      [{ route, diagnostic: '421 4.3.2 closing', since: SINCE }],
    ],
  });
  assert.deepEqual(problems, [
    'the next hop smtp mta:25 is down since 2026-01-02T03:04:05.000Z, its mail waits: 421 4.3.2 closing',
  ]);
});

test('E-D-5: reports that are held are a warning that says how to see them', async () => {
  const { problems, warnings } = await healthIn({ heldReports: 3 });
  assert.deepEqual(problems, []);
  assert.deepEqual(warnings, [
    '3 reports (mail of the null sender) are held, their senders do not know: postern queue list --held',
  ]);
});

test('F-DOS-2/3: few descriptors left are a warning', async () => {
  const { problems, warnings } = await healthIn({ descriptors: '950 of 1024 files and sockets are open' });
  assert.deepEqual([problems, warnings], [[], ['950 of 1024 files and sockets are open']]);
});

test('5321-aj: what was reloaded and waits for a restart is a warning', async () => {
  const { problems, warnings } = await healthIn({ needsRestart: ['listeners', 'web'] });
  assert.deepEqual(
    [problems, warnings],
    [[], ['changed in the configuration, and needs a restart: listeners, web']],
  );
});

test('a console that does not run is a warning: mail goes on without it', async () => {
  const { problems, warnings } = await healthIn({ faceOut: 'out of memory' });
  assert.deepEqual(
    [problems, warnings],
    [[], ['the face thread died and does not run again yet: out of memory']],
  );
});
