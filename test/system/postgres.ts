// A PostgreSQL of Debian's that keeps what it commits (fsync on), on a port of its own on loopback: to be stopped, killed, copied and promoted. It ends
// and its directory goes with the test, or with the process of the test, however that ends.

import { execFile, spawn } from 'node:child_process';
import { appendFileSync, closeSync, existsSync, globSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { asWhom } from '../postgres/binaries.ts';
import { eventually } from './server.ts';
import { freePort } from '../free-port.ts';
import { openServersDirectory } from './servers-directory.ts';

export interface PostgresCluster extends AsyncDisposable {
  /** Of the superuser `postern`, on the database `postgres`. */
  readonly url: string;
  /** Of the process that the others are children of; 0: it does not run. */
  readonly pid: number;
  start(): Promise<void>;
  /** `immediate`: without a checkpoint, as after a crash. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** SIGKILL to all of its processes. */
  kill(): Promise<void>;
  /** A copy that follows this one; its name in `synchronous_standby_names` is `standby`. */
  standby(): Promise<PostgresCluster>;
  /** A standby takes over. */
  promote(): Promise<void>;
  /** The first value of the first row. */
  query(statement: string): Promise<unknown>;
  log(): string;
}

const run = promisify(execFile);
/** Of the newest version that is installed. */
export const postgresBin = globSync('/usr/lib/postgresql/*/bin')
  .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }))
  .at(-1);

/** For `skip` of node:test. */
export const withoutDebianPostgres: string | false =
  postgresBin === undefined
    ? 'not installed: postgresql (scripts/install-system-packages.sh installs it)'
    : false;

/** `settings`: lines of postgresql.conf. */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresCluster> {
  const say = ['--username=postern', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  return open(
    (data) => program('initdb', [...say, data]),
    [
      ...[
        "listen_addresses = '127.0.0.1'",
        'shared_buffers = 64MB',
        'max_connections = 200',
        'hot_standby = on',
      ],
      ...settings,
    ],
  );
}

async function program(name: string, args: readonly string[]): Promise<void> {
  await run(join(postgresBin ?? '', name), args, { ...asWhom, cwd: '/' });
}

async function open(
  fill: (data: string) => Promise<void>,
  settings: readonly string[],
): Promise<PostgresCluster> {
  const port = await freePort();
  const directory = openServersDirectory('postern-debian-postgres-');
  const data = join(directory.path, 'data');
  const log = join(directory.path, 'log');
  const url = `postgres://postern@127.0.0.1:${port}/postgres`;
  let server: Server | undefined;
  const cluster: PostgresCluster = {
    url,
    get pid() {
      return server?.pid ?? 0;
    },
    async start() {
      server = await startIn(data, log);
    },
    async stop(mode = 'fast') {
      await program('pg_ctl', ['stop', '-D', data, '-m', mode]);
      await server?.ended;
    },
    async kill() {
      if (server === undefined) return;
      await killWithChildren(server.pid);
      await server.ended;
    },
    standby: () =>
      open(
        (copy) => program('pg_basebackup', ['-D', copy, '-d', url, '-R', '-X', 'stream', '-c', 'fast']),
        ["cluster_name = 'standby'"],
      ),
    promote: () => program('pg_ctl', ['promote', '-D', data]),
    query: (statement) => ask(url, statement),
    log: () => readFileSync(log, 'utf8'),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
  try {
    await fill(data);
    const own = [...settings, `port = ${port}`, `unix_socket_directories = '${directory.path}'`];
    appendFileSync(join(data, 'postgresql.conf'), `${own.join('\n')}\n`);
    await cluster.start();
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
  return cluster;
}

/** The first value of the first row. */
export async function ask(url: string, statement: string): Promise<unknown> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return Object.values(((await client.query(statement)).rows[0] as object | undefined) ?? {})[0];
  } finally {
    await client.end();
  }
}

interface Server {
  readonly pid: number;
  readonly ended: Promise<unknown>;
}

/** Not by pg_ctl: a child of ours is gone as soon as it is killed, an orphan when the first process of the system looks for it. */
async function startIn(data: string, log: string): Promise<Server> {
  const output = openSync(log, 'a');
  const child = spawn(join(postgresBin ?? '', 'postgres'), ['-D', data], {
    ...{ ...asWhom, cwd: '/', detached: true, stdio: ['ignore', output, output] },
  });
  closeSync(output);
  child.unref();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await eventually('PostgreSQL ready', 20, () => {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended:\n${readFileSync(log, 'utf8')}`);
    const [pid, , , , , , , status] = textOf(join(data, 'postmaster.pid')).split('\n');
    return Number(pid) === child.pid && status?.trim() === 'ready';
  });
  return { pid: child.pid ?? 0, ended };
}

function textOf(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** The first is stopped before its children are listed: it would start others in their place. */
export async function killWithChildren(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const { stdout } = await run('pgrep', ['-P', String(pid)]);
  const children = stdout.trim().split('\n').map(Number);
  for (const each of [pid, ...children]) process.kill(each, 'SIGKILL');
  await eventually('all processes of PostgreSQL gone', 5, () => children.every(isGone));
}

/** A zombie is gone: the process that adopted it has not looked yet. */
export function isGone(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}
