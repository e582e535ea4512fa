// `npm run bench`: accepted and delivered messages per second over TLS with AUTH in four scenarios, the CPU per message, latencies and
// memory; Postern, Postern with DKIM signatures, and Postfix where it is installed. Peers alternate within each round; medians are printed, with the ratio to Postfix.
//   npm run bench                          three rounds behind one that warms up
//   npm run bench -- --rounds 1 --peer postern --scenario a

import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { eventually } from '../test/system/server.ts';
import { median, printTable, runLoad, type Sink, startSink } from './measuring.ts';
import { type Peer, postfixMissing, startPostern, startPosternSigning, startPostfixPeer } from './peers.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    peer: { type: 'string' },
    scenario: { type: 'string' },
  },
});

interface Scenario {
  readonly name: string;
  readonly connections: number;
  readonly perConnection: number;
  readonly messages: number;
  readonly octets: number;
}

const KIB = 1024;
const scenarios: readonly Scenario[] = [
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

interface Measured {
  readonly peer: string;
  readonly scenario: string;
  readonly acceptedPerSecond: number;
  readonly deliveredPerSecond: number;
  readonly cpuMsPerMessage: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly duplicates: number;
  /** Of all its processes, behind the load; MiB. */
  readonly residentMiB: number;
}

async function measure(peer: Peer, sink: Sink, scenario: Scenario, round: number): Promise<Measured> {
  const before = await sink.counts();
  const cpuBefore = peer.cpuSeconds();
  const startedAt = performance.now();
  const tag = `${peer.name}-${scenario.name.charAt(0)}-${round}`;
  const { port, user, password, from } = peer;
  const result = await runLoad({ port, user, password, from, tag, ...scenario });
  await eventually(
    'delivery of everything',
    300,
    async () => (await sink.counts()).unique - before.unique >= result.accepted,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await sink.counts();
  return {
    peer: peer.name,
    scenario: scenario.name,
    acceptedPerSecond: result.perSecond,
    deliveredPerSecond: Math.round(result.accepted / seconds),
    cpuMsPerMessage: Number((((peer.cpuSeconds() - cpuBefore) * 1000) / result.accepted).toFixed(2)),
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    errors: result.errors,
    duplicates: after.duplicates - before.duplicates,
    residentMiB: peer.residentMiB(),
  };
}

const columns: readonly (readonly [string, (one: Measured) => number])[] = [
  ['accepted/s', (one) => one.acceptedPerSecond],
  ['delivered/s', (one) => one.deliveredPerSecond],
  ['CPU ms/message', (one) => one.cpuMsPerMessage],
  ['p50 ms', (one) => one.p50Ms],
  ['p99 ms', (one) => one.p99Ms],
  ['resident MiB', (one) => one.residentMiB],
];

/** Medians; behind ours, in how many times Postfix's figure it is. */
function print(all: readonly Measured[]): void {
  const rows = [['scenario', 'peer', ...columns.map(([name]) => name), 'errors', 'duplicates']];
  for (const { name } of scenarios) {
    const of = (peer: string): readonly Measured[] =>
      all.filter((one) => one.scenario === name && one.peer === peer);
    for (const peer of new Set(all.filter((one) => one.scenario === name).map((one) => one.peer))) {
      const cells = columns.map(([, pick]) => {
        const [own, postfix] = [median(of(peer).map(pick)), median(of('postfix').map(pick))];
        return peer === 'postfix' || postfix === 0 ? String(own) : `${own} (${(own / postfix).toFixed(2)})`;
      });
      const sum = (pick: (one: Measured) => number): string =>
        String(of(peer).reduce((total, one) => total + pick(one), 0));
      rows.push([name, peer, ...cells, sum((one) => one.errors), sum((one) => one.duplicates)]);
    }
  }
  printTable(rows);
}

const sink = await startSink();
const starters: Readonly<Record<string, (port: number) => Promise<Peer>>> = {
  postern: startPostern,
  'postern-dkim': startPosternSigning,
  postfix: startPostfixPeer,
};
const missing = postfixMissing();
if (missing !== false) console.log(`postfix is left out: ${missing}`);
const names = Object.keys(starters).filter(
  (name) => (name !== 'postfix' || missing === false) && (values.peer === undefined || values.peer === name),
);
const peers: Peer[] = [];
for (const name of names) peers.push(await (starters[name] ?? startPostern)(sink.port));
/** Signing is measured on kept connections alone. */
const peersIn = ({ name }: Scenario): readonly Peer[] =>
  peers.filter((peer) => peer.name !== 'postern-dkim' || name.startsWith('a)'));
const all: Measured[] = [];
try {
  const chosen = scenarios.filter(
    ({ name }) => values.scenario === undefined || name.startsWith(values.scenario),
  );
  for (const scenario of chosen) {
    const warm = { ...scenario, messages: Math.ceil(scenario.messages / 4) };
    for (const peer of peersIn(scenario)) await measure(peer, sink, warm, 0);
  }
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const scenario of chosen) {
      for (const peer of peersIn(scenario)) {
        const measured = await measure(peer, sink, scenario, round);
        all.push(measured);
        console.error(`round ${round}: ${peer.name} ${scenario.name}: ${measured.acceptedPerSecond}/s`);
      }
    }
  }
  print(all);
  mkdirSync('bench/results', { recursive: true });
  writeFileSync('bench/results/last.json', JSON.stringify(all, null, 2));
} finally {
  for (const peer of peers) await peer.stop();
  sink.stop();
}
