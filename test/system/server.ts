// A real server for the system tests: its own directory, its own ports on loopback, started and stopped by this process alone.

import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { makeCertificate } from '../../src/cli/certificate.ts';
import { withStore } from '../../src/cli/context.ts';
import type { Role } from '../../src/config/roles.ts';
import { freePort } from '../free-port.ts';

const NODE = process.execPath;
const MAIN = join(import.meta.dirname, '../../src/main.ts');
const LAUNCHER = join(import.meta.dirname, '../../bin/postern');
export const PASSWORD = 'correct horse battery staple';

/** The limit only ends a test that hangs: factor for a busy machine on the seconds that an idle one needs. */
const PATIENCE = 6;
/** For a program that ends by itself. */
export const HANGING_MS = PATIENCE * 60_000;

const OUTPUT_LENGTH_MAX = 64 * 1024 * 1024;

export interface TestServer {
  readonly directory: string;
  readonly config: string;
  readonly submission: number;
  readonly submissions: number;
  readonly mx: number;
  readonly http: number;
  readonly outbox: string;
  readonly certificate: string;
  readonly pid: number;
  /** Runs a command of the command line against this server's configuration. */
  postern(args: readonly string[], input?: string): { status: number; stdout: string; stderr: string };
  log(): string;
  /** Stops reading its standard output, or goes on. */
  readLog(read: boolean): void;
  kill(signal?: NodeJS.Signals): Promise<void>;
  start(options?: StartOptions): Promise<void>;
  stop(): Promise<void>;
  /** Waits until it has ended by itself; its exit code. */
  ended(): Promise<number | null>;
  /** Stops it if it runs and removes its directory. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface StartOptions {
  /** Of another release (`trees.ts`). Absent: of this tree. */
  readonly launcher?: string;
  /** A program that runs the server, e.g. strace with its arguments. */
  readonly wrapper?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Of `--role`. */
  readonly roles?: readonly Role[];
}

export interface ServerOptions extends StartOptions {
  /** YAML that goes into the configuration as it is; default relay: files. */
  readonly relay?: string;
  readonly extra?: string;
  readonly accounts?: readonly string[];
  /** Default true: add the accounts and start. */
  readonly autostart?: boolean;
  /** Run in the new directory before anything is written into `data`. */
  readonly prepare?: (directory: string) => void;
  /** `{submission}` etc. are filled in. Default: 587-like STARTTLS, 465-like implicit TLS. */
  readonly mx?: boolean;
  /** A network whose connections to each listener begin with a PROXY header. */
  readonly proxy?: string;
}

export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-system-'));
  const made = await makeCertificate(['msa.example.org', 'localhost'], ['127.0.0.1']);
  writeFileSync(join(directory, 'cert.pem'), made.cert);
  writeFileSync(join(directory, 'key.pem'), made.key, { mode: 0o600 });
  const ports: Ports = {
    submission: await freePort(),
    submissions: await freePort(),
    mx: await freePort(),
    http: await freePort(),
  };
  const server = new RunningServer(directory, ports, options);
  writeFileSync(server.config, configurationOf(ports, options));
  options.prepare?.(directory);
  if (options.autostart !== false) {
    const accounts = options.accounts ?? ['alice@example.org', 'bob@example.org'];
    if (options.launcher === undefined) await addAccounts(server.config, accounts);
    else await addAccountsBy(options.launcher, server.config, accounts);
    await server.start();
  }
  return server;
}

/** In this process: starts of a command for each would be a good part of what a test takes. */
function addAccounts(config: string, logins: readonly string[]): Promise<void> {
  return withStore(
    { config },
    async ({ administration }) => {
      const account = { mailbox: true, allowReserved: true, password: PASSWORD };
      await Promise.all(logins.map((login) => administration().addAccount({ ...account, login })));
    },
    { makes: true },
  );
}

/** A store that another release makes must not be opened by this one before. */
async function addAccountsBy(launcher: string, config: string, logins: readonly string[]): Promise<void> {
  for (const login of logins) {
    const added = promisify(execFile)(launcher, ['account', 'add', login, '--password-stdin', '-c', config]);
    added.child.stdin?.end(`${PASSWORD}\n`);
    await added;
  }
}

type Ports = Pick<TestServer, 'submission' | 'submissions' | 'mx' | 'http'>;

function configurationOf({ submission, submissions, mx, http }: Ports, options: ServerOptions): string {
  const listener = (port: number, rest: string): string =>
    `  - { port: ${port}, address: 127.0.0.1, ${rest}, proxy: [${options.proxy ?? ''}] }`;
  return [
    'hostname: msa.example.org',
    'domains: [example.org]',
    'data: ./data',
    'tls: { cert: cert.pem, key: key.pem }',
    'listeners:',
    listener(submission, 'role: submission, tls: starttls'),
    listener(submissions, 'role: submission, tls: implicit'),
    ...(options.mx === true ? [listener(mx, 'role: mx, tls: starttls')] : []),
    `http: { address: 127.0.0.1, port: ${http} }`,
    options.relay ?? 'relay: { files: ./outbox }',
    options.extra ?? '',
    '',
  ].join('\n');
}

/** They must not outlive a process that is ended before its tests stop them. */
const children = new Set<ChildProcess>();
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));

class RunningServer implements TestServer {
  readonly directory: string;
  readonly submission: number;
  readonly submissions: number;
  readonly mx: number;
  readonly http: number;
  readonly #options: StartOptions;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(directory: string, ports: Ports, options: StartOptions) {
    this.directory = directory;
    this.submission = ports.submission;
    this.submissions = ports.submissions;
    this.mx = ports.mx;
    this.http = ports.http;
    this.#options = options;
  }

  get config(): string {
    return join(this.directory, 'postern.yaml');
  }

  get outbox(): string {
    return join(this.directory, 'outbox');
  }

  get certificate(): string {
    return join(this.directory, 'cert.pem');
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  postern(args: readonly string[], input = ''): { status: number; stdout: string; stderr: string } {
    const result = spawnSync(NODE, [MAIN, ...args, '-c', this.config], {
      input,
      encoding: 'utf8',
      timeout: HANGING_MS,
    });
    return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  log(): string {
    return this.#output;
  }

  readLog(read: boolean): void {
    if (read) this.#child?.stdout?.resume();
    else this.#child?.stdout?.pause();
  }

  async start(how: StartOptions = this.#options): Promise<void> {
    const [program, ...args] = [
      ...(how.wrapper ?? []),
      how.launcher ?? LAUNCHER,
      'serve',
      '-c',
      this.config,
      ...(how.roles ?? []).flatMap((role) => ['--role', role]),
    ];
    const started = spawn(program ?? LAUNCHER, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...how.environment },
    });
    this.#child = started;
    children.add(started);
    started.once('exit', () => children.delete(started));
    const from = this.#output.length;
    // A million messages log half a gigabyte: the older half goes.
    started.stdout.on('data', (data) => {
      this.#output += String(data);
      if (this.#output.length > OUTPUT_LENGTH_MAX) this.#output = this.#output.slice(-OUTPUT_LENGTH_MAX / 2);
    });
    started.stderr.on('data', (data) => (this.#output += String(data)));
    for (let waited = 0; !this.#output.slice(from).includes('"msg":"ready"'); waited += 20) {
      if (started.exitCode !== null || waited > HANGING_MS)
        throw new Error(`the server did not start:\n${this.#output.slice(from)}`);
      await delay(20);
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const running = this.#child;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const gone = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await gone;
    this.#child = undefined;
  }

  stop(): Promise<void> {
    return this.kill('SIGTERM');
  }

  async ended(): Promise<number | null> {
    const running = this.#child;
    if (running === undefined || running.exitCode !== null) return running?.exitCode ?? null;
    return new Promise((resolve) => running.once('exit', resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** The .eml files of a `files:` relay, oldest first. */
export function delivered(directory: string): readonly { readonly name: string; readonly bytes: Buffer }[] {
  let names: string[];
  try {
    names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.eml') && !name.includes('tmp'))
    .sort()
    .map((name) => ({ name, bytes: readFileSync(join(directory, name)) }));
}

/** Waits until `condition` gives something; `seconds` are ample on an idle machine. */
export async function eventually<T>(
  what: string,
  seconds: number,
  condition: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (let waited = 0; waited < PATIENCE * seconds * 1000; waited += 50) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    await delay(50);
  }
  throw new Error(`${what}: not within ${PATIENCE * seconds} s`);
}

/** The reason to skip a test that needs these programs, or undefined. */
export function lacking(...programs: readonly string[]): string | false {
  const missing = programs.filter(
    (program) =>
      spawnSync('sh', ['-c', `command -v ${program}`], {
        env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
      }).status !== 0,
  );
  return missing.length === 0
    ? false
    : `not installed: ${missing.join(', ')} (scripts/install-system-packages.sh installs it)`;
}
