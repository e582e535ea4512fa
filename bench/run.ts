// `npm run bench`: accepted and delivered messages per second over TLS with AUTH in four scenarios, the CPU per message, latencies and
// memory; Postern, Postern with DKIM signatures, and Postfix where it is installed. Peers alternate within each round; medians are printed, with the ratio to Postfix.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { eventually } from '../test/system/server.ts';
import { type Ends, nodeEnds, type Sink, startSink } from './measuring.ts';
import { leanestEnds } from './native.ts';
import type { LoadResult } from './load.ts';
import * as own from './peers.ts';
import { type Measured, printMeasured, type Scenario, scenarios, shareOf } from './scenarios.ts';

interface Options {
  readonly rounds: number;
  readonly warm: number;
  readonly peer: readonly string[];
  readonly scenario: string;
  readonly before?: string;
  readonly ends: string;
  readonly hopDelay?: number;
  readonly json: boolean;
}

type Peer = own.Peer;
type Starter = (sink: number) => Promise<Peer>;

const PEERS = [
  ...['postern', 'postern-dkim', 'postern-two', 'postern-postgres', 'postern-beside', 'postern-nodes'],
  'postfix',
];

function positive(text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new InvalidArgumentError('a number above 0 is meant');
}

const program = new Command('bench')
  .description(
    'Measures Postern beside Postfix, both at loopback ports of their own, and beside an earlier state of itself.',
  )
  .option('--rounds <number>', 'rounds in which each peer is measured once', positive, 3)
  .option('--warm <number>', 'how often the messages of a round warm up each peer', positive, 0.25)
  .addOption(
    new Option(
      '--peer <names...>',
      'postern-dkim signs, postern-two has two front threads, postern-postgres keeps its store in a PostgreSQL, postern-beside has a second node on it without load, postern-nodes one with half of the load',
    )
      .choices(PEERS)
      .default(['postern', 'postern-dkim', 'postfix']),
  )
  .option('--scenario <letters>', 'which of a, b, c, d', 'abcd')
  .option(
    '--before <directory>',
    'another checkout of Postern, with its packages installed: the first peer as it is there, as the peer `before`',
  )
  .addOption(
    new Option('--ends <language>', 'generator and next hop').choices(['leanest', 'node']).default('leanest'),
  )
  .option('--hop-delay <ms>', 'the next hop is in Node, and says each reply so much later', positive)
  .option('--json', 'print what was measured as JSON, behind the table', false)
  .addHelpText(
    'after',
    `
Examples:
  npm run bench -- --rounds 9 --warm 8 --scenario ab
  git worktree add /tmp/before HEAD~1; npm ci --prefix /tmp/before
  npm run bench -- --before /tmp/before --peer postern --scenario a --rounds 15
  npm run bench -- --peer postern postern-two --scenario ab --rounds 9 --warm 4
  npm run bench -- --peer postern postern-postgres --scenario abd --rounds 9 --warm 2
  npm run bench -- --before /tmp/before --peer postern-postgres --scenario ab --rounds 9
  npm run bench -- --peer postern-postgres postern-beside postern-nodes --scenario ab --rounds 9`,
  );
const options = program.parse().opts<Options>();

function chooseEnds(): Ends {
  if (options.ends === 'node') return nodeEnds;
  const { ends, lacking } = leanestEnds();
  if (lacking !== undefined) console.log(`generator and next hop in Node, not in C: ${lacking}`);
  return ends;
}

/** What a checkout can start, by name. */
const startersIn = (peers: typeof own): ReadonlyMap<string, Starter> =>
  new Map<string, Starter>([
    ['postern', peers.startPostern],
    ['postern-dkim', peers.startPosternSigning],
    ['postern-two', peers.startPosternOfTwo],
    ['postern-postgres', peers.startPosternOnPostgres],
    ['postern-beside', peers.startPosternBesideAnother],
    ['postern-nodes', peers.startPosternOfTwoNodes],
    ['postfix', peers.startPostfixPeer],
  ]);

const ON_POSTGRES: ReadonlySet<string> = new Set(['postern-postgres', 'postern-beside', 'postern-nodes']);

/** Why a peer can't be measured here; false: it can. */
function missing(name: string): string | false {
  if (ON_POSTGRES.has(name)) return own.postgresMissing;
  return name === 'postfix' && own.postfixMissing();
}

async function startersOf(): Promise<ReadonlyMap<string, Starter>> {
  const starters = new Map<string, Starter>();
  for (const [name, start] of startersIn(own)) {
    if (!options.peer.includes(name)) continue;
    const lacking = missing(name);
    if (lacking === false) starters.set(name, start);
    else console.log(`${name} is left out: ${lacking}`);
  }
  if (options.before !== undefined) {
    const other = (await import(join(resolve(options.before), 'bench/peers.ts'))) as typeof own;
    const start = startersIn(other).get(options.peer[0] ?? 'postern') ?? other.startPostern;
    starters.set('before', async (sink) => ({ ...(await start(sink)), name: 'before' }));
  }
  return starters;
}

/** Of all nodes of a peer; latencies are those of the slowest. */
function together(results: readonly LoadResult[]) {
  const sum = (of: (result: LoadResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  return {
    accepted: sum(({ accepted }) => accepted),
    perSecond: sum(({ perSecond }) => perSecond),
    errors: sum(({ errors }) => errors),
    p50Ms: Math.max(...results.map(({ p50Ms }) => p50Ms)),
    p99Ms: Math.max(...results.map(({ p99Ms }) => p99Ms)),
  };
}

async function measure(
  peer: Peer,
  sink: Sink,
  ends: Ends,
  scenario: Scenario,
  round: number,
): Promise<Measured> {
  const before = await sink.counts();
  const cpuBefore = peer.cpuSeconds();
  const startedAt = performance.now();
  const tag = `${peer.name}-${scenario.name.charAt(0)}-${round}`;
  const { user, password, from } = peer;
  const ports = [peer.port, ...(peer.morePorts ?? [])];
  const share = shareOf(scenario, ports.length);
  const loads = ports.map((port) =>
    ends.runLoad({ port, user, password, from, ...share, tag: `${tag}-${port}` }),
  );
  const result = together(await Promise.all(loads));
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
    round,
    acceptedPerSecond: result.perSecond,
    deliveredPerSecond: Math.round(result.accepted / seconds),
    cpuMsPerMessage: Number((((peer.cpuSeconds() - cpuBefore) * 1000) / result.accepted).toFixed(3)),
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    errors: result.errors,
    duplicates: after.duplicates - before.duplicates,
    residentMiB: peer.residentMiB(),
  };
}

const ends = chooseEnds();
const sink = await (options.hopDelay === undefined ? ends.startSink() : startSink(options.hopDelay));
const peers: Peer[] = [];
const all: Measured[] = [];
/** Signing is measured on kept connections alone. The first of a round is another each time. */
const peersIn = ({ name }: Scenario, round: number): readonly Peer[] =>
  peers
    .filter((peer) => peer.name !== 'postern-dkim' || name.startsWith('a)'))
    .map((_, at, those) => those[(at + round) % those.length] ?? _);
try {
  for (const start of (await startersOf()).values()) peers.push(await start(sink.port));
  const chosen = scenarios.filter(({ name }) => options.scenario.includes(name.charAt(0)));
  for (const scenario of chosen) {
    const warm = { ...scenario, messages: Math.ceil(scenario.messages * options.warm) };
    for (const peer of peersIn(scenario, 0)) await measure(peer, sink, ends, warm, 0);
  }
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const scenario of chosen) {
      for (const peer of peersIn(scenario, round)) {
        const measured = await measure(peer, sink, ends, scenario, round);
        all.push(measured);
        console.error(`round ${round}: ${peer.name} ${scenario.name}: ${measured.acceptedPerSecond}/s`);
      }
    }
  }
  const reference = ['postfix', 'before'].find((name) => peers.some((peer) => peer.name === name));
  printMeasured(all, reference ?? options.peer[0] ?? 'postern');
  if (options.json) console.log(JSON.stringify(all));
  mkdirSync('bench/results', { recursive: true });
  writeFileSync('bench/results/last.json', JSON.stringify(all, null, 2));
} finally {
  for (const peer of peers) await peer.stop();
  sink.stop();
}
