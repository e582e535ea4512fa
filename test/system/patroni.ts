// Three members of Patroni with an etcd, each with a PostgreSQL of Debian's, on ports of their own on loopback: to be killed, and to find a new primary by themselves.
// Their configuration is packaging/cluster/patroni.yml; addresses, directories and logins without a password are the test's.

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse, stringify } from 'yaml';
import { asWhom } from '../postgres/binaries.ts';
import { freePort } from '../free-port.ts';
import { ask, isGone, killWithChildren, postgresBin, withoutDebianPostgres } from './postgres.ts';
import { eventually, lacking } from './server.ts';
import { openServersDirectory } from './servers-directory.ts';

const TEMPLATE = join(import.meta.dirname, '../../packaging/cluster/patroni.yml');
const ETCD = '/opt/postern-test/etcd/usr/bin/etcd';

/** For `skip` of node:test. */
export const withoutPatroni: string | false =
  withoutDebianPostgres ||
  lacking('patroni', 'patronictl') ||
  (existsSync(ETCD) ? false : 'not installed: etcd (scripts/install-system-packages.sh installs it)');

export interface Member {
  readonly name: string;
  /** Of its PostgreSQL. */
  readonly address: string;
  /** As its Patroni says; false: it does not run. */
  is(role: 'primary' | 'replica' | 'sync' | 'running'): Promise<boolean>;
  /** Its Patroni, which starts its PostgreSQL. */
  start(): Promise<void>;
  /** SIGKILL to Patroni and to all processes of its PostgreSQL. */
  kill(): Promise<void>;
  /** SIGKILL to Patroni alone: its PostgreSQL goes on. */
  killPatroni(): Promise<void>;
  /** The first value of the first row. */
  query(statement: string): Promise<unknown>;
}

/** As the primary itself sees it. */
export interface Roles {
  readonly primary: Member;
  /** Its commits wait for this one. */
  readonly standby: Member;
  readonly other: Member;
}

export interface PatroniCluster extends AsyncDisposable {
  readonly members: readonly Member[];
  readonly etcd: Etcd;
  /** Waits until one leads, and another one confirms its commits. */
  roles(): Promise<Roles>;
  /** A command of patronictl; gives what it prints. */
  ctl(...args: readonly string[]): Promise<string>;
}

/** In these the database `postern` and its owner of that name are made. */
export async function startPatroni(): Promise<PatroniCluster> {
  await using stack = new AsyncDisposableStack();
  const directory = stack.use(openServersDirectory('postern-patroni-'));
  const etcd = await openEtcd(directory.path);
  await etcd.start();
  const members = await Promise.all(
    ['db1', 'db2', 'db3'].map((name) => openMember(name, directory.path, etcd.address)),
  );
  // One makes the cluster, the others copy it.
  const [first, ...others] = members;
  await first?.start();
  await Promise.all(others.map((member) => member.start()));
  const cluster: PatroniCluster = {
    ...{ members, etcd },
    roles: () => eventually('a primary with a synchronous standby', 120, () => rolesOf(members)),
    async ctl(...args) {
      const { stdout } = await promisify(execFile)(
        'patronictl',
        ['-c', join(directory.path, 'db1.yml'), ...args],
        { env: environmentIn(directory.path) },
      );
      return stdout;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
  const { primary } = await cluster.roles();
  await primary.query('CREATE ROLE postern LOGIN');
  await primary.query("CREATE DATABASE postern OWNER postern ENCODING 'UTF8' TEMPLATE template0");
  const owned = stack.move();
  return cluster;
}

const environmentIn = (directory: string): NodeJS.ProcessEnv => ({
  ...{ PATH: process.env['PATH'], HOME: directory, LC_ALL: 'C.UTF-8' },
});

interface Program {
  start(): void;
  kill(): Promise<void>;
  /** Throws, with what it said, if it ended by itself. */
  assertRuns(): void;
}

/** Runs in a session of its own, with its output in NAME.log. */
function programIn(directory: string, name: string, command: string, args: readonly string[]): Program {
  const log = join(directory, `${name}.log`);
  let running: { readonly child: ChildProcess; readonly ended: Promise<void> } | undefined;
  return {
    start() {
      const output = openSync(log, 'a');
      const child = spawn(command, args, {
        ...{ ...asWhom, cwd: '/', detached: true, stdio: ['ignore', output, output] },
        env: environmentIn(directory),
      });
      closeSync(output);
      child.unref();
      running = { child, ended: new Promise((resolve) => child.once('exit', () => resolve())) };
      writeFileSync(join(directory, `${name}.pid`), String(child.pid));
    },
    async kill() {
      running?.child.kill('SIGKILL');
      await running?.ended;
    },
    assertRuns() {
      if (running?.child.exitCode !== null) throw new Error(`${name} ended:\n${readFileSync(log, 'utf8')}`);
    },
  };
}

async function rolesOf(members: readonly Member[]): Promise<Roles | undefined> {
  const roles = await Promise.all(
    members.map(async (member) => ({
      member,
      leads: await member.is('primary'),
      isSync: await member.is('sync'),
    })),
  );
  const primary = roles.find(({ leads }) => leads)?.member;
  const standby = roles.find(({ isSync }) => isSync)?.member;
  const other = members.find((member) => member !== primary && member !== standby);
  if (primary === undefined || standby === undefined || other === undefined) return undefined;
  const state = await primary.query(
    `SELECT sync_state FROM pg_stat_replication WHERE application_name = '${standby.name}' AND state = 'streaming'`,
  );
  return state === 'sync' ? { primary, standby, other } : undefined;
}

const isAnswering = async (url: string): Promise<boolean> =>
  (await fetch(url).catch(() => undefined))?.ok === true;

export interface Etcd {
  readonly address: string;
  start(): Promise<void>;
  kill(): Promise<void>;
}

async function openEtcd(directory: string): Promise<Etcd> {
  const [client, peer] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const program = programIn(directory, 'etcd', ETCD, [
    ...['--name', 'etcd', '--data-dir', join(directory, 'etcd')],
    ...['--listen-client-urls', `http://${client}`, '--advertise-client-urls', `http://${client}`],
    ...['--listen-peer-urls', `http://${peer}`, '--initial-advertise-peer-urls', `http://${peer}`],
    ...['--initial-cluster', `etcd=http://${peer}`],
  ]);
  return {
    address: client,
    kill: () => program.kill(),
    async start() {
      program.start();
      await eventually('etcd ready', 20, () => {
        program.assertRuns();
        return isAnswering(`http://${client}/health`);
      });
    },
  };
}

interface Configuration {
  readonly restapi: object;
  readonly postgresql: { readonly parameters: object };
}

async function openMember(name: string, directory: string, etcd: string): Promise<Member> {
  const home = join(directory, name);
  mkdirSync(home, { mode: 0o700 });
  const { uid = -1, gid = -1 } = asWhom;
  chownSync(home, uid, gid);
  const [address, rest] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const template = parse(readFileSync(TEMPLATE, 'utf8')) as Configuration;
  const file = join(directory, `${name}.yml`);
  const own = {
    ...{ ...template, name, etcd3: { hosts: [etcd] } },
    restapi: { listen: rest, connect_address: rest },
    postgresql: {
      ...template.postgresql,
      ...{ listen: address, connect_address: address, data_dir: join(home, 'data'), bin_dir: postgresBin },
      ...{ pgpass: join(home, 'pgpass'), parameters: { unix_socket_directories: home } },
      pg_hba: ['host all all 127.0.0.1/32 trust', 'host replication all 127.0.0.1/32 trust'],
    },
  };
  writeFileSync(file, stringify(own));
  const patroni = programIn(directory, name, 'patroni', [file]);
  const postmaster = (): number =>
    Number(readFileSync(join(home, 'data/postmaster.pid'), 'utf8').split('\n')[0]);
  const paths = { primary: 'primary', replica: 'replica', sync: 'sync', running: 'health' } as const;
  const is: Member['is'] = (role) => isAnswering(`http://${rest}/${paths[role]}`);
  return {
    ...{ name, address, is },
    async start() {
      const pid = existsSync(join(home, 'data/postmaster.pid')) ? postmaster() : 0;
      // A zombie would be taken for a PostgreSQL that runs.
      if (isGone(pid)) await eventually(`no process ${pid}`, 60, () => !existsSync(`/proc/${pid}`));
      patroni.start();
      await eventually(`${name} runs`, 120, () => {
        patroni.assertRuns();
        return is('running');
      });
    },
    async kill() {
      await patroni.kill();
      await killWithChildren(postmaster());
    },
    killPatroni: () => patroni.kill(),
    query: (statement) => ask(`postgres://postgres@${address}/postgres`, statement),
  };
}
