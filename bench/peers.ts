// The servers that are measured: each listens for submission with STARTTLS and AUTH PLAIN on loopback and relays everything to the sink.

import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '../src/cli/certificate.ts';
import { makeDkimKey } from '../src/cli/dkim.ts';
import { startPostgres, withoutDebianPostgres } from '../test/system/postgres.ts';
import { eventually, lacking, PASSWORD, startServer } from '../test/system/server.ts';
import { freePort } from '../test/free-port.ts';

export interface Peer {
  readonly name: string;
  readonly port: number;
  /** Of its other nodes: each takes as much of the load. */
  readonly morePorts?: readonly number[];
  readonly user: string;
  readonly from: string;
  readonly password: string;
  /** User and system time of all its processes so far, seconds. */
  cpuSeconds(): number;
  /** Memory of all its processes, what they share counted once for each that shares it in part (PSS). */
  residentMiB(): number;
  stop(): Promise<void>;
}

const LOGIN = 'alice@example.org';
const TICKS_PER_SECOND = 100;

/** Own time and that of children that have ended. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
  } catch {
    return 0;
  }
}

/** All processes below one, found in one walk over /proc: a program started for each would take the cores from what is measured. */
function childrenOf(pid: number): readonly number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(Number(name))] as const);
  const below = (parent: number): readonly number[] =>
    parents.flatMap(([own, its]) => (its === parent ? [own, ...below(own)] : []));
  return below(pid);
}

function parentOf(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1]);
  } catch {
    return 0;
  }
}

function cpuOfTree(pid: number): number {
  return [pid, ...childrenOf(pid)].reduce((sum, one) => sum + cpuOf(one), 0);
}

function residentOfTree(pid: number): number {
  const sizes = [pid, ...childrenOf(pid)].map((one) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1024);
}

export const startPostern = (sink: number): Promise<Peer> => startPosternAs('postern', sink, '');

/** The same, with an rsa-2048 signature on each message. */
export async function startPosternSigning(sink: number): Promise<Peer> {
  const key = join(mkdtempSync(join(tmpdir(), 'postern-bench-dkim-')), 'key.pem');
  await makeDkimKey(key, 'rsa');
  return startPosternAs('postern-dkim', sink, `dkim: [{ domain: example.org, selector: b, key: ${key} }]`);
}

/** The same with two front threads, where two cores have one. */
export const startPosternOfTwo = (sink: number): Promise<Peer> =>
  startPosternAs('postern-two', sink, 'threads: { fronts: 2 }');

export const postgresMissing = withoutDebianPostgres;

/** The same with its store on a PostgreSQL of its own that syncs what it commits; that counts with the server. */
export const startPosternOnPostgres = (sink: number): Promise<Peer> =>
  startNodes('postern-postgres', sink, ['bench']);

/** The same with a second node on that PostgreSQL, which counts too, and takes no load. */
export async function startPosternBesideAnother(sink: number): Promise<Peer> {
  const { morePorts: _idle, ...peer } = await startNodes('postern-beside', sink, ['bench', 'idle']);
  return peer;
}

/** The same with a second node on that PostgreSQL, which takes half of the load. */
export const startPosternOfTwoNodes = (sink: number): Promise<Peer> =>
  startNodes('postern-nodes', sink, ['bench', 'other']);

async function startNodes(name: string, sink: number, names: readonly [string, ...string[]]): Promise<Peer> {
  const database = await startPostgres([
    ...['shared_buffers = 256MB', 'max_wal_size = 4GB', 'checkpoint_timeout = 15min'],
  ]);
  const start = (node: string, accounts?: readonly string[]): Promise<Peer> =>
    startPosternAs(name, sink, `store: { postgres: "${database.url}" }\nnode: ${node}`, accounts);
  const first = await start(names[0]);
  const others = await Promise.all(names.slice(1).map((node) => start(node, [])));
  const sum = (of: (peer: Peer) => number): number =>
    [first, ...others].reduce((total, peer) => total + of(peer), 0);
  return {
    ...first,
    ...(others.length === 0 ? {} : { morePorts: others.map(({ port }) => port) }),
    cpuSeconds: () => sum((peer) => peer.cpuSeconds()) + cpuOfTree(database.pid),
    residentMiB: () => sum((peer) => peer.residentMiB()) + residentOfTree(database.pid),
    async stop() {
      for (const peer of [first, ...others]) await peer.stop();
      await database[Symbol.asyncDispose]();
    },
  };
}

async function startPosternAs(
  name: string,
  sink: number,
  extra: string,
  accounts?: readonly string[],
): Promise<Peer> {
  const server = await startServer({
    relay: `relay: { smarthost: "smtp://127.0.0.1:${sink}" }`,
    extra: `limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }\n${extra}`,
    ...(accounts === undefined ? {} : { accounts }),
  });
  return {
    ...{ name, port: server.submission, user: LOGIN, from: LOGIN, password: PASSWORD },
    cpuSeconds: () => cpuOfTree(server.pid),
    residentMiB: () => residentOfTree(server.pid),
    stop: () => server[Symbol.asyncDispose](),
  };
}

export const postfixMissing = (): string | false => lacking('postfix', 'dovecot');

export interface PostfixPeer extends Peer {
  /** The file; for `localhost`. */
  readonly certificate: string;
}

/** Debian's Postfix with Dovecot for AUTH, otherwise as it comes; `extra` are lines for main.cf, `auth` for dovecot.conf. */
export async function startPostfixPeer(
  sink: number,
  extra: readonly string[] = [],
  auth: readonly string[] = [],
): Promise<PostfixPeer> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-bench-postfix-'));
  chmodSync(directory, 0o755);
  const port = await freePort();
  const made = await makeCertificate(['localhost'], ['127.0.0.1']);
  const at = (name: string): string => join(directory, name);
  writeFileSync(at('cert.pem'), made.cert);
  writeFileSync(at('key.pem'), made.key, { mode: 0o600 });
  for (const name of ['etc', 'queue', 'data', 'run']) mkdirSync(at(name));
  const id = (kind: string, name: string): number =>
    Number(spawnSync('id', [kind, name], { encoding: 'utf8' }).stdout.trim());
  chownSync(at('data'), id('-u', 'postfix'), id('-g', 'postfix'));
  writeFileSync(at('users'), `${LOGIN}:{PLAIN}${PASSWORD}::::::\n`);
  writeFileSync(at('dovecot.conf'), `${dovecotConfig(at)}${auth.join('\n')}\n`);
  writeFileSync(at('etc/main.cf'), onceEach([...postfixMain(at, sink).trimEnd().split('\n'), ...extra]));
  writeFileSync(at('etc/master.cf'), postfixMaster(port));
  const dovecot = spawn('/usr/sbin/dovecot', ['-F', '-c', at('dovecot.conf')], { stdio: 'ignore' });
  await eventually('Dovecot auth', 20, () => readdirSync(at('run')).includes('auth-client'));
  const control = (action: string): void => {
    const result = spawnSync('postfix', ['-c', at('etc'), action], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    });
    if (result.status !== 0) throw new Error(`postfix ${action}: ${result.stderr}`);
  };
  control('start');
  await eventually(
    'Postfix listening',
    20,
    () => spawnSync('bash', ['-c', `</dev/tcp/127.0.0.1/${port}`]).status === 0,
  );
  const master = Number(readFileSync(at('queue/pid/master.pid'), 'utf8').trim());
  return {
    ...{ name: 'postfix', port, user: LOGIN, from: LOGIN, password: PASSWORD },
    certificate: at('cert.pem'),
    cpuSeconds: () => cpuOfTree(master) + cpuOfTree(dovecot.pid ?? 0),
    residentMiB: () => residentOfTree(master) + residentOfTree(dovecot.pid ?? 0),
    async stop() {
      control('stop');
      const gone = new Promise((resolve) => dovecot.once('exit', resolve));
      dovecot.kill('SIGTERM');
      await gone;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function dovecotConfig(at: (name: string) => string): string {
  return `protocols =
base_dir = ${at('run')}
log_path = ${at('dovecot.log')}
ssl = no
default_internal_user = dovecot
default_login_user = dovenull
auth_mechanisms = plain login
passdb {
  driver = passwd-file
  args = ${at('users')}
}
service auth {
  unix_listener auth-client {
    mode = 0666
  }
}
`;
}

/** Later lines replace earlier ones: each process warns of a setting that stands twice, and so many warnings at the start stall Postfix's logger for ever. */
function onceEach(settings: readonly string[]): string {
  const byName = new Map(settings.map((line) => [line.split(' =')[0], line]));
  return `${[...byName.values()].join('\n')}\n`;
}

function postfixMain(at: (name: string) => string, sink: number): string {
  return `compatibility_level = 3.6
queue_directory = ${at('queue')}
data_directory = ${at('data')}
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = localhost.example.org
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
relayhost = [127.0.0.1]:${sink}
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = ${at('cert.pem')}
smtpd_tls_key_file = ${at('key.pem')}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${at('run/auth-client')}
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = permit_sasl_authenticated, reject
maillog_file_prefixes = /tmp
maillog_file = ${at('postfix.log')}
`;
}

function postfixMaster(port: number): string {
  return `127.0.0.1:${port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`;
}
