// The console of a running server: its own thread on its own port, a link over the control socket, and that whatever happens to it is nothing to mail.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeCertificate } from '../src/cli/certificate.ts';
import { loadConfig, parseConfig } from '../src/config/load.ts';
import { connectControl, type ControlClient } from '../src/http/control-client.ts';
import { linkOf } from '../src/server/doors.ts';
import { STREAMS_MAX, STREAMS_PER_PERSON } from '../src/console/live.ts';
import { runServer, type RunningServer } from '../src/server/running.ts';
import { freePort } from './free-port.ts';

const root = mkdtempSync(join(tmpdir(), 'postern-console-'));
after(() => rmSync(root, { recursive: true, force: true }));

interface Running {
  readonly server: RunningServer;
  readonly control: ControlClient;
  readonly origin: string;
  readonly config: string;
  readonly submission: number;
}

async function run(name: string, console: boolean | 'tls' = true): Promise<Running> {
  const directory = join(root, name);
  mkdirSync(directory);
  const { cert, key } = await makeCertificate(['msa.example.org', 'localhost'], ['127.0.0.1']);
  writeFileSync(join(directory, 'cert.pem'), cert);
  writeFileSync(join(directory, 'key.pem'), key, { mode: 0o600 });
  const [submission, port] = [await freePort(), await freePort()];
  const config = join(directory, 'postern.yaml');
  writeFileSync(
    config,
    `hostname: msa.example.org
domains: [example.org]
data: ./data
tls: { cert: cert.pem, key: key.pem }
listeners: [{ port: ${submission}, address: 127.0.0.1 }]
http: off
${console === false ? '' : `console: { port: ${port}${console === 'tls' ? ', tls: true' : ''} }`}
relay: { files: ./outbox }
log: { level: error }
threads: { fronts: 1 }
`,
  );
  const server = await runServer(loadConfig(config), { entering: () => undefined });
  const control = await connectControl(join(directory, 'data'));
  assert.ok(control !== undefined);
  return { server, control, config, submission, origin: `http://127.0.0.1:${port}` };
}

async function enter({ control, origin }: Running): Promise<string> {
  const secret = new URL(await control.consoleLink()).pathname.split('/').at(-1) ?? '';
  const opened = await fetch(`${origin}/sign-in`, {
    method: 'POST',
    headers: { origin },
    body: new URLSearchParams({ secret }),
    redirect: 'manual',
  });
  assert.equal(opened.status, 303);
  return opened.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
}

test('a link over the control socket opens the console; a reload reaches it, and the stop ends it', async () => {
  const running = await run('whole');
  const { server, origin, config } = running;
  try {
    assert.equal((await fetch(origin)).status, 401);
    const cookie = await enter(running);
    const page = await fetch(origin, { headers: { cookie } });
    assert.equal(page.status, 200);
    assert.match(await page.text(), /msa\.example\.org[^]*All is well/);
    writeFileSync(config, readFileSync(config, 'utf8').replace('msa.example.org', 'smtp.example.org'));
    assert.deepEqual((await server.reload()).problems, []);
    assert.match(await (await fetch(origin, { headers: { cookie } })).text(), /smtp\.example\.org/);
  } finally {
    await server.stop(0);
  }
  await assert.rejects(fetch(origin));
});

/** Threads of this process that let the others go first. One may end while it is looked at. */
const waiting = (): number =>
  readdirSync('/proc/self/task').filter((id) => {
    try {
      return getPriority(Number(id)) > getPriority();
    } catch {
      return false;
    }
  }).length;

test(
  'of the threads of a server the console alone lets the others go first',
  { skip: process.platform !== 'linux' && 'a thread has a niceness of its own on Linux' },
  async () => {
    const { server } = await run('last');
    const during = waiting();
    await server.stop(0);
    // Afterwards is not asked: the system may show a thread for a moment that has ended.
    assert.equal(during, 1);
  },
);

test('a person comes in by his password, is in after a restart of the server too, and out with the account', async () => {
  const running = await run('person');
  const { server, origin, control, config } = running;
  const login = 'alice@example.org';
  let again: RunningServer | undefined;
  try {
    await control.administration().addAccount({ login, mailbox: true, allowReserved: false });
    await control.administration().setPassword({ login, password: 'correct horse battery' });
    const signIn = (password: string) =>
      fetch(`${origin}/sign-in`, {
        ...{ method: 'POST', headers: { origin }, redirect: 'manual' },
        body: new URLSearchParams({ login, password }),
      });
    assert.equal((await signIn('wrong')).status, 401);
    const opened = await signIn('correct horse battery');
    assert.equal(opened.status, 303);
    const cookie = opened.headers.get('set-cookie')?.split(';', 1)[0] ?? '';
    const statusNow = async (): Promise<number> =>
      (await fetch(`${origin}/settings`, { headers: { cookie } })).status;
    assert.equal(await statusNow(), 403, 'signed in, and not for him');
    await server.stop(0);
    again = await runServer(loadConfig(config), { entering: () => undefined });
    assert.equal(await statusNow(), 403);
    const then = await connectControl(join(root, 'person', 'data'));
    await then?.administration().suspendAccount({ login });
    assert.equal(await statusNow(), 401);
  } finally {
    await (again ?? server).stop(0);
  }
});

test('with TLS the link has the name of the server, and the session a cookie that is bound to it', async () => {
  const { server, control, origin, config } = await run('tls', 'tls');
  try {
    const { host, port } = new URL(origin);
    const link = new URL(await control.consoleLink());
    assert.equal(link.origin, `https://msa.example.org:${port}`);
    const ca = readFileSync(join(config, '..', 'cert.pem'), 'utf8');
    const ask = (path: string, body?: string): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const headers = {
          host,
          origin: `https://${host}`,
          'content-type': 'application/x-www-form-urlencoded',
        };
        const method = body === undefined ? 'GET' : 'POST';
        requestOverTls(
          { host: '127.0.0.1', port, ca, servername: 'localhost', path, method, headers },
          (answer) => resolve(answer.resume()),
        )
          .on('error', reject)
          .end(body);
      });
    const gate = await ask(link.pathname);
    assert.equal(gate.statusCode, 200);
    assert.match(gate.headers['strict-transport-security'] ?? '', /max-age=31536000/);
    const opened = await ask('/sign-in', `secret=${link.pathname.split('/').at(-1)}`);
    assert.equal(opened.statusCode, 303);
    assert.match(
      String(opened.headers['set-cookie']),
      /^__Host-postern=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/,
    );
  } finally {
    await server.stop(0);
  }
});

test('while the server starts, a link is for a moment later, and nobody is told to configure what is there', async () => {
  const config = (text: string) => ({
    config: parseConfig(
      `hostname: a.example.org\ndomains: [example.org]\ntls: { cert: c, key: k }\nrelay: { files: x }\n${text}`,
      'x',
    ),
  });
  await assert.rejects(linkOf(undefined, config('console: {}'), 'root'), /is starting: try again/);
  await assert.rejects(linkOf(undefined, config(''), 'root'), /has no console/);
});

test('a server without a console says so, and how to get one', async () => {
  const { server, control } = await run('without', false);
  try {
    await assert.rejects(control.consoleLink(), /has no console: add `console: \{\}`/);
  } finally {
    await server.stop(0);
  }
});

/** Head and body as they came, or how the connection ended. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (data) => (answer += String(data)));
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

test('what is too long for a request is refused, and its connection is closed', async () => {
  const running = await run('limits');
  const port = Number(new URL(running.origin).port);
  try {
    const long = 'x'.repeat(20_000);
    assert.match(
      await raw(port, `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${long}\r\n\r\n`),
      /^HTTP\/1\.1 431 /,
    );
    assert.match(await raw(port, `GET /${long} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(await raw(port, `GET / HTTP/1.1\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 400 /);
    assert.match(
      await raw(port, `GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`),
      /^HTTP\/1\.1 421 /,
    );
    const asked = request(`${running.origin}/sign-in`, {
      method: 'POST',
      headers: { origin: running.origin, 'content-type': 'application/x-www-form-urlencoded' },
    });
    asked.on('error', () => undefined);
    // Without a length: it is counted as it comes.
    for (let part = 0; part < 20; part += 1) asked.write('x'.repeat(64 * 1024));
    const [response] = await once(asked, 'response');
    assert.equal((response as { statusCode: number }).statusCode, 413);
    asked.destroy();
  } finally {
    await running.server.stop(0);
  }
});

test('a stream tells of a message as it comes; one that is left makes room, and neither one session nor all have too many', async () => {
  const running = await run('live');
  const { origin, server } = running;
  const opened: AbortController[] = [];
  const cookies: string[] = [];
  for (let at = 0; at <= STREAMS_MAX / STREAMS_PER_PERSON; at += 1) cookies.push(await enter(running));
  const [cookie = '', ...more] = cookies;
  const open = async (as = cookie): Promise<Response> => {
    const leaving = new AbortController();
    opened.push(leaving);
    return fetch(`${origin}/live`, { headers: { cookie: as }, signal: leaving.signal });
  };
  try {
    const first = await open();
    assert.equal(first.status, 200);
    const reader = first.body?.getReader() ?? assert.fail();
    assert.match(Buffer.from((await reader.read()).value ?? []).toString(), /^event: parts\ndata: /);
    const others: Response[] = [];
    for (let at = 1; at < STREAMS_PER_PERSON; at += 1) others.push(await open());
    assert.equal((await open()).status, 503, 'of one session');
    for (let at = STREAMS_PER_PERSON; at < STREAMS_MAX; at += 1)
      others.push(await open(more[Math.floor(at / STREAMS_PER_PERSON) - 1]));
    assert.ok(others.every(({ status }) => status === 200));
    const tooMany = await Promise.all(Array.from({ length: 20 }, () => open(more.at(-1))));
    assert.deepEqual([...new Set(tooMany.map(({ status }) => status))], [503]);
    assert.equal((await fetch(origin, { headers: { cookie } })).status, 200, 'pages are served all the same');
    opened[1]?.abort();
    // Our end hears of it when the system tells.
    for (let status = 503; status === 503;) ({ status } = await open(more.at(-1)));
  } finally {
    for (const leaving of opened) leaving.abort();
    await server.stop(0);
  }
});
