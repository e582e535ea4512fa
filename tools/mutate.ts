// Puts each known fault into a copy of the source, one at a time, and asks the tests that must find it: a test that passes all the same
// proves less than it says. One whose tests wait for good must be made to end: everybody would wait with it. The faults are data: tools/faults.
//   npm run mutate                     all of them; ends with "N passed, N failed", a passed one was found
//   npm run mutate -- authenticator    only faults whose file or words hold one of these
//   npm run mutate -- simulation       only this list of tools/faults/all.ts: the seeds that once failed
//   npm run mutate -- --check          only says whether each edit still fits the source
//   npm run mutate -- --list           names them

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { faults } from './faults/all.ts';
import type { Fault } from './faults/fault.ts';

/** Seven times what the longest took while others had the cores too. */
const TEST_MS_MAX = 300_000;

const { values, positionals } = parseArgs({
  options: { check: { type: 'boolean', default: false }, list: { type: 'boolean', default: false } },
  allowPositionals: true,
});

const isChosen = ({ file, why }: Fault): boolean =>
  positionals.length === 0 || positionals.some((word) => file.includes(word) || why.includes(word));
const chosen = Object.entries(faults).flatMap(([name, list]) =>
  positionals.includes(name) ? list : list.filter((fault) => isChosen(fault)),
);

function misfitOf({ file, from, to, tests, seeds }: Fault): string | undefined {
  const times = readFileSync(file, 'utf8').split(from).length - 1;
  if (times !== 1) return `its edit fits ${times} places of ${file}, not one`;
  if (from === to) return 'it changes nothing';
  return tests.length === 0 && seeds === undefined ? 'no test is named' : undefined;
}

/** What git knows, and what is new; with the modules of this tree. */
function copyOfTree(): string {
  const copy = mkdtempSync(join(tmpdir(), 'postern-mutate-'));
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
  });
  for (const file of files.trim().split('\n')) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(file, join(copy, file));
  }
  symlinkSync(resolve('node_modules'), join(copy, 'node_modules'));
  return copy;
}

/** By what a fault is found. */
type Found = Pick<Fault, 'tests' | 'seeds' | 'scenario'>;

type Ran = 'passed' | 'failed' | 'endless';

/** Up to the first that does not pass. */
function ran(tree: string, { tests, seeds = [], scenario }: Found): Ran {
  const plan = scenario === undefined ? [] : ['--scenario', scenario];
  const runs = [
    ...(tests.length === 0 ? [] : [['tools/test.ts', 'unit', ...tests]]),
    ...seeds.map((seed) => [
      ...['--disable-warning=ExperimentalWarning', 'tools/sim.ts', ...plan, '--seed', String(seed)],
    ]),
  ];
  for (const args of runs) {
    const { status, error } = spawnSync(process.execPath, args, {
      cwd: tree,
      stdio: 'ignore',
      timeout: TEST_MS_MAX,
    });
    if (error !== undefined) return 'endless';
    if (status !== 0) return 'failed';
  }
  return 'passed';
}

/** Tests that fail without any fault find nothing. */
function redWithoutFault(tree: string): readonly string[] {
  const wanted = new Map(
    chosen.map(({ tests, seeds, scenario }) => [
      JSON.stringify([tests, seeds, scenario]),
      { tests, seeds, scenario },
    ]),
  );
  return [...wanted].flatMap(([key, one]) => {
    const outcome = ran(tree, one as Found);
    if (outcome === 'passed') return [];
    return `these tests ${outcome === 'failed' ? 'fail' : `have ${words.endless}`} without a fault: ${key}`;
  });
}

function ranWith(tree: string, fault: Fault): Ran {
  const path = join(tree, fault.file);
  const source = readFileSync(path, 'utf8');
  writeFileSync(
    path,
    source.replace(fault.from, () => fault.to),
  );
  try {
    return ran(tree, fault);
  } finally {
    writeFileSync(path, source);
  }
}

const words: Readonly<Record<Ran, string>> = {
  passed: 'SURVIVED',
  failed: 'found',
  endless: `NO END within ${TEST_MS_MAX / 60_000} minutes`,
};

function run(): boolean {
  if (chosen.length === 0) {
    console.error(
      `no fault has "${positionals.join('" or "')}" in its file or words: see npm run mutate -- --list`,
    );
    return false;
  }
  const tree = copyOfTree();
  let found = 0;
  try {
    const red = redWithoutFault(tree);
    for (const line of red) console.error(line);
    if (red.length > 0) return false;
    for (const [at, fault] of chosen.entries()) {
      const outcome = ranWith(tree, fault);
      if (outcome === 'failed') found += 1;
      console.log(`[${at + 1}/${chosen.length}] ${words[outcome]}: ${fault.why} (${fault.file})`);
    }
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
  console.log(`${found} passed, ${chosen.length - found} failed`);
  return found === chosen.length;
}

const all = Object.values(faults).flat();
const misfits = all.flatMap((fault) => {
  const misfit = misfitOf(fault);
  return misfit === undefined ? [] : [`${fault.why}: ${misfit}`];
});
for (const misfit of misfits) console.error(misfit);
if (values.list) for (const { file, why } of chosen) console.log(`${file}: ${why}`);
const isFine = misfits.length === 0 && (values.check || values.list || run());
if (!isFine) process.exitCode = 1;
