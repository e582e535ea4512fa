// One PostgreSQL for tests: its own temporary directory, a Unix socket there, no TCP. It ends and its directory goes when the process that
// started it ends, however that ends: a shell waits at a pipe whose other end is here.

import { type ChildProcessByStdio, execFile, spawn, spawnSync } from 'node:child_process';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { promisify } from 'node:util';
import { asWhom, type Binaries } from './binaries.ts';

export interface PostgresServer {
  /** Of the superuser `postern`, on the database `postgres`. */
  readonly url: string;
  /** Resolves when it has ended and its directory is gone. */
  stop(): Promise<void>;
}

const run = promisify(execFile);
/** Where it stands itself: a tree that links to it may be closed to who runs the server. */
const CACHE = join(realpathSync(join(import.meta.dirname, '../../node_modules')), '.cache/postern');
const MESSAGES_LENGTH_MAX = 16_384;

const settings = [
  // A test server has nothing to lose: what a crash leaves is for the system tests.
  'fsync=off',
  'synchronous_commit=on',
  'shared_buffers=64MB',
  'max_connections=200',
  'listen_addresses=',
  // Errors of statements are for who asked; `log` ranks above them.
  'log_min_messages=log',
  'log_checkpoints=off',
  // It may stand in memory.
  'max_wal_size=192MB',
];

/**
 * $1: the directory, $2: the binaries, $3: the data of a new cluster, then the settings. The server ends when the pipe does. It is told more than
 * once: it listens to no signal yet when it has just begun.
 */
const KEEPER = `
directory=$1; bin=$2; template=$3; shift 3
exec 3<&0
if cp -R "$template" "$directory/data"; then
  "$bin/postgres" -D "$directory/data" -k "$directory" "$@" 3<&- & server=$!
  { cat <&3; while kill -QUIT $server; do sleep 0.1; done; } >/dev/null 2>&1 &
  wait $server
fi
rm -rf "$directory"
`;

export async function startServer(binaries: Binaries): Promise<PostgresServer> {
  const prepared = await prepare(binaries);
  const { directory = privateDirectory(tmpdir()), bin, template } = prepared;
  const options = settings.flatMap((one) => ['-c', one]);
  const keeper = spawn('sh', ['-c', KEEPER, 'sh', directory, bin, template, ...options], {
    ...asWhom,
    cwd: directory,
    // Else the signal that Ctrl-C sends to all of a terminal would end the shell before it has cleaned up.
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  await ready(keeper);
  // It keeps nobody from ending.
  for (const one of [keeper, keeper.stdin as Socket, keeper.stderr as Socket]) one.unref();
  return {
    url: `postgres://postern@localhost/postgres?host=${encodeURIComponent(directory)}`,
    async stop() {
      const gone = new Promise((resolve) => keeper.once('exit', resolve));
      keeper.ref();
      keeper.stdin.end();
      await gone;
    },
  };
}

interface Prepared {
  readonly bin: string;
  readonly template: string;
  /** Absent: nothing is in it yet. */
  readonly directory?: string;
}

async function prepare({ directory: installed, version }: Binaries): Promise<Prepared> {
  const bin = join(installed, 'bin');
  const reached = spawnSync(join(bin, 'postgres'), ['--version'], { ...asWhom, cwd: '/' }).status === 0;
  if (reached) return { bin, template: await templateIn(CACHE, bin, version) };
  // Root keeps the repository where nobody else may look.
  const directory = privateDirectory(tmpdir());
  const copied = join(directory, 'native');
  cpSync(installed, copied, { recursive: true, verbatimSymlinks: true });
  await run('chown', ['-R', `${asWhom.uid}:${asWhom.gid}`, copied]);
  const copiedBin = join(copied, 'bin');
  return { bin: copiedBin, template: await templateIn(directory, copiedBin, version), directory };
}

/** The data of a new cluster: making it takes seconds, copying it a tenth of one. */
async function templateIn(place: string, bin: string, version: string): Promise<string> {
  const kept = join(place, `postgres-${version}-${asWhom.uid ?? process.getuid?.()}`);
  if (existsSync(kept)) return kept;
  mkdirSync(place, { recursive: true });
  const mine = privateDirectory(place);
  const say = ['--username=postern', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  await run(join(bin, 'initdb'), [...say, mine], { ...asWhom, cwd: mine });
  // Another run may do the same meanwhile: the first has it.
  if (existsSync(kept)) rmSync(mine, { recursive: true });
  else renameSync(mine, kept);
  return kept;
}

function privateDirectory(place: string): string {
  const directory = mkdtempSync(join(place, 'postern-postgres-'));
  const { uid, gid } = asWhom;
  if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid);
  return directory;
}

/** Resolves when the server accepts connections. */
function ready(keeper: ChildProcessByStdio<Writable, null, Readable>): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    keeper.stderr.setEncoding('latin1').on('data', (text: string) => {
      said = (said + text).slice(-MESSAGES_LENGTH_MAX);
      if (said.includes('ready to accept connections')) resolve();
    });
    keeper.once('error', reject);
    keeper.once('exit', (code) => reject(new Error(`PostgreSQL ended with code ${code}:\n${said}`)));
  });
}
