// How long commands that people and other programs wait for take: from the built package (`npm run build` before), against an empty Node process, in
// alternating runs; medians, and the ratio, which has a limit. Questions are put to a running server with a queue.
//   node bench/start.ts [rounds] [queued messages] [--source]       31 rounds, 5,000 messages; --source: from the sources instead of the package

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startServer } from '../test/system/server.ts';
import { median, printTable } from './measuring.ts';
import { fillQueue } from './queued.ts';

const { values, positionals } = parseArgs({
  options: { source: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const rounds = Number(positionals[0] ?? 31);
const queued = Number(positionals[1] ?? 5000);
const START_MAX = 2.5;
const QUESTION_MAX = 3;
const main = join(import.meta.dirname, values.source ? '../src/main.ts' : '../dist/main.js');
if (!existsSync(main)) throw new Error(`${main} is not there: run \`npm run build\` first`);

const directory = mkdtempSync(join(tmpdir(), 'postern-start-'));
const empty = join(directory, 'empty.js');
const config = join(directory, 'send.yaml');
writeFileSync(empty, '');
writeFileSync(config, 'host: localhost\naddress: alice@example.org\naliases:\n  root: alice@example.org\n');

interface Run {
  readonly name: string;
  readonly args: readonly string[];
  readonly status: number;
  /** Starts of an empty process. */
  readonly most: number;
  /** Text that its output must contain. */
  readonly shows?: string;
}

const starts: readonly Run[] = [
  { name: 'an empty process', args: [empty], status: 0, most: 1 },
  { name: 'postern --help', args: [main, '--help'], status: 0, most: START_MAX },
  { name: 'postern send --help', args: [main, 'send', '--help'], status: 0, most: START_MAX },
  // Configuration, arguments and message are read and judged; there is nobody to send it to.
  {
    name: 'postern send -t, up to the connection',
    args: [main, 'send', '--config', config, '-t'],
    ...{ status: 65, most: START_MAX },
  },
];

function milliseconds({ name, args, status, shows = '' }: Run): number {
  const began = process.hrtime.bigint();
  const result = spawnSync(process.execPath, args, { input: 'Subject: x\n\nhello\n', encoding: 'utf8' });
  const took = Number(process.hrtime.bigint() - began) / 1e6;
  if (result.status !== status || !result.stdout.includes(shows))
    throw new Error(`${name}: status ${result.status}, ${result.stdout.slice(0, 300)}${result.stderr}`);
  return took;
}

async function measure(): Promise<void> {
  await using server = await startServer({ accounts: [], autostart: false });
  const { id, messageIdField, address } = await fillQueue(join(server.directory, 'data'), queued);
  await server.start();
  const ask = (name: string, shows: string, ...args: readonly string[]): Run => ({
    ...{ name, shows, status: 0, most: QUESTION_MAX },
    args: [main, ...args, '-c', server.config],
  });
  const runs = [
    ...starts,
    ask('postern queue list', 'd1.example.net', 'queue', 'list'),
    ask('postern queue list --totals', 'd1.example.net', 'queue', 'list', '--totals'),
    ask('postern queue list, 1,000 lines', 'd1.example.net', 'queue', 'list', '--max', '1000'),
    ask('postern trace, by id', id, 'trace', id),
    ask('postern trace, by Message-ID', id, 'trace', messageIdField),
    ask('postern trace, by address', address, 'trace', address),
  ];
  const taken = runs.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1)
    for (const [at, run] of runs.entries()) {
      const ms = milliseconds(run);
      // The first round warms up.
      if (round > 0) taken[at]?.push(ms);
    }
  const least = median(taken[0] ?? []);
  const rows = runs.map(({ name, most }, at) => {
    const own = median(taken[at] ?? []);
    if (own / least > most) process.exitCode = 1;
    return [name, `${own.toFixed(1)} ms`, (own / least).toFixed(2), `at most ${most}`];
  });
  printTable(rows);
}

try {
  await measure();
} finally {
  rmSync(directory, { recursive: true });
}
console.log(
  `Node ${process.version}, ${rounds} rounds, ${queued} messages queued, ${values.source ? 'sources' : 'package'}`,
);
