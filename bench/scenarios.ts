// What is measured: four ways of sending, and the figures taken of each. Ratios are taken within a round, where both servers saw the same hour of the
// machine, and the median is of the ratios.

import { median, printTable, quantile } from './measuring.ts';

export interface Scenario {
  readonly name: string;
  readonly connections: number;
  readonly perConnection: number;
  readonly messages: number;
  readonly octets: number;
}

const KIB = 1024;

export const scenarios: readonly Scenario[] = [
  {
    name: 'a) 20 kept connections',
    ...{ connections: 20, perConnection: 50, messages: 6000, octets: 4 * KIB },
  },
  {
    name: 'b) a message a connection',
    ...{ connections: 20, perConnection: 1, messages: 1500, octets: 4 * KIB },
  },
  { name: 'c) 1 MiB messages', ...{ connections: 8, perConnection: 10, messages: 240, octets: KIB * KIB } },
  {
    name: 'd) one connection, serial',
    ...{ connections: 1, perConnection: 100, messages: 1000, octets: 4 * KIB },
  },
];

/** What one of so many servers takes of it. */
export function shareOf(scenario: Scenario, servers: number): Scenario {
  const part = (of: number): number => Math.ceil(of / servers);
  return { ...scenario, connections: part(scenario.connections), messages: part(scenario.messages) };
}

export interface Measured {
  readonly peer: string;
  readonly scenario: string;
  readonly round: number;
  readonly acceptedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly cpuMsPerMessage: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly duplicates: number;
  /** Memory of all its processes, after the load; MiB. */
  readonly residentMiB: number;
}

const columns: readonly (readonly [string, (one: Measured) => number])[] = [
  ['accepted/s', (one) => one.acceptedPerSecond],
  ['delivered/s', (one) => one.deliveredPerSecond],
  ['CPU ms/message', (one) => one.cpuMsPerMessage],
  ['p50 ms', (one) => one.p50Ms],
  ['p99 ms', (one) => one.p99Ms],
  ['resident MiB', (one) => one.residentMiB],
];

/** Medians; in brackets what they are of `reference`'s figure, with the quartiles. */
export function printMeasured(all: readonly Measured[], reference: string): void {
  const rows = [['scenario', 'peer', ...columns.map(([name]) => name), 'errors', 'duplicates']];
  for (const { name } of scenarios) {
    const of = (peer: string): readonly Measured[] =>
      all.filter((one) => one.scenario === name && one.peer === peer);
    for (const peer of new Set(all.filter((one) => one.scenario === name).map((one) => one.peer))) {
      const cells = columns.map(([, pick]) => {
        const ratios = peer === reference ? [] : ratiosWithin(of(peer), of(reference), pick);
        return `${median(of(peer).map(pick))}${inBrackets(ratios)}`;
      });
      const sum = (pick: (one: Measured) => number): string =>
        String(of(peer).reduce((total, one) => total + pick(one), 0));
      rows.push([name, peer, ...cells, sum((one) => one.errors), sum((one) => one.duplicates)]);
    }
  }
  printTable(rows);
}

function ratiosWithin(
  own: readonly Measured[],
  others: readonly Measured[],
  pick: (one: Measured) => number,
): readonly number[] {
  return own.flatMap((one) => {
    const other = others.find(({ round }) => round === one.round);
    return other === undefined || pick(other) === 0 ? [] : [pick(one) / pick(other)];
  });
}

function inBrackets(ratios: readonly number[]): string {
  if (ratios.length === 0) return '';
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(ratios, share).toFixed(2));
  return ratios.length < 4 ? ` (${middle})` : ` (${middle}: ${low}..${high})`;
}
