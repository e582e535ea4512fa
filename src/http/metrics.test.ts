// The page of metrics by Prometheus' conventions (what `promtool check metrics` looks at, and more): each name, type, help, label and value.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figures, frontFigures as front } from '../../test/fakes/figures.ts';
import { createFrontMetrics } from '../server/front-metrics.ts';
import { createMetricsPage, type Figures } from './metrics.ts';

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: readonly { readonly name: string; readonly labels: string; readonly value: string }[];
}

/** The text format, read strictly: help, type, then samples of that family. */
function read(page: string): readonly Family[] {
  const families: (Omit<Family, 'samples'> & { samples: Family['samples'][number][] })[] = [];
  let help: readonly string[] = [];
  for (const line of page.split('\n')) {
    if (line === '') continue;
    const [, kind = '', name = '', text = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === 'HELP') help = [name, text];
    else if (kind === 'TYPE') {
      assert.equal(name, help[0], 'help comes before type');
      families.push({ name, help: help[1] ?? '', type: text, samples: [] });
    } else {
      const [, sample = '', labels = '', value = ''] =
        /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? assert.fail(`no sample: ${line}`);
      const family = families.at(-1) ?? assert.fail(`a sample without a family: ${line}`);
      assert.ok(sample.startsWith(family.name), `${sample} stands among ${family.name}`);
      family.samples.push({ name: sample, labels, value });
    }
  }
  return families;
}

/** Each fault in words. */
function faultsOf({ name, help, type, samples }: Family): readonly string[] {
  const words = name.split('_');
  const isHistogram = type === 'histogram' || type === 'summary';
  const labels = samples.flatMap(({ labels: text }) =>
    [...text.matchAll(/(\w+)="/g)].map(([, label]) => label),
  );
  const faults: readonly (readonly [boolean, string])[] = [
    [!/^[a-z][a-z0-9_]*$/.test(name), 'lower case, letters, digits and _ alone'],
    [help.trim() === '', 'no help'],
    [!['counter', 'gauge', 'histogram', 'summary'].includes(type), `type ${type}`],
    [(type === 'counter') !== name.endsWith('_total'), 'counters alone end in _total'],
    [!isHistogram && /_(?:bucket|count|sum)$/.test(name), 'a suffix of histograms'],
    [!isHistogram && labels.some((label) => label === 'le' || label === 'quantile'), 'a label of histograms'],
    [
      words.some((word) => ['counter', 'gauge', 'histogram', 'summary'].includes(word)),
      'the type in the name',
    ],
    [
      words.some((word) =>
        /^(?:octets|ms|milliseconds|microseconds|minutes|hours|days|kib|mib|kilobytes|megabytes|percent|sec|mb|kb)$/.test(
          word,
        ),
      ),
      'another unit than seconds, bytes or ratio',
    ],
    [name.startsWith('postern_') && samples.length === 0, 'no series from the start'],
    [
      new Set(samples.map((one) => `${one.name}{${one.labels}}`)).size < samples.length,
      'a series that stands twice',
    ],
    [labels.some((label) => label === 'what'), 'a label without a meaning of its own'],
  ];
  return faults.flatMap(([is, fault]) => (is ? [`${name}: ${fault}`] : []));
}

async function familiesOf(given: Figures, page = createMetricsPage()): Promise<readonly Family[]> {
  return read(await page.render(given));
}

function valuesOf(families: readonly Family[], name: string): Readonly<Record<string, string>> {
  const samples = families.flatMap((family) => family.samples.filter((one) => one.name === name));
  return Object.fromEntries(samples.map(({ labels, value }) => [labels, value]));
}

test('each metric is named, typed and explained as Prometheus wants it', async () => {
  const families = await familiesOf(figures([front()]));
  assert.deepEqual(families.flatMap(faultsOf), []);
  assert.equal(new Set(families.map(({ name }) => name)).size, families.length);
});

test('the lint finds what it is for', () => {
  const sample = { name: 'x', labels: 'le="1"', value: '0' };
  const bad: readonly (readonly [Partial<Family>, number])[] = [
    [{ name: 'postern_things', type: 'counter' }, 1],
    [{ name: 'postern_free_octets' }, 1],
    [{ name: 'postern_days_total' }, 2],
    [{ help: ' ' }, 1],
    [{ samples: [sample, sample] }, 2],
    [{ samples: [] }, 1],
  ];
  const good: Family = { name: 'postern_x', help: 'X', type: 'gauge', samples: [{ ...sample, labels: '' }] };
  assert.deepEqual(faultsOf(good), []);
  for (const [change, count] of bad) assert.equal(faultsOf({ ...good, ...change }).length, count);
});

test('what can be counted is there from the start, at 0', async () => {
  const families = await familiesOf(figures([]));
  assert.deepEqual(valuesOf(families, 'postern_connections_total'), {
    'role="submission"': '0',
    'role="mx"': '0',
  });
  assert.equal(
    valuesOf(families, 'postern_authentications_total')['mechanism="PLAIN",outcome="authFailed"'],
    '0',
  );
  assert.equal(valuesOf(families, 'postern_refusals_total')['reply="queueFull"'], '0');
  assert.equal('reply="accepted"' in valuesOf(families, 'postern_refusals_total'), false, 'no refusal');
  assert.equal(valuesOf(families, 'postern_delivery_attempts_total')['outcome="deferred"'], '0');
  assert.deepEqual(valuesOf(families, 'postern_accept_duration_seconds_count'), { '': '0' });
});

test('fronts are added up, each thing under labels of its own', async () => {
  const metrics = createFrontMetrics();
  metrics.connected('submission');
  metrics.authentication('PLAIN', 'authOk');
  metrics.authentication('LOGIN', 'authFailed');
  metrics.refused('unknownRecipient');
  metrics.accepted(1000, 4);
  metrics.accepted(500, 2_000_000);
  const one = front({ metrics, delivery: [20, 20, 90_000], attempts: { relayed: 3 } });
  const families = await familiesOf(figures([one, front({ ...{ owner: 'b', metrics, delivery: [-5] } })]));
  const value = (name: string, labels = ''): string | undefined =>
    valuesOf(families, `postern_${name}`)[labels];
  assert.equal(value('connections_total', 'role="submission"'), '2');
  assert.equal(value('authentications_total', 'mechanism="LOGIN",outcome="authFailed"'), '2');
  assert.equal(value('refusals_total', 'reply="unknownRecipient"'), '2');
  assert.equal(value('accepted_messages_total'), '4');
  assert.equal(value('accepted_bytes_total'), '3000');
  assert.equal(value('accept_duration_seconds_bucket', 'le="0.0025"'), '0');
  assert.equal(value('accept_duration_seconds_bucket', 'le="0.005"'), '2');
  assert.equal(value('accept_duration_seconds_bucket', 'le="300"'), '2');
  assert.equal(value('accept_duration_seconds_bucket', 'le="+Inf"'), '4');
  assert.equal(value('accept_duration_seconds_sum'), '4000.008');
  assert.equal(value('delivery_attempts_total', 'outcome="relayed"'), '3');
  assert.equal(value('delivery_duration_seconds_bucket', 'le="0.005"'), '1', 'a clock that was set back');
  assert.equal(value('delivery_duration_seconds_bucket', 'le="0.025"'), '3');
  assert.equal(value('delivery_duration_seconds_count'), '4');
  assert.equal(value('thread_deaths_total', 'thread="store"'), '2');
  assert.equal(value('store_commit_seconds_total'), '1.5');
  assert.equal(value('store_round_trips_total'), '7');
  assert.equal(value('store_redone_total', 'sqlstate="22012"'), '1');
  assert.equal(value('store_redone_total', 'sqlstate="40P01"'), '2');
  assert.equal(value('store_side_work_failures_total', 'work="index"'), '3');
  assert.equal(value('store_side_work_failures_total', 'work="sweep"'), '0');
  assert.equal(value('certificate_remaining_seconds'), '86400');
});

test('no counter falls when a front dies and another one takes its place', async () => {
  const page = createMetricsPage();
  const metrics = createFrontMetrics();
  metrics.accepted(10, 1);
  const acceptedIn = async (fronts: Figures['fronts']): Promise<string | undefined> => {
    const families = await familiesOf(figures(fronts), page);
    const count = valuesOf(families, 'postern_accept_duration_seconds_count')[''];
    const messages = valuesOf(families, 'postern_accepted_messages_total')[''];
    assert.equal(count, messages);
    return messages;
  };
  assert.equal(await acceptedIn([front({ metrics })]), '1');
  assert.equal(await acceptedIn([]), '1');
  assert.equal(await acceptedIn([front({ owner: 'b' })]), '1');
  assert.equal(await acceptedIn([front({ owner: 'b', metrics })]), '2');
});

test('without a certificate nothing says that one is about to expire', async () => {
  const families = await familiesOf(figures([], { certificate: undefined }));
  assert.match(valuesOf(families, 'postern_certificate_remaining_ratio')[''] ?? '', /^nan$/i);
});

test('while the store thread is started again its counters stay, and what it alone knows is NaN', async () => {
  const page = createMetricsPage();
  await page.render(figures([front()]));
  const families = await familiesOf(figures([front()], { store: undefined, queue: undefined }), page);
  const value = (name: string) => valuesOf(families, `postern_${name}`)[''];
  assert.deepEqual(
    ['store_commits_total', 'connections_open', 'queue_messages', 'queue_oldest_seconds', 'store_full'].map(
      value,
    ),
    ['5', '1', 'Nan', 'Nan', 'Nan'],
  );
});

for (const [why, face, values] of [
  ['there is no console', undefined, ['0', 'Nan', 'Nan', 'Nan']],
  [
    'it has asked nobody yet',
    { refusedTokens: 2, domains: { watched: 3, asked: 0, wrong: 0, unknown: 0 } },
    ['2', 'Nan', 'Nan', 'Nan'],
  ],
  [
    'it has found something',
    {
      ...{ refusedTokens: 0, domains: { watched: 3, asked: 3, wrong: 2, unknown: 0 } },
      verified: { endedAt: 1_500, isBroken: true },
    },
    ['0', '2', '1.5', '1'],
  ],
] as const)
  test(`what the console knows of domains and the trail: ${why}`, async () => {
    const families = await familiesOf(figures([], { face }));
    const names = [
      'api_refused_tokens_total',
      'domains_dns_wrong',
      'trail_verified_timestamp_seconds',
      'trail_broken',
    ];
    assert.deepEqual(
      names.map((name) => valuesOf(families, `postern_${name}`)['']),
      values,
    );
  });

test('where the store is on no disk of ours it is not full, and its free space is NaN', async () => {
  const { store } = figures([]);
  assert.ok(store);
  const families = await familiesOf(
    figures([], { store: { ...store, freeOctets: undefined, floorOctets: undefined } }),
  );
  const value = (name: string) => valuesOf(families, `postern_${name}`)[''];
  assert.deepEqual(['store_free_bytes', 'store_free_floor_bytes', 'store_full'].map(value), [
    'Nan',
    'Nan',
    '0',
  ]);
});
