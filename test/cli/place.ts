// The command line as an operator uses it, mostly without a running server: what each command says, what it leaves behind, how it exits. This is what
// the tests of it share.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { systemClock } from '../../src/platform/clock.ts';
import { systemEntropy } from '../../src/platform/entropy.ts';
import { lockDataDirectory } from '../../src/store/sqlite/data-directory.ts';
import { openSqliteStore } from '../../src/store/sqlite/open.ts';
import { type Ended, openShell, type Shell } from '../system/shell.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
export const PASSWORD = 'correct horse battery staple';
export const DAY_MS = 86_400_000;
export const USAGE = 2;
export const COULD_NOT_TELL = 3;
/** sysexits.h, as `serve` ends. */
export const CONFIG = 78;

export const root = mkdtempSync(join(tmpdir(), 'postern-cli-'));
const environment = { NODE_COMPILE_CACHE: join(root, 'compiled'), ...process.env };

interface How {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** `account add 'two words'`: as in a shell. */
function words(line: string): readonly string[] {
  return (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/s, '$1'));
}

/** `node src/main.ts …` */
export function spawned(line: string, { input = '', cwd = root, env = {} }: How = {}): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...words(line)], { cwd, env: { ...environment, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ status: code ?? -1, stdout, stderr }));
  });
}

let shell: Promise<Shell> | undefined;

/** The same program, in a process that stays. */
export async function postern(line: string, input?: string): Promise<Ended> {
  shell ??= openShell(root, environment);
  return (await shell).run(words(line), input);
}

after(async () => {
  (await shell)?.close();
  rmSync(root, { recursive: true, force: true });
});

export function assertRefused(result: Ended, status: number, because: RegExp, line: string): void {
  const said = `postern ${line}: ${result.status} ${result.stdout}${result.stderr}`;
  assert.equal(result.status, status, said);
  assert.match(result.stderr, because, said);
  assert.match(result.stderr, /^(postern|error): [^\n]+\n/, said);
  assert.doesNotMatch(result.stderr, /\n {4}at |Error:/, said);
}

export interface Place {
  readonly directory: string;
  readonly data: string;
  readonly config: string;
  run(line: string, input?: string): Promise<Ended>;
  /** Expects exit code 0; gives standard output. */
  good(line: string): Promise<string>;
  /** Expects exit code `status` and a message that says why. */
  refused(status: number, because: RegExp, line: string): Promise<void>;
}

let places = 0;

/** An empty one, as a first start leaves it. */
export function makeStore({ data }: Place): void {
  lockDataDirectory(data)();
  openSqliteStore({ dataDirectory: data, clock: systemClock, entropy: systemEntropy() }).close();
}

/** A directory with a configuration of its own. */
export function place(...extra: readonly string[]): Place {
  const directory = join(root, String((places += 1)));
  mkdirSync(directory);
  const config = join(directory, 'postern.yaml');
  const lines = [
    'hostname: msa.example.org',
    'domains: [example.org]',
    'data: ./data',
    'tls: { cert: cert.pem, key: key.pem }',
    'relay: { files: ./outbox }',
    ...extra,
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const run = (line: string, input?: string): Promise<Ended> => postern(`${line} -c ${config}`, input);
  return {
    ...{ directory, config, run },
    data: join(directory, 'data'),
    async good(line) {
      const { status, stdout, stderr } = await run(line);
      assert.equal(status, 0, `postern ${line}: ${stderr}`);
      assert.equal(stderr, '');
      return stdout;
    },
    async refused(status, because, line) {
      assertRefused(await run(line), status, because, line);
    },
  };
}

interface Shown {
  readonly id: string;
  readonly login: string;
  readonly state: string;
  readonly rights: readonly string[];
  readonly credentials: readonly {
    readonly id: string;
    readonly label: string;
    readonly expiresAt?: string;
    readonly disabled?: { readonly at: string; readonly by: string };
  }[];
  readonly limits: Readonly<Record<string, number | 'none'>>;
}

export async function show(at: Place, login: string): Promise<Shown> {
  return JSON.parse(await at.good(`account show ${login} --json`)) as Shown;
}

interface Exported {
  readonly type: string;
  readonly identityId?: string;
  readonly payload?: {
    readonly by?: string;
    readonly action?: string;
    readonly detail?: Readonly<Record<string, unknown>>;
  };
}

/** Without what the exports themselves left in it. */
export async function trail(at: Place, options = ''): Promise<readonly Exported[]> {
  const lines = (await at.good(`audit export ${options}`)).split('\n').filter((line) => line !== '');
  return lines
    .map((line) => JSON.parse(line) as Exported)
    .filter(({ payload }) => payload?.action !== 'audit export');
}

/** Everything that the data directory holds, as one text. */
export function stored(data: string): string {
  return readdirSync(data, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => readFileSync(join(data, name), 'latin1'))
    .join('\n');
}
