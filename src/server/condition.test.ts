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
import { createCondition } from './condition.ts';

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
  readonly needsRestart?: readonly string[];
  readonly cluster?: ClusterLook;
}

function conditionIn({
  down = [[], []],
  learned = [],
  heldReports = 0,
  descriptors,
  needsRestart = [],
  cluster,
}: Situation) {
  return createCondition({
    supervisor: {
      storeFigures: () => Promise.reject(new Error('not asked for')),
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
      missing: () => [],
      lookups: {
        queueCount: ({ from }) => Promise.resolve(from === '' ? heldReports : 9),
        queueTotals: () => Promise.reject(new Error('not asked for')),
      },
    },
    cluster: cluster && { look: () => Promise.resolve(cluster) },
    readiness: { look: () => Promise.resolve([]) },
    sink: { dropped: 0 },
    inForce: { loaded, plan, problems: [], needsRestart },
    descriptorTrouble: () => descriptors,
  });
}

const healthIn = (situation: Situation) => conditionIn(situation).health();

test('metrics are there while no thread knows the store: what is not known is NaN', async () => {
  const page = await conditionIn({}).metrics();
  assert.match(page, /^postern_connections_open 0$/m);
  assert.match(page, /^postern_queue_messages NaN$/im);
  assert.match(page, /^postern_store_full NaN$/im);
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
