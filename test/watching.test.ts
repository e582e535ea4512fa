// The board for Grafana and the alerts for Prometheus in `packaging` speak of the metrics that a server has, and the manual says of each alert what to do.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { createMetricsPage } from '../src/http/metrics.ts';
import { figures, frontFigures } from './fakes/figures.ts';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const read = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const board = JSON.parse(read('packaging/grafana/postern.json')) as object;
const { groups } = parse(read('packaging/prometheus/postern.rules.yaml')) as {
  readonly groups: readonly { readonly rules: readonly Alert[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules);

/** All texts under a key, however deep. */
function textsUnder(key: string, value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    name === key && typeof inner === 'string' ? [inner] : textsUnder(key, inner),
  );
}

/** Of each series' name, the values of its labels. */
type Known = ReadonlyMap<string, ReadonlyMap<string, ReadonlySet<string>>>;

async function knownSeries(): Promise<Known> {
  const metrics = await createMetricsPage().render(
    figures([frontFigures()], { ready: [{ name: 'staying', because: undefined }] }),
  );
  // What Prometheus adds itself.
  const scraped = ['instance', 'job'].map((label) => [label, new Set<string>()] as const);
  const known = new Map([['up', new Map<string, Set<string>>(scraped)]]);
  for (const line of metrics.split('\n')) {
    const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})? \S+$/.exec(line) ?? [];
    if (name === '') continue;
    const values = known.get(name) ?? new Map<string, Set<string>>(scraped);
    known.set(name, values);
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g))
      values.set(label, (values.get(label) ?? new Set<string>()).add(value));
  }
  return known;
}

const NAME = /\b((?:postern|process|nodejs)_\w+|up)\b(?:\{([^}]*)\})?/g;

const namesIn = (expression: string): readonly string[] =>
  [...expression.matchAll(NAME)].map(([, name = '']) => name);

/** What an expression asks for that no server has. */
function unknownIn(known: Known, expression: string): readonly string[] {
  const found = [...expression.matchAll(NAME)].flatMap(([, name = '', matchers = '']) => {
    const labels = known.get(name);
    if (labels === undefined) return [name];
    return [...matchers.matchAll(/(\w+)(!=|=~|!~|=)"([^"]*)"/g)].flatMap(
      ([, label = '', operator, value = '']) => {
        const values = labels.get(label);
        if (values === undefined) return [`${name}{${label}}`];
        const asked = operator?.includes('~') === true ? value.split('|') : [value];
        return values.size === 0
          ? []
          : asked.flatMap((one) => (values.has(one) ? [] : `${name}{${label}="${one}"}`));
      },
    );
  });
  const labels = new Set(namesIn(expression).flatMap((name) => [...(known.get(name)?.keys() ?? [])]));
  const grouped = [...expression.matchAll(/\b(?:by|without) \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  );
  return [...found, ...grouped.filter((label) => !labels.has(label)).map((label) => `by (${label})`)];
}

const expressions = [...alerts.map(({ expr }) => expr), ...textsUnder('expr', board)];

test('each metric that the board and the alerts ask for exists, with these labels and values', async () => {
  const known = await knownSeries();
  assert.deepEqual(
    expressions.flatMap((expression) => unknownIn(known, expression)),
    [],
  );
});

test('what does not exist is found', async () => {
  const known = await knownSeries();
  for (const [expression, unknown] of [
    ['postern_messages_total', 'postern_messages_total'],
    ['rate(postern_refusals_total{code="452"}[5m])', 'postern_refusals_total{code}'],
    ['postern_refusals_total{reply="full"}', 'postern_refusals_total{reply="full"}'],
    [
      'postern_delivery_attempts_total{outcome=~"failed|lost"}',
      'postern_delivery_attempts_total{outcome="lost"}',
    ],
    ['sum by (route) (postern_routes_down)', 'by (route)'],
  ] as const)
    assert.deepEqual(unknownIn(known, expression), [unknown], expression);
});

test('each metric of ours stands on the board or has an alert', async () => {
  const used = new Set(expressions.flatMap(namesIn).map((name) => name.replace(/_bucket$/, '')));
  const families = [...(await knownSeries()).keys()]
    .filter((name) => name.startsWith('postern_'))
    .map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
  assert.deepEqual(
    families.filter((name) => !used.has(name)),
    [],
  );
});

test('the manual has a chapter for each alert, and none for others', () => {
  const manual = read('docs/OPERATING.md');
  const chapters = [...manual.matchAll(/^#### (Postern\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(
    chapters,
    alerts.map(({ alert }) => alert),
  );
  for (const { alert, annotations } of alerts)
    assert.equal(annotations.runbook, `OPERATING.md#${alert.toLowerCase()}`);
});

test('each alert says in one sentence of which server, and how bad it is', () => {
  for (const { alert, labels, annotations } of alerts) {
    assert.ok(['critical', 'warning'].includes(labels['severity'] ?? ''), alert);
    assert.match(annotations.summary, /\{\{ \$labels\.instance \}\}/, alert);
  }
});

test('no two panels of the board have one id, or stand on one another', () => {
  const { panels } = board as {
    readonly panels: readonly {
      readonly id: number;
      readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
    }[];
  };
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`),
  );
  assert.equal(new Set(cells).size, cells.length);
});
