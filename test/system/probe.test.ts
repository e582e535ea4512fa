// The probe against a real Postern, which is conformant as it comes, and through networks that are in the way. Other servers: probe-peers.test.ts.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { connect, createServer, type Server } from 'node:net';
import { test, type TestContext } from 'node:test';
import {
  type CheckReport,
  probe,
  type ProbeOptions,
  type ProbeReport,
  systemClock,
} from '../../src/probe/index.ts';
import { complaint, PHONE_WIDTH, seenOnPhone } from './page.ts';
import { eventually, lacking, PASSWORD, startServer } from './server.ts';
import { freePort } from '../free-port.ts';

async function probed(options: Omit<ProbeOptions, 'host'>): Promise<ProbeReport> {
  const records = { lookup: () => Promise.resolve({ type: 'answer' as const, records: [] }) };
  const documents = { fetch: () => Promise.resolve({ type: 'notThere' as const, status: 404 }) };
  const result = await probe(
    { host: '127.0.0.1', domain: 'example.org', ...options },
    { clock: systemClock, records, documents },
  );
  assert.ok(result.ok);
  return result.value;
}

const broken = ({ level, findings }: CheckReport): boolean =>
  level.startsWith('MUST') &&
  findings.some(({ verdict }) => verdict !== 'pass' && verdict !== 'note' && verdict !== 'skip');
const blamed = ({ checks }: ProbeReport): readonly string[] => checks.filter(broken).map(({ id }) => id);

test('BCP134-3.1-a BCP134-4.1-a: Postern as it comes is conformant on 587 and 465; text, JSON, JUnit and the page agree', async () => {
  await using server = await startServer();
  const before = server.postern(['queue', 'list', '--json']).stdout;
  const directory = mkdtempSync(join(tmpdir(), 'postern-probe-'));
  try {
    const page = join(directory, 'report.html');
    const password = join(directory, 'password');
    writeFileSync(password, `${PASSWORD}\n`);
    const args = ['probe', '127.0.0.1', '--name', 'msa.example.org'].concat(
      ['--starttls-port', String(server.submission), '--tls-port', String(server.submissions)],
      ['--ca', server.certificate, '--login', 'alice@example.org', '--password-file', password],
    );
    const json = server.postern([...args, '--json', '--html', page]);
    assert.equal(json.status, 0, json.stdout + json.stderr);
    const report = JSON.parse(json.stdout) as ProbeReport;
    assert.deepEqual(
      report.paths.map(({ port, state }) => [port, state]),
      [
        [server.submission, 'open'],
        [server.submissions, 'open'],
      ],
    );
    assert.deepEqual(blamed(report), []);
    const passed = report.checks
      .flatMap(({ findings }) => findings)
      .filter(({ verdict }) => verdict === 'pass');
    assert.ok(passed.length > 30, `${passed.length} findings only`);
    for (const wanted of ['sender-rights', 'smuggling'])
      assert.deepEqual(
        report.checks.find(({ id }) => id === wanted)?.findings.map(({ verdict }) => verdict),
        ['pass', 'pass'],
        wanted,
      );
    assert.ok(!json.stdout.includes(PASSWORD), 'no secret stands in a transcript');
    assert.match(readFileSync(page, 'utf8'), /<h1>127\.0\.0\.1: .*conformant/);
    const text = server.postern(args);
    assert.match(text.stdout, /^MSA +conformant/m);
    assert.match(
      server.postern([...args, '--junit']).stdout,
      /<testsuite name="msa" tests="\d+" failures="0"/,
    );
    assert.equal(server.postern(['queue', 'list', '--json']).stdout, before, 'nothing was sent');
    const foreign = server.postern(['probe', '127.0.0.1', '--name', 'other.example.org', ...args.slice(4)]);
    assert.equal(foreign.status, 1, 'a certificate for another name');
    assert.match(foreign.stdout, /it is for other names/);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

/** Between the probe and a server: everything passes, the server's words through `changed`. */
async function middlebox(
  to: number,
  changed: (said: string) => string | undefined,
): Promise<Server & { readonly port: number }> {
  const server = createServer((client) => {
    const upstream = connect(to, '127.0.0.1');
    let secured = false;
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
    client.on('data', (data) => upstream.write(data)).on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (data: Buffer) => {
      if (secured) return void client.write(data);
      const said = changed(data.toString('latin1'));
      if (said === undefined) return client.resetAndDestroy();
      secured = /^220 .*TLS/im.test(said);
      client.write(said, 'latin1');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return Object.assign(server, { port: address.port });
}

/** A port whose owner never accepts and whose backlog is full: what comes is dropped, as by a firewall. */
async function filteredPort(t: TestContext): Promise<number> {
  const child = spawn(process.execPath, [
    '-e',
    "const s = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port))",
  ]);
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (data) => resolve(Number(data))),
  );
  child.kill('SIGSTOP');
  const waiting = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  t.after(() => {
    for (const socket of waiting) socket.destroy();
    child.kill('SIGKILL');
  });
  await eventually('a full backlog', 10, () => waiting.filter(({ connecting }) => !connecting).length >= 2);
  return port;
}

const ways: readonly {
  readonly why: string;
  readonly changed: (said: string) => string | undefined;
  readonly state: string;
}[] = [
  { why: 'nothing is changed', changed: (said) => said, state: 'open' },
  {
    why: 'the offer of STARTTLS is taken out',
    changed: (said) => said.replace(/250-STARTTLS\r\n/, ''),
    state: 'starttls-stripped',
  },
  {
    why: 'words are overwritten',
    changed: (said) => said.replace('STARTTLS', 'XXXXXXXA'),
    state: 'rewritten',
  },
  {
    why: 'the connection is cut when EHLO was answered',
    changed: (said) => (said.startsWith('250') ? undefined : said),
    state: 'reset-after-greeting',
  },
  {
    why: 'another server answers',
    changed: (said) => said.replace('220 msa.example.org', '220 proxy.example.com'),
    state: 'intercepted',
  },
];

test('BCP134-4.1-b BCP134-4.1-c: the listener for incoming mail is looked at as such', async () => {
  await using server = await startServer({ mx: true });
  const report = await probed({
    ports: [{ port: server.mx, kind: 'mx' }],
    ...{ name: 'msa.example.org', ca: readFileSync(server.certificate, 'utf8') },
  });
  assert.deepEqual(
    report.checks
      .filter(({ role }) => role === 'mx')
      .map(({ id, findings }) => [id, findings.map(({ verdict }) => verdict)]),
    [
      ['mx-no-relay', ['pass']],
      ['mx-no-auth', ['pass']],
    ],
  );
  assert.equal(report.roles.find(({ role }) => role === 'mx')?.verdict, 'conformant');
});

test('BCP134-4.1-a BCP134-4-b: what the network does to 587 and 465 is named, each for itself', async (t) => {
  await using server = await startServer();
  const ca = readFileSync(server.certificate, 'utf8');
  const settings = {
    ...{ name: 'msa.example.org', ca, connectMs: 4_000, stepMs: 60_000 },
    control: { host: '127.0.0.1', port: server.http },
    expected: { name: 'msa.example.org' },
  };
  for (const { why, changed, state } of ways) {
    const between = await middlebox(server.submission, changed);
    try {
      const { paths } = await probed({
        ...settings,
        ports: [
          { port: between.port, kind: 'starttls' },
          { port: server.submissions, kind: 'implicit' },
        ],
      });
      assert.deepEqual(
        paths.map((path) => path.state),
        [state, 'open'],
        why,
      );
    } finally {
      between.close();
    }
  }
  const { paths, exitCode } = await probed({
    ...settings,
    ports: [
      { port: await freePort(), kind: 'starttls' },
      { port: await filteredPort(t), kind: 'implicit' },
    ],
  });
  assert.deepEqual(
    paths.map(({ state, verdict }) => [state, verdict]),
    [
      ['refused', 'unknown'],
      ['filtered', 'blocked'],
    ],
  );
  assert.equal(exitCode, 1);
});

test(
  'the page is readable at the width of a phone, and a browser has nothing to complain of',
  { skip: lacking('chromium') },
  async () => {
    await using server = await startServer();
    const directory = mkdtempSync(join(tmpdir(), 'postern-probe-'));
    try {
      const page = join(directory, 'report.html');
      server.postern(
        [
          'probe',
          '127.0.0.1',
          '--starttls-port',
          String(server.submission),
          '--tls-port',
          String(server.submissions),
        ].concat(['--html', page]),
      );
      const { width, found, log } = seenOnPhone(page, 'article');
      assert.ok(width > 0 && width <= PHONE_WIDTH, `as wide as ${width}: ${log.slice(-500)}`);
      assert.ok(found > 10, `${found} articles`);
      assert.doesNotMatch(log, complaint);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
);
