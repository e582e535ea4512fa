// The alerts in `packaging/prometheus`, by Prometheus' own promtool: each is silent while all is well and fires when it should; and the board's expressions are PromQL.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse, stringify } from 'yaml';

const PROMTOOL = '/opt/postern-test/prometheus/usr/bin/promtool';
const skip = existsSync(PROMTOOL)
  ? false
  : 'not installed: promtool (scripts/install-system-packages.sh installs it)';
const HOME = join(import.meta.dirname, '../..');
const RULES = join(HOME, 'packaging/prometheus/postern.rules.yaml');
const place = mkdtempSync(join(tmpdir(), 'postern-alerts-'));
after(() => rmSync(place, { recursive: true, force: true }));

function promtool(...args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(status, 0, stdout + stderr);
}

/** Values of series a minute apart, as promtool writes them: `0+5x180` begins at 0 and grows by 5, 180 times. */
type Series = Readonly<Record<string, string>>;

/** A word that is no number can't be multiplied there. */
const words = (word: 'NaN' | 'Inf', times = 181): string => `${word} `.repeat(times).trim();

const GIB = 1_073_741_824;
/** Minutes. */
const ALL = '180';

const well: Series = {
  up: `1x${ALL}`,
  process_start_time_seconds: `1000x${ALL}`,
  process_open_fds: `100x${ALL}`,
  process_max_fds: `65536x${ALL}`,
  'postern_ready_condition{condition="store"}': `1x${ALL}`,
  'postern_ready_condition{condition="staying"}': `0x${ALL}`,
  'postern_thread_deaths_total{thread="front"}': `0x${ALL}`,
  postern_queue_oldest_seconds: `60x${ALL}`,
  postern_queue_messages: `10x${ALL}`,
  postern_queue_messages_max: `2000x${ALL}`,
  postern_routes_down: `0x${ALL}`,
  'postern_delivery_attempts_total{outcome="relayed"}': `0+60x${ALL}`,
  'postern_delivery_attempts_total{outcome="failed"}': `0+2x${ALL}`,
  'postern_delivery_attempts_total{outcome="expired"}': `0x${ALL}`,
  'postern_delivery_attempts_total{outcome="deferred"}': `0+5x${ALL}`,
  postern_fenced_total: `0x${ALL}`,
  postern_delivery_replies_lost_total: `0x${ALL}`,
  postern_store_full: `0x${ALL}`,
  postern_store_free_bytes: `${50 * GIB}x${ALL}`,
  postern_store_free_floor_bytes: `${5 * GIB}x${ALL}`,
  postern_certificate_remaining_ratio: `0.5x${ALL}`,
  postern_certificate_remaining_seconds: `${45 * 86_400}x${ALL}`,
  postern_store_commit_seconds_total: `0+0.3x${ALL}`,
  postern_store_commits_total: `0+60x${ALL}`,
  'postern_store_side_work_failures_total{work="index"}': `0x${ALL}`,
  postern_records_lost_total: `0x${ALL}`,
  postern_log_lines_dropped_total: `0x${ALL}`,
  'postern_authentications_total{mechanism="PLAIN",outcome="authFailed"}': `0+3x${ALL}`,
  'postern_refusals_total{reply="tooManyConnections"}': `0x${ALL}`,
  postern_proxy_headers_failed_total: `0x${ALL}`,
  'postern_accept_duration_seconds_bucket{le="1"}': `0+60x${ALL}`,
  'postern_accept_duration_seconds_bucket{le="5"}': `0+60x${ALL}`,
  'postern_accept_duration_seconds_bucket{le="+Inf"}': `0+60x${ALL}`,
  'postern_delivery_duration_seconds_bucket{le="300"}': `0+60x${ALL}`,
  'postern_delivery_duration_seconds_bucket{le="3600"}': `0+60x${ALL}`,
  'postern_delivery_duration_seconds_bucket{le="+Inf"}': `0+60x${ALL}`,
  postern_clock_offset_seconds: `0x${ALL}`,
  postern_domains_dns_wrong: `0x${ALL}`,
  postern_trail_broken: `0x${ALL}`,
  // The clock of these servers begins at 0.
  postern_trail_verified_timestamp_seconds: `${-30 * 86_400}x${ALL}`,
  postern_cluster_nodes: `3x${ALL}`,
  postern_cluster_config_differs: `0x${ALL}`,
};

/** What is otherwise, and which alerts that brings after three hours. */
const cases: readonly (readonly [string, Series, readonly string[]])[] = [
  ['all is well', {}, []],
  ['a server stops for good', { 'postern_ready_condition{condition="staying"}': `0x${ALL}` }, []],
  [
    'it has no disk and no nodes',
    nothing(
      'postern_store_free_bytes',
      'postern_store_free_floor_bytes',
      'postern_cluster_nodes',
      'postern_cluster_config_differs',
    ),
    [],
  ],
  ['without a limit of the queue', { postern_queue_messages_max: words('Inf') }, []],
  ['down', { up: `1x170 0x10` }, ['PosternDown']],
  ['down for a minute', { up: `1x179 0x1` }, []],
  ['not ready', { 'postern_ready_condition{condition="store"}': '1x170 0x10' }, ['PosternNotReady']],
  ['started often', { process_start_time_seconds: '1000x170 2000x2 3000x2 4000x3' }, ['PosternRestarts']],
  ['started once', { process_start_time_seconds: '1000x170 2000x10' }, []],
  ['a thread', { 'postern_thread_deaths_total{thread="front"}': '0x170 1x10' }, ['PosternThreadDied']],
  ['an old queue', { postern_queue_oldest_seconds: '0+60x180' }, ['PosternQueueOld']],
  ['a full queue', { postern_queue_messages: '0+10x180' }, ['PosternQueueNearLimit']],
  ['a hop', { postern_routes_down: '0x170 1x10' }, ['PosternHopDown']],
  ['failures', { 'postern_delivery_attempts_total{outcome="failed"}': '0+30x180' }, ['PosternManyFail']],
  [
    'few of few',
    {
      'postern_delivery_attempts_total{outcome="failed"}': '0x160 0+1x20',
      'postern_delivery_attempts_total{outcome="relayed"}': `0x${ALL}`,
    },
    [],
  ],
  ['a lease', { postern_fenced_total: '0x150 1x30' }, ['PosternMaybeTwice']],
  ['some replies', { postern_delivery_replies_lost_total: '0x150 3x30' }, []],
  ['many replies', { postern_delivery_replies_lost_total: '0+1x180' }, ['PosternMaybeTwice']],
  ['a full disk', { postern_store_full: '0x170 1x10' }, ['PosternDiskFull']],
  ['little space', { postern_store_free_bytes: `${6 * GIB}x180` }, ['PosternDiskNearFloor']],
  ['space that goes', { postern_store_free_bytes: `${50 * GIB}-${GIB / 16}x180` }, ['PosternDiskNearFloor']],
  [
    'an old certificate',
    {
      postern_certificate_remaining_ratio: '0.2x180',
      postern_certificate_remaining_seconds: `${18 * 86_400}x180`,
    },
    ['PosternCertificateOld'],
  ],
  [
    'one of a year',
    {
      postern_certificate_remaining_ratio: '0.2x180',
      postern_certificate_remaining_seconds: `${73 * 86_400}x180`,
    },
    [],
  ],
  [
    'its last day',
    { postern_certificate_remaining_ratio: '0.005x180', postern_certificate_remaining_seconds: '40000x180' },
    ['PosternCertificateEnds', 'PosternCertificateOld'],
  ],
  [
    'no certificate',
    {
      postern_certificate_remaining_ratio: words('NaN'),
      postern_certificate_remaining_seconds: words('NaN'),
    },
    [],
  ],
  ['a slow store', { postern_store_commit_seconds_total: '0+12x180' }, ['PosternStoreSlow']],
  [
    'a silent store',
    {
      postern_queue_messages: `10x160 ${words('NaN', 20)}`,
      postern_queue_oldest_seconds: `1x160 ${words('NaN', 20)}`,
    },
    ['PosternStoreSilent'],
  ],
  [
    'work fails',
    { 'postern_store_side_work_failures_total{work="index"}': '0+1x180' },
    ['PosternSideWorkFails'],
  ],
  ['work failed once', { 'postern_store_side_work_failures_total{work="index"}': '0x170 1x10' }, []],
  ['records', { postern_records_lost_total: '0x170 4x10' }, ['PosternRecordsLost']],
  ['lines', { postern_log_lines_dropped_total: '0x170 4x10' }, ['PosternLogLost']],
  [
    'guessing',
    { 'postern_authentications_total{mechanism="PLAIN",outcome="authFailed"}': '0+90x180' },
    ['PosternGuessing'],
  ],
  [
    'turned away',
    { 'postern_refusals_total{reply="tooManyConnections"}': '0+1x180' },
    ['PosternTooManyConnections'],
  ],
  ['descriptors', { process_open_fds: '60000x180' }, ['PosternDescriptorsShort']],
  ['no header', { postern_proxy_headers_failed_total: '0+1x180' }, ['PosternProxyWithoutHeader']],
  ['slow to accept', { 'postern_accept_duration_seconds_bucket{le="1"}': '0+30x180' }, ['PosternAcceptSlow']],
  [
    'slow to deliver',
    { 'postern_delivery_duration_seconds_bucket{le="300"}': '0+30x180' },
    ['PosternDeliverySlow'],
  ],
  ['the clock', { postern_clock_offset_seconds: '0x170 -3600x10' }, ['PosternClockJumped']],
  ['a trail', { postern_trail_broken: '0x170 1x10' }, ['PosternTrailBroken']],
  [
    'an old verification',
    { postern_trail_verified_timestamp_seconds: `${-31 * 86_400}x${ALL}` },
    ['PosternTrailNotVerified'],
  ],
  ['no verification', nothing('postern_trail_broken', 'postern_trail_verified_timestamp_seconds'), []],
  ['a domain', { postern_domains_dns_wrong: '0x50 1x130' }, ['PosternDnsWrong']],
  ['a domain for an hour', { postern_domains_dns_wrong: '0x120 1x60' }, []],
  ['without a console', nothing('postern_domains_dns_wrong'), []],
  ['a node', { postern_cluster_nodes: '3x170 2x10' }, ['PosternNodeGone']],
  ['nodes differ', { postern_cluster_config_differs: '0x150 1x30' }, ['PosternNodesDiffer']],
];

function nothing(...names: readonly string[]): Series {
  return Object.fromEntries(names.map((name) => [name, words('NaN')]));
}

/** As Prometheus has it: with the labels that it adds. */
const scraped = (name: string, instance: string): string => {
  const [family = '', labels = ''] = name.split(/[{}]/);
  return `${family}{instance="${instance}",job="postern"${labels && `,${labels}`}}`;
};

interface Rule {
  readonly alert: string;
}

const rules = (): readonly Rule[] =>
  (
    parse(readFileSync(RULES, 'utf8')) as { readonly groups: readonly { readonly rules: readonly Rule[] }[] }
  ).groups.flatMap((group) => group.rules);

test('promtool takes the alerts', { skip }, () => promtool('check', 'rules', RULES));

test('each alert fires when it should, and none else', { skip }, () => {
  // Each case is a server of its own: all of them at once take a second, one after the other a minute.
  const servers = cases.map(([instance, change]) =>
    Object.entries({ ...well, ...change }).map(([series, values]) => ({
      ...{ series: scraped(series, instance), values },
    })),
  );
  const expected = cases.flatMap(([instance, , firing]) =>
    firing.map((alert) => ({ labels: `{alertname="${alert}",instance="${instance}"}`, value: 1 })),
  );
  const expr = 'group by (alertname, instance) (ALERTS{alertstate="firing"})';
  const tests = [
    {
      ...{ interval: '1m', input_series: servers.flat() },
      promql_expr_test: [{ expr, eval_time: '180m', exp_samples: expected }],
    },
  ];
  const file = join(place, 'tests.yaml');
  writeFileSync(file, stringify({ rule_files: [RULES], evaluation_interval: '1m', tests }));
  promtool('test', 'rules', file);
  const fired = new Set(cases.flatMap(([, , firing]) => firing));
  assert.deepEqual(
    rules().filter(({ alert }) => !fired.has(alert)),
    [],
    'each is tried',
  );
});

test('what the board asks is PromQL', { skip }, () => {
  const board = readFileSync(join(HOME, 'packaging/grafana/postern.json'), 'utf8');
  const expressions = [...board.matchAll(/"expr": ("(?:[^"\\]|\\.)*")/g)].map(([, text = '']) =>
    (JSON.parse(text) as string).replaceAll(/\$__(?:rate_)?interval/g, '5m'),
  );
  assert.ok(expressions.length > 30);
  const file = join(place, 'board.yaml');
  const recorded = expressions.map((expr, at) => ({ record: `board:panel:${at}`, expr }));
  writeFileSync(file, stringify({ groups: [{ name: 'board', rules: recorded }] }));
  promtool('check', 'rules', file);
});
