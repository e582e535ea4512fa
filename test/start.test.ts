// A start that fails: whatever was in the way, everything that was started is stopped again, the lock is free when no thread can write any more, and
// the process ends with its code and one clear line. A start that succeeds does not depend on the number of fronts.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type ListenOptions, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { makeCertificate } from '../src/cli/certificate.ts';
import type { ServerStatus } from '../src/cli/status.ts';
import { type Entering, runServer, type RunningServer } from '../src/server/running.ts';
import { loadConfig } from '../src/config/load.ts';
import { onlyRoles, type Role } from '../src/config/roles.ts';
import { connectControl } from '../src/http/control-client.ts';
import { lockDataDirectory } from '../src/store/sqlite/data-directory.ts';
import { freshDatabase, withoutPostgres } from './postgres/database.ts';
import { freePort } from './free-port.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const noIpv6 =
  networkInterfaces()['lo']?.every(({ family }) => family !== 'IPv6') === true && 'no IPv6 on loopback';
const root = mkdtempSync(join(tmpdir(), 'postern-start-'));
let certificate: { readonly cert: string; readonly key: string };

before(async () => {
  certificate = await makeCertificate(['msa.example.org', 'localhost'], ['127.0.0.1']);
});
after(() => rmSync(root, { recursive: true, force: true }));

interface Place {
  readonly config: string;
  readonly data: string;
  readonly socket: string;
  readonly ports: Readonly<Record<'submission' | 'mx' | 'http' | 'web', number>>;
}

let places = 0;

async function place(fronts = 1): Promise<Place> {
  const directory = join(root, String((places += 1)));
  mkdirSync(directory);
  writeFileSync(join(directory, 'cert.pem'), certificate.cert);
  writeFileSync(join(directory, 'key.pem'), certificate.key, { mode: 0o600 });
  const ports = {
    ...{ submission: await freePort(), mx: await freePort() },
    ...{ http: await freePort(), web: await freePort() },
  };
  const config = join(directory, 'postern.yaml');
  writeFileSync(
    config,
    `hostname: msa.example.org
domains: [example.org]
data: ./data
tls: { cert: cert.pem, key: key.pem }
listeners:
  - { port: ${ports.submission}, address: 127.0.0.1 }
  - { port: ${ports.mx}, address: 127.0.0.1, role: mx }
http: { port: ${ports.http} }
web: { port: ${ports.web}, address: 127.0.0.1 }
local: { socket: ./run/submit.sock, services: [{ osUser: nobody, identity: cron }] }
relay: { files: ./outbox }
log: { level: error }
threads: { fronts: ${fronts} }
`,
  );
  return { config, ports, data: join(directory, 'data'), socket: join(directory, 'run/submit.sock') };
}

async function occupy(how: ListenOptions): Promise<Server> {
  const server = createServer();
  await once(server.listen(how), 'listening');
  return server;
}

const isAnswered = (where: { port: number; host: string } | { path: string }): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(where, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });

/** Nothing of it is left: no thread of it, no socket that answers, no lock. */
async function assertNothingRuns({ data, socket, ports }: Place, but?: number): Promise<void> {
  for (const port of Object.values(ports))
    if (port !== but) assert.equal(await isAnswered({ port, host: '127.0.0.1' }), false, `port ${port}`);
  for (const path of [join(data, 'control.sock'), socket])
    assert.equal(await isAnswered({ path }), false, path);
  assert.deepEqual(threads(), []);
  lockDataDirectory(data)();
}

const threads = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((resource) => resource === 'MessagePort' || resource === 'Worker');

const start = (
  at: Place,
  entering: Entering = () => undefined,
  roles?: readonly Role[],
): Promise<RunningServer> => runServer(onlyRoles(loadConfig(at.config), roles), { entering });

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
}

/** `postern serve`, which must end by itself, or by SIGTERM once its log says this. */
async function serve(config: string, until?: string): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, 'serve', '-c', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  let log = '';
  child.stderr.on('data', (data) => (stderr += String(data)));
  child.stdout.on('data', (data) => {
    log += String(data);
    if (until !== undefined && log.includes(until)) child.kill();
  });
  await once(child, 'close');
  return { code: child.exitCode, stderr };
}

const names = ['submission', 'mx', 'http', 'web'] as const;

for (const fronts of [1, 3]) {
  test(`with ${fronts} fronts, each port in turn taken by another program: nothing runs, nothing is locked`, async () => {
    const at = await place(fronts);
    for (const port of names.map((name) => at.ports[name])) {
      const other = await occupy({ port, host: '127.0.0.1' });
      await assert.rejects(start(at), {
        name: 'CannotBind',
        message: new RegExp(`^\\w+(\\.\\d)?: 127\\.0\\.0\\.1:${port} is in use by another program$`),
      });
      await assertNothingRuns(at, port);
      other.close();
    }
    // What is free now is served, and a second server on the same data directory is not.
    const server = await start(at);
    try {
      assert.notDeepEqual(threads(), [], 'threads can be seen');
      const second = await serve(at.config);
      assert.deepEqual(
        [second.code, /^postern: another Postern uses [^\n]*\n$/.test(second.stderr)],
        [75, true],
        second.stderr,
      );
      assert.ok(await isAnswered({ path: join(at.data, 'control.sock') }), 'the first one still answers');
    } finally {
      await server.stop(0);
    }
    await assertNothingRuns(at);
  });
}

test('a node of some roles opens what belongs to them alone, reads only the keys of that, and says so', async () => {
  const at = await place();
  for (const [roles, open] of [
    [
      ['mx', 'relay'],
      ['mx', 'http'],
    ],
    [['relay'], ['http']],
  ] as const) {
    // No listener of these has TLS.
    if (!open.includes('mx' as never)) rmSync(join(at.config, '../key.pem'));
    const server = await start(at, undefined, roles);
    try {
      for (const name of names)
        assert.equal(
          await isAnswered({ port: at.ports[name], host: '127.0.0.1' }),
          (open as readonly string[]).includes(name),
          `${roles.join()}: ${name}`,
        );
      assert.equal(await isAnswered({ path: at.socket }), false);
      assert.deepEqual((await server.reload()).problems, []);
      const status = (await (await connectControl(at.data))?.status()) as ServerStatus;
      assert.deepEqual(status.roles, roles);
      assert.deepEqual(
        status.ready.filter(({ because }) => because !== undefined),
        [],
      );
    } finally {
      await server.stop(0);
    }
    await assertNothingRuns(at);
  }
});

test('a stop that is announced: not ready from then on, and connections are taken until the stop itself', async () => {
  const at = await place();
  writeFileSync(at.config, `${readFileSync(at.config, 'utf8')}drain: { announce: 30s }\n`);
  const readyz = async (): Promise<readonly [number, string]> => {
    const response = await fetch(`http://127.0.0.1:${at.ports.http}/readyz`);
    return [response.status, await response.text()];
  };
  const server = await start(at);
  try {
    assert.equal((await readyz())[0], 200);
    // Nobody waits the half minute.
    void server.announceStop();
    const [status, text] = await readyz();
    assert.equal(status, 503);
    assert.match(text, /^listening: yes\n[^]*^staying: no: /m);
    const socket = connect(at.ports.submission, '127.0.0.1');
    assert.match(String(await once(socket, 'data')), /^220 /);
    socket.destroy();
  } finally {
    await server.stop(0);
  }
  await assertNothingRuns(at);
});

test('every step of the start, failing: what was started before is stopped', async () => {
  const steps: string[] = [];
  const whole = await place();
  const first = await start(whole, (step) => void steps.push(step));
  await first.stop(0);
  assert.deepEqual(steps.slice(0, 3), ['configuration', 'data directory', 'ports']);
  assert.ok(steps.indexOf('listeners') > steps.indexOf('web'), 'SMTP is served when all else stands');
  for (const name of steps) {
    const at = await place(name === 'listeners' || name === 'maintenance' ? 3 : 1);
    const fails = (step: string): void => {
      if (step === name) throw new Error(`no ${name}`);
    };
    await assert.rejects(start(at, fails), { message: `no ${name}` });
    await assertNothingRuns(at);
  }
});

test(
  'E-Q-7: a server that root ran on the directory of the service leaves all it made to that user',
  { skip: process.getuid?.() === 0 ? false : 'root alone gives files away' },
  async () => {
    const at = await place();
    mkdirSync(at.data);
    chownSync(at.data, 65_534, 65_534);
    const server = await start(at);
    await server.stop(0);
    const left = ['postern.sqlite', 'lock.sqlite', 'bodies'].map((name) => statSync(join(at.data, name)).uid);
    assert.deepEqual(left, [65_534, 65_534, 65_534]);
  },
);

test('a port that is taken between its proof and the listening', async () => {
  const at = await place(3);
  let other: Server | undefined;
  const takes = async (): Promise<void> => {
    other = await occupy({ port: at.ports.mx, host: '127.0.0.1' });
  };
  let taken: Promise<void> | undefined;
  const starting = start(at, (step) => {
    if (step === 'trail') taken = takes();
  });
  await assert.rejects(starting, { name: 'CannotBind', message: /is in use by another program/ });
  await taken;
  await assertNothingRuns(at, at.ports.mx);
  other?.close();
});

test('the sockets: what is no socket of ours stays, and the start says so', async () => {
  const at = await place();
  mkdirSync(join(at.data, 'control.sock'), { recursive: true, mode: 0o700 });
  await assert.rejects(start(at), {
    message: /control\.sock is there already and is no socket: move it away/,
  });
  await assertNothingRuns(at);
  rmSync(join(at.data, 'control.sock'), { recursive: true });
  mkdirSync(join(at.socket, '..'), { mode: 0o755 });
  const other = createHttpServer((_, response) => response.end('still here'));
  await once(other.listen(at.socket), 'listening');
  await assert.rejects(start(at), { message: /local\.socket: .*submit\.sock is in use by another program/ });
  assert.ok(await isAnswered({ path: at.socket }), 'it was not taken from under the other server');
  other.close();
  other.closeAllConnections();
  lockDataDirectory(at.data)();
});

for (const fronts of [1, 3]) {
  test(
    `with ${fronts} fronts: all of IPv4 and all of IPv6 on one port by name are served`,
    { skip: noIpv6 },
    async () => {
      const at = await place(fronts);
      const port = at.ports.mx;
      const text = readFileSync(at.config, 'utf8').replace(
        /^ {2}- .* role: mx .*$/m,
        `  - { port: ${port}, address: 0.0.0.0, role: mx }\n  - { port: ${port}, address: '::', role: mx }`,
      );
      writeFileSync(at.config, text);
      const server = await start(at);
      try {
        for (const host of ['127.0.0.1', '::1']) assert.ok(await isAnswered({ port, host }), host);
      } finally {
        await server.stop(0);
      }
    },
  );
}

test('the process ends: its code says whether another try can help, one line says why', async () => {
  const at = await place();
  const other = await occupy({ port: at.ports.http, host: '127.0.0.1' });
  const taken = await serve(at.config);
  other.close();
  assert.deepEqual(taken, {
    code: 75,
    stderr: `postern: http: 127.0.0.1:${at.ports.http} is in use by another program\n`,
  });
  const broken = await place();
  rmSync(join(broken.config, '../key.pem'));
  const keyless = await serve(broken.config);
  assert.equal(keyless.code, 78, keyless.stderr);
  assert.match(keyless.stderr, /^postern: [^\n]*key\.pem[^\n]*\n$/);
  assert.ok(!existsSync(broken.data), 'nothing was begun');
  assert.equal((await serve(join(root, 'nowhere.yaml'))).code, 78);
});

const keptBy = (at: Place, url: string): void =>
  writeFileSync(at.config, `${readFileSync(at.config, 'utf8')}store: { postgres: "${url}" }\nnode: n1\n`);

test(
  'a database that refuses us ends the process: its code says that no other try helps, one line what does',
  { skip: withoutPostgres },
  async () => {
    await using database = await freshDatabase();
    const changed = (change: (url: URL) => void): string => {
      const url = new URL(database.url);
      change(url);
      return url.href;
    };
    const refused = [
      { url: database.url, says: /can't keep the store: fsync is off: set it to on/ },
      {
        url: changed((url) => (url.pathname = '/nowhere')),
        says: /database "nowhere" does not exist: make it by CREATE DATABASE/,
      },
      {
        url: changed((url) => (url.username = 'nobody')),
        says: /does not let user "nobody" in: role "nobody" does not exist: look at user/,
      },
    ];
    for (const { url, says } of refused) {
      const at = await place();
      keptBy(at, url);
      const { code, stderr } = await serve(at.config);
      assert.equal(code, 78, stderr);
      assert.match(stderr, says);
      assert.match(stderr, /^postern: [^\n]*\n$/);
      await assertNothingRuns(at);
    }
  },
);

test('a database that is away is waited for, and the log says so, until the server is told to stop', async () => {
  const at = await place();
  writeFileSync(at.config, readFileSync(at.config, 'utf8').replace('level: error', 'level: warn'));
  keptBy(at, `postgres://postern@127.0.0.1:${await freePort()}/postern`);
  assert.deepEqual(await serve(at.config, 'the store is away: waiting for it'), { code: 0, stderr: '' });
  await assertNothingRuns(at);
  // A command does not wait.
  const asked = spawnSync(process.execPath, [MAIN, 'queue', 'list', '-c', at.config], { encoding: 'utf8' });
  assert.equal(asked.status, 75);
  assert.match(
    asked.stderr,
    /^postern: the store is away: no PostgreSQL that takes writes: 127\.0\.0\.1:\d+: nobody listens there\n$/,
  );
});
