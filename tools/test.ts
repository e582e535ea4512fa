// Runs the test suites and says at the end, in one line, what passed, failed and was skipped.
//   node tools/test.ts unit              everything that needs no Debian package (npm test)
//   node tools/test.ts system            real clients and MTAs, crashes, load (npm run test:system)
//   node tools/test.ts unit src/relay    only files whose path holds one of the words
// The result of each named test is kept under node_modules/.cache/postern/, where the conformance page is made from it.

import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { run } from 'node:test';
import { findBinaries } from '../test/postgres/binaries.ts';
import { startServer } from '../test/postgres/server.ts';
import { groupFiles } from './test-groups.ts';
import { writeIntoMemory } from './test-place.ts';

// The start of a process takes half the time when the files it loads were compiled before. A changed file is compiled again.
process.env['NODE_COMPILE_CACHE'] ??= resolve('node_modules/.cache/postern/compiled');

const [suite = 'unit', ...words] = process.argv.slice(2);
const patterns: Readonly<
  Record<string, { include: string[]; exclude: string[]; concurrency: number; timeoutMs: number }>
> = {
  unit: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['test/system/**'],
    // One more than there are cores here: many files wait for sockets and clocks.
    concurrency: 3,
    timeoutMs: 900_000,
  },
  system: { include: ['test/system/**/*.test.ts'], exclude: [], concurrency: 1, timeoutMs: 1_200_000 },
};
const chosen = patterns[suite];
if (chosen === undefined) {
  console.error(`There is no suite "${suite}": use one of ${Object.keys(patterns).join(', ')}.`);
  process.exit(2);
}

const isOfServers = (file: string): boolean => file.startsWith('test/');
const files = globSync(chosen.include, { exclude: chosen.exclude })
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  // What runs servers and commands first: it takes longer.
  .sort((one, other) => Number(isOfServers(other)) - Number(isOfServers(one)) || (one < other ? -1 : 1));
if (files.length === 0) {
  console.error(`No test file matches ${[suite, ...words].join(' ')}.`);
  process.exit(2);
}

/** What each process runs. Chosen files run alone, as they do by `node --test`. */
const groups = groupFiles(files, suite !== 'unit' || words.length > 0);

interface Outcome {
  readonly name: string;
  readonly status: 'passed' | 'failed' | 'skipped';
  readonly reason?: string;
}

/** For all files of the run. Without the binaries the tests that need them say so themselves. */
async function startPostgres() {
  const uses = (file: string): boolean => readFileSync(file, 'utf8').includes('freshDatabase');
  if (process.env['POSTERN_TEST_POSTGRES'] !== undefined || !files.some(uses)) return undefined;
  const binaries = findBinaries();
  if (typeof binaries === 'string') return undefined;
  const server = await startServer(binaries);
  process.env['POSTERN_TEST_POSTGRES'] = server.url;
  return server;
}

// The suite of real programs and crashes writes on the disk.
if (suite === 'unit') writeIntoMemory();
const postgres = await startPostgres();
// Later than the runner's own limit, which tells more but holds only while a test runs.
process.env['POSTERN_TEST_FILE_LIMIT_MS'] = String(chosen.timeoutMs + 10_000);
const outcomes: Outcome[] = [];
/** Of each file that has not ended: how many of its tests passed, failed and were skipped. */
const tallies = new Map<string, Record<Outcome['status'], number>>();
let filesEnded = 0;
const startedAt = performance.now();
/** Else the processes of the tests would outlive this one. */
const told = new AbortController();
let stoppedBy: string | undefined;
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
  process.once(signal, () => {
    stoppedBy = signal;
    told.abort();
  });
const stream = run({
  files: [...groups.keys()],
  signal: told.signal,
  concurrency: chosen.concurrency,
  timeout: chosen.timeoutMs,
  execArgv: [
    '--disable-warning=ExperimentalWarning',
    '--import',
    new URL('limit-file.ts', import.meta.url).href,
  ],
});

function isFile(name: string): boolean {
  return [...groups.keys()].some((file) => name === file || name.endsWith(`/${file}`));
}

/** Those of a contract suite or of a table count for the file that they stand in, and a file may have no others. */
const hasTestsOfOthers = (file: string): boolean =>
  /^\s*(?:\w+Contract|test[A-Z]\w*)\(/m.test(readFileSync(file, 'utf8'));

function note(file: string | undefined, outcome: Outcome): void {
  outcomes.push(outcome);
  const tally = tallies.get(file ?? '') ?? { passed: 0, failed: 0, skipped: 0 };
  tally[outcome.status] += 1;
  tallies.set(file ?? '', tally);
}

stream.on('test:summary', ({ file, duration_ms: ms }) => {
  if (file === undefined) return;
  const members = groups.get(relative(process.cwd(), file)) ?? [];
  for (const member of members) {
    filesEnded += 1;
    const tally = tallies.get(resolve(member));
    const isMissing = tally === undefined && members.length > 1 && !hasTestsOfOthers(member);
    if (isMissing) {
      note(resolve(member), { name: member, status: 'failed' });
      console.log(`\nnot ok: ${member} has no test of its own`);
    }
    const { passed = 0, failed = Number(isMissing), skipped = 0 } = tally ?? {};
    const others = `${failed > 0 ? `, ${failed} FAILED` : ''}${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    const took = member === members.at(-1) ? ` (${(ms / 1000).toFixed(1)} s)` : '';
    console.log(`[${filesEnded}/${files.length}] ${member}: ${passed} passed${others}${took}`);
  }
});
stream.on('test:fail', ({ name, details, file, todo }) => {
  if (todo !== undefined) return;
  if (stoppedBy !== undefined && isFile(name)) {
    note(file, { name, status: 'failed' });
    return console.log(`\nnot ended: ${file ?? name}: none of its tests is to blame`);
  }
  const { cause } = details.error;
  // Of a file that ended badly though its tests passed.
  const { exitCode, signal } = details.error as { readonly exitCode?: number; readonly signal?: string };
  const ended = exitCode === undefined ? '' : ` (exit code ${exitCode}, signal ${signal})`;
  note(file, { name, status: 'failed' });
  console.log(
    `\nnot ok: ${name}\n  in ${file ?? '?'}\n${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause ?? details.error)}${ended}`,
  );
});
stream.on('test:pass', ({ name, details, file, skip, todo }) => {
  if (details.type === 'suite' || isFile(name)) return;
  if (skip !== undefined || todo !== undefined) {
    const reason = typeof skip === 'string' && skip !== '' ? skip : 'no reason given';
    note(file, { name, status: 'skipped', reason });
    console.log(`skipped: ${name}: ${reason}`);
  } else note(file, { name, status: 'passed' });
});
if (suite === 'system') {
  stream.on('test:pass', ({ name, details, skip }) => {
    if (skip === undefined && details.type !== 'suite' && !isFile(name))
      console.log(`ok: ${name} (${Math.round(details.duration_ms)} ms)`);
  });
}
stream.on('test:stdout', ({ message, file }) => {
  if (message.startsWith('did not end within')) console.log(`\n${file}: ${message.trim()}`);
});
stream.on('test:stderr', ({ message, file }) => {
  if (process.env['POSTERN_TEST_STDERR'] !== undefined) process.stderr.write(`${file}: ${message}`);
});
stream.on('end', () => {
  const count = (status: Outcome['status']): number =>
    outcomes.filter((outcome) => outcome.status === status).length;
  if (words.length === 0 && stoppedBy === undefined) {
    mkdirSync('node_modules/.cache/postern', { recursive: true });
    writeFileSync(`node_modules/.cache/postern/results-${suite}.json`, JSON.stringify(outcomes));
  }
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  console.log(`\n${files.length} files, ${seconds} s`);
  if (stoppedBy !== undefined) console.log(`${stoppedBy} stopped it before all had run`);
  console.log(`${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`);
  if (count('failed') > 0 || count('passed') === 0 || stoppedBy !== undefined) process.exitCode = 1;
  void postgres?.stop();
});
stream.resume();
