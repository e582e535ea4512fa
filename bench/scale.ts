// `npm run scale`: a queue of a million messages to a next hop that is dead. Does acceptance keep its pace, does a restart serve at once, do look-ups
// answer while mail comes in, does memory stay, and does nobody else feel it when an account with a large queue is stopped? Prints a table, writes bench/results/scale.json, ends with 1 if a goal is missed.
//   npm run scale                          1,000,000 messages of 1 KiB: half an hour, 5 GiB in the temporary directory
//   npm run scale -- --ci                  what CI runs: 20,000; times and rates are told, not judged: its machine is noisy

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { parseArgs } from 'node:util';
import { PASSWORD, startServer } from '../test/system/server.ts';
import { freePort } from '../test/free-port.ts';
import type { LoadResult } from './load.ts';
import { measureActs } from './acts.ts';
import { median, printTable, runLoad } from './measuring.ts';

const { values } = parseArgs({
  options: { messages: { type: 'string' }, ci: { type: 'boolean', default: false } },
});
const MESSAGES = Number(values.messages ?? (values.ci ? 20_000 : 1_000_000));
const PARTS = 10;
const LOGIN = 'alice@example.org';
const IDLE_CONNECTIONS = 1000;
const ROOT = join(import.meta.dirname, '..');
const BUILT = join(ROOT, 'dist/main.js');
/** Of one account that is stopped, and what others submit meanwhile. */
const QUEUED_OF_ONE = values.ci ? 20_000 : 200_000;
const ACCEPTED_MEANWHILE = values.ci ? 1000 : 2000;

interface Row {
  readonly what: string;
  readonly value: string;
  readonly goal: string;
  readonly met: boolean;
}

const rows: Row[] = [];
function told(what: string, value: string, goal = '', met = true): void {
  rows.push({ what, value, goal, met });
  console.error(`${what}: ${value}${met ? '' : `   MISSED: ${goal}`}`);
}

const server = await startServer({
  relay: `relay: { smarthost: "smtp://127.0.0.1:${await freePort()}" }`,
  extra: 'limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }',
});

/** Of the process that serves, MiB. */
function residentMiB(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

function load(messages: number, tag: string, connections = 20): Promise<LoadResult> {
  const { submission: port } = server;
  return runLoad({
    ...{ port, connections, messages, tag, perConnection: 100, octets: 1024 },
    ...{ user: LOGIN, password: PASSWORD, from: LOGIN },
  });
}

async function fill(): Promise<void> {
  const rates: number[] = [];
  let most = 0;
  await load(Math.min(2000, MESSAGES / PARTS), 'warm');
  for (let part = 1; part <= PARTS; part += 1) {
    const { perSecond, errors } = await load(MESSAGES / PARTS, `part${part}`);
    rates.push(perSecond);
    most = Math.max(most, residentMiB());
    console.error(
      `${(MESSAGES / PARTS) * part} queued: ${perSecond}/s, ${residentMiB()} MiB, ${errors} errors`,
    );
    if (errors > 0) told(`errors in part ${part}`, String(errors), 'none', false);
  }
  const [first, last] = [median(rates.slice(0, 3)), median(rates.slice(-3))];
  told('accepted/s, first three tenths', String(first));
  told(
    'accepted/s, last three tenths',
    `${last} (${(last / first).toFixed(2)})`,
    'at least 0.75',
    last >= 0.75 * first,
  );
  told('resident under load, MiB', String(most), 'below 500', most < 500);
}

function timed(
  program: string,
  args: readonly string[],
): { ms: number; status: number | null; stdout: string } {
  const startedAt = performance.now();
  const { status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    cwd: ROOT,
    maxBuffer: 64 * 1024 * 1024,
  });
  return { ms: performance.now() - startedAt, status, stdout };
}

function build(): void {
  const { status, stdout } = timed('npx', ['tsc', '-p', 'tsconfig.build.json']);
  if (status !== 0) throw new Error(`the build failed: ${stdout}`);
}

/** Medians of five, alternating with a bare `node`. */
async function lookUps(): Promise<void> {
  const command = (...args: string[]): string[] => [BUILT, ...args, '-c', server.config];
  const list = timed(process.execPath, command('queue', 'list', '--json'));
  const id = /"(?:id|messageId)":\s*"([0-9A-Z]{20,})"/.exec(list.stdout)?.[1] ?? '';
  const traced = timed(process.execPath, command('trace', id, '--json'));
  const messageId = /<[^<>"\s]+@[^<>"\s]+>/.exec(traced.stdout.replaceAll('<x@far.example>', ''))?.[0] ?? '';
  const questions: readonly (readonly [string, readonly string[]])[] = [
    ['queue list', ['queue', 'list']],
    ['trace by id', ['trace', id]],
    ['trace by Message-ID', ['trace', messageId]],
    ['trace by address', ['trace', LOGIN]],
  ];
  for (const [name, args] of questions) {
    const [own, bare]: [number[], number[]] = [[], []];
    for (let round = 0; round < 5; round += 1) {
      bare.push(timed(process.execPath, ['-e', '0']).ms);
      const { ms, status } = timed(process.execPath, command(...args));
      if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
      own.push(ms);
    }
    const ratio = median(own) / median(bare);
    told(
      `${name}: ms`,
      `${median(own).toFixed(0)} (${ratio.toFixed(1)} starts of node)`,
      'below 3 starts',
      ratio < 3,
    );
  }
  await beside(command);
}

/** Acceptance while somebody looks things up all the time. */
async function beside(command: (...args: string[]) => string[]): Promise<void> {
  const COUNT = 3000;
  const alone = await load(COUNT, 'alone', 4);
  const program = `
    const { spawnSync } = require('node:child_process');
    const end = Date.now() + 600_000;
    while (Date.now() < end) for (const args of JSON.parse(process.argv[1])) spawnSync(process.execPath, args);`;
  const asker = spawn(process.execPath, [
    '-e',
    program,
    JSON.stringify([command('queue', 'list'), command('trace', LOGIN)]),
  ]);
  const together = await load(COUNT, 'beside', 4).finally(() => asker.kill());
  told('accept p99 alone, ms', String(alone.p99Ms));
  told('accept p99 beside look-ups, ms', `${together.p99Ms} (${(together.p99Ms / alone.p99Ms).toFixed(1)})`);
}

/** Until a client reads the greeting. */
async function greeted(): Promise<void> {
  for (;;) {
    const greeting = await new Promise<string>((resolve) => {
      const socket = connect(server.submission, '127.0.0.1');
      socket.on('error', () => resolve(''));
      socket.once('data', (data) => {
        socket.destroy();
        resolve(String(data));
      });
    });
    if (greeting.startsWith('220')) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function restarts(): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const stoppedAt = performance.now();
    await server.kill(signal);
    const stopping = (performance.now() - stoppedAt) / 1000;
    const startedAt = performance.now();
    const started = server.start();
    await greeted();
    const seconds = (performance.now() - startedAt) / 1000;
    await started;
    told(`${signal}: stopped in s`, stopping.toFixed(1));
    told(`${signal}: serves again in s`, seconds.toFixed(1), 'within 5', seconds <= 5);
  }
}

async function idle(): Promise<void> {
  const opened = Array.from(
    { length: IDLE_CONNECTIONS },
    (_, at) =>
      new Promise<() => void>((resolve, reject) => {
        // From several addresses: one address may not have this many connections.
        const socket = connectTls({
          ...{ port: server.submissions, host: '127.0.0.1', localAddress: `127.0.1.${1 + (at % 40)}` },
          rejectUnauthorized: false,
        });
        socket.once('data', () => resolve(() => socket.destroy())).on('error', reject);
      }),
  );
  const close = await Promise.all(opened);
  const resident = residentMiB();
  told(
    `resident at ${IDLE_CONNECTIONS} idle TLS connections, MiB`,
    String(resident),
    'below 350',
    resident < 350,
  );
  for (const end of close) end();
}

/** On a server of its own, while no other runs. */
async function acts(): Promise<void> {
  const { aloneP99Ms, usualP99Ms, p99Ms, errors, tookMs } = await measureActs(
    BUILT,
    QUEUED_OF_ONE,
    ACCEPTED_MEANWHILE,
  );
  const against = `against an account with ${QUEUED_OF_ONE} queued`;
  const ratio = p99Ms / usualP99Ms;
  told('accept p99 beside no act, ms', String(aloneP99Ms));
  told('accept p99 beside acts against an account with 10 queued, ms', String(usualP99Ms));
  told(`accept p99 beside acts ${against}, ms`, String(p99Ms));
  told(`accept p99 beside acts, its ratio to that beside 10`, ratio.toFixed(2), 'at most 2', ratio <= 2);
  if (errors > 0) told('errors beside acts', String(errors), 'none', false);
  for (const [act, ms] of tookMs) told(`${act} ${against}, ms`, median(ms).toFixed(0));
}

try {
  build();
  await idle();
  await fill();
  await lookUps();
  await restarts();
  told('resident after a restart, MiB', String(residentMiB()), 'below 500', residentMiB() < 500);
} finally {
  await server[Symbol.asyncDispose]();
}
await acts();
printTable([
  ['what', 'measured', 'goal', ''],
  ...rows.map(({ what, value, goal, met }) => [what, value, goal, met ? '' : 'MISSED']),
]);
mkdirSync('bench/results', { recursive: true });
writeFileSync('bench/results/scale.json', JSON.stringify({ messages: MESSAGES, rows }, null, 2));
const isTime = ({ what }: Row): boolean => /ms$|in s$|\/s/.test(what);
process.exitCode = rows.every((row) => row.met || (values.ci && isTime(row))) ? 0 : 1;
