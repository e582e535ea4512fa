// How long commands that other programs start take to start: from the built package (`npm run build` before), against an empty Node process, in
// alternating runs; medians, and the ratio, which must not be over 2.5.
//   node bench/start.ts [rounds]

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RATIO_MAX = 2.5;
const rounds = Number(process.argv[2] ?? 31);
const main = join(import.meta.dirname, '../dist/main.js');
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
}

const runs: readonly Run[] = [
  { name: 'an empty process', args: [empty], status: 0 },
  { name: 'postern --help', args: [main, '--help'], status: 0 },
  { name: 'postern send --help', args: [main, 'send', '--help'], status: 0 },
  // Configuration, arguments and message are read and judged; there is nobody to send it to.
  {
    name: 'postern send -t, up to the connection',
    args: [main, 'send', '--config', config, '-t'],
    status: 65,
  },
];

function milliseconds({ name, args, status }: Run): number {
  const began = process.hrtime.bigint();
  const result = spawnSync(process.execPath, args, { input: 'Subject: x\n\nhello\n', encoding: 'utf8' });
  const took = Number(process.hrtime.bigint() - began) / 1e6;
  if (result.status !== status) throw new Error(`${name}: status ${result.status}, ${result.stderr}`);
  return took;
}

const taken = runs.map((): number[] => []);
for (let round = 0; round <= rounds; round += 1)
  for (const [at, run] of runs.entries()) {
    const ms = milliseconds(run);
    // The first round warms up.
    if (round > 0) taken[at]?.push(ms);
  }
rmSync(directory, { recursive: true });

const medians = taken.map(
  (all) => all.toSorted((one, other) => one - other)[Math.floor(all.length / 2)] ?? 0,
);
const [least = 1] = medians;
for (const [at, { name }] of runs.entries()) {
  const median = medians[at] ?? 0;
  const ratio = median / least;
  console.log(`${name.padEnd(40)} ${median.toFixed(1).padStart(6)} ms  ${ratio.toFixed(2)}`);
  if (ratio > RATIO_MAX) process.exitCode = 1;
}
console.log(`Node ${process.version}, ${rounds} rounds; the limit is ${RATIO_MAX}`);
