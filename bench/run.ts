// `npm run bench`: accepted and delivered messages per second over TLS with AUTH, on kept connections and with one message a connection, and
// the CPU per message; Postern, and Postfix where it is installed. Peers alternate within each round; medians are printed.
//   npm run bench                          three rounds
//   npm run bench -- --rounds 1 --peer postern

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { eventually, freePort } from '../test/system/server.ts';
import type { Load, LoadResult } from './load.ts';
import { type Peer, postfixMissing, startPostern, startPostfixPeer } from './peers.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, peer: { type: 'string' } },
});

interface Scenario {
  readonly name: string;
  readonly connections: number;
  readonly perConnection: number;
  readonly messages: number;
}

const OCTETS = 4096;
const scenarios: readonly Scenario[] = [
  { name: 'a) 20 kept connections', connections: 20, perConnection: 100, messages: 6000 },
  { name: 'b) a message a connection', connections: 20, perConnection: 1, messages: 1500 },
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
}

interface Sink {
  readonly port: number;
  counts(): Promise<{ unique: number; duplicates: number }>;
  stop(): void;
}

async function startSink(): Promise<Sink> {
  const port = await freePort();
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, 'sink.ts'), String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no output');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  // Its first line says that it listens.
  await lines.next();
  return {
    port,
    async counts() {
      child.stdin?.write('\n');
      return JSON.parse(String((await lines.next()).value)) as { unique: number; duplicates: number };
    },
    stop: () => void child.kill(),
  };
}

function runLoad(load: Load): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'load.ts'), JSON.stringify(load)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (data) => (output += String(data)));
    child.on('exit', (code) =>
      code === 0 ? resolve(JSON.parse(output) as LoadResult) : reject(new Error(`load ended with ${code}`)),
    );
  });
}

async function measure(peer: Peer, sink: Sink, scenario: Scenario, round: number): Promise<Measured> {
  const before = await sink.counts();
  const cpuBefore = peer.cpuSeconds();
  const startedAt = performance.now();
  const tag = `${peer.name}-${scenario.name.charAt(0)}-${round}`;
  const { port, user, password, from } = peer;
  const result = await runLoad({ port, user, password, from, octets: OCTETS, tag, ...scenario });
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
  };
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}

function print(all: readonly Measured[]): void {
  const rows = [
    [
      'scenario',
      'peer',
      'accepted/s',
      'delivered/s',
      'CPU ms/message',
      'p50 ms',
      'p99 ms',
      'errors',
      'duplicates',
    ],
  ];
  for (const { name } of scenarios) {
    for (const peer of new Set(all.map((one) => one.peer))) {
      const own = all.filter((one) => one.scenario === name && one.peer === peer);
      const of = (pick: (one: Measured) => number): string => String(median(own.map(pick)));
      const sum = (pick: (one: Measured) => number): string =>
        String(own.reduce((total, one) => total + pick(one), 0));
      rows.push([
        ...[
          name,
          peer,
          of((one) => one.acceptedPerSecond),
          of((one) => one.deliveredPerSecond),
          of((one) => one.cpuMsPerMessage),
        ],
        ...[
          of((one) => one.p50Ms),
          of((one) => one.p99Ms),
          sum((one) => one.errors),
          sum((one) => one.duplicates),
        ],
      ]);
    }
  }
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  for (const row of rows) console.log(row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '));
}

const sink = await startSink();
const starters: Readonly<Record<string, (port: number) => Promise<Peer>>> = {
  postern: startPostern,
  postfix: startPostfixPeer,
};
const missing = postfixMissing();
if (missing !== false) console.log(`postfix is left out: ${missing}`);
const names = Object.keys(starters).filter(
  (name) => (name !== 'postfix' || missing === false) && (values.peer === undefined || values.peer === name),
);
const peers: Peer[] = [];
for (const name of names) peers.push(await (starters[name] ?? startPostern)(sink.port));
const all: Measured[] = [];
try {
  for (let round = 1; round <= Number(values.rounds); round += 1) {
    for (const scenario of scenarios) {
      for (const peer of peers) {
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
