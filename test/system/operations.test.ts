// An operator at a running server: suspends, reloads, backs up, restores, stops. None of it loses mail or needs a second try.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { setTimeout as delay } from 'node:timers/promises';
import { makeCertificate } from '../../src/cli/certificate.ts';
import {
  delivered,
  eventually,
  HANGING_MS,
  lacking,
  PASSWORD,
  startServer,
  type TestServer,
} from './server.ts';
import { freePort } from '../free-port.ts';
import { type Client, openClient, submitAll, submitOne } from './smtp-load.ts';

const login = 'alice@example.org';
const UNLIMITED = 'limits: { identity: { messagesPerHour: none, recipientsPerHour: none } }';

function ask(port: number, path: string, host = 'localhost'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers: { host } }, (response) => {
      let body = '';
      response.on('data', (data) => (body += String(data)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    }).on('error', reject);
  });
}

function serialOf(server: TestServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(
      {
        port: server.submissions,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        servername: 'msa.example.org',
      },
      () => {
        resolve(socket.getPeerCertificate().serialNumber);
        socket.destroy();
      },
    );
    socket.on('error', reject);
  });
}

test('BCP134-3.1-f F-TX-2 E-Q-8: suspension bites in an open session, revocation too', async () => {
  await using server = await startServer();
  const idle = await openClient({ port: server.submission, login, password: PASSWORD });
  const busy = await openClient({ port: server.submission, login, password: PASSWORD });
  for (const line of [`MAIL FROM:<${login}>`, 'RCPT TO:<x@far.example>', 'DATA']) await busy.command(line);
  const closed = new Promise((resolve) => idle.socket.once('close', resolve));
  const last = idle.reply();
  assert.equal(server.postern(['account', 'suspend', login]).status, 0);
  assert.match(await last, /^421 4\.7\.0/);
  await closed;
  busy.write(`From: ${login}\r\n\r\nx\r\n.\r\n`);
  assert.match(await busy.reply(), /^550 5\.7\.1/);
  await assert.rejects(openClient({ port: server.submission, login, password: PASSWORD }), /535 5\.7\.8/);
  assert.equal(server.postern(['account', 'resume', login]).status, 0);
  const again = await openClient({ port: server.submission, login, password: PASSWORD });
  assert.match(await submitOne(again, { login, subject: 'again' }), /^250/);
  again.close();
  const traced = server.postern(['audit', 'export', '--identity', login]);
  assert.match(traced.stdout, /"action":"suspend"/);
  assert.match(traced.stdout, /"type":"refused"/);
});

test('TLS-r 5321-aj: SIGHUP brings a new certificate to new sessions, old ones go on; a bad file changes nothing and shows in health', async () => {
  await using server = await startServer();
  const before = await serialOf(server);
  const open = await openClient({ port: server.submission, login, password: PASSWORD });
  const made = await makeCertificate(['msa.example.org'], ['127.0.0.1']);
  writeFileSync(join(server.directory, 'cert.pem'), made.cert);
  writeFileSync(join(server.directory, 'key.pem'), made.key);
  process.kill(server.pid, 'SIGHUP');
  await eventually('reload', 10, () => server.log().includes('"msg":"reloaded"'));
  assert.notEqual(await serialOf(server), before);
  assert.match(await submitOne(open, { login, subject: 'old session' }), /^250/);
  open.close();
  assert.equal((await ask(server.http, '/health')).status, 200);

  const good = readFileSync(server.config, 'utf8');
  writeFileSync(server.config, good.replace('hostname:', 'hostnam:'));
  const refused = server.postern(['reload']);
  // The command reads the same broken file to find the server: it says so by line and by the nearest key.
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /did you mean "hostname"/);
  process.kill(server.pid, 'SIGHUP');
  await eventually('refusal of the reload', 10, () => server.log().includes('reload refused'));
  const health = await ask(server.http, '/health');
  assert.equal(health.status, 503);
  assert.match(health.body, /hostnam/);
  writeFileSync(
    server.config,
    good.replace(
      /port: \d+, address: 127.0.0.1, role: submission, tls: implicit/,
      'port: 1, address: 127.0.0.1, role: submission, tls: implicit',
    ),
  );
  const restart = server.postern(['reload']);
  assert.match(restart.stdout, /needs restart: listeners/);

  const first = await openClient({ port: server.submission });
  const second = await openClient({ port: server.submission });
  writeFileSync(server.config, `${good}\nlimits: { unauthenticatedPerNetwork: 2 }\n`);
  assert.match(server.postern(['reload']).stdout, /^reloaded\n$/);
  await assert.rejects(openClient({ port: server.submission }), 'the new limit counts at once');
  for (const client of [first, second]) client.close();
});

test('EXT-SIZE-a: after a reload new sessions announce what is configured now, an open one what it began with', async () => {
  await using server = await startServer();
  const announced = async (client: Client): Promise<readonly (string | undefined)[]> => {
    const ehlo = await client.command('EHLO client.example.net');
    return [/[ -]SIZE (\d+)/.exec(ehlo)?.[1], /[ -]AUTH (.*)/.exec(ehlo)?.[1]?.trim()];
  };
  const open = await openClient({ port: server.submission });
  const before = await announced(open);
  assert.equal(before[1], 'PLAIN LOGIN');
  appendFileSync(server.config, '\nlimits: { message: 3MiB }\nmechanisms: [PLAIN]\n');
  assert.match(server.postern(['reload']).stdout, /^reloaded\n$/);
  const later = await openClient({ port: server.submission });
  assert.deepEqual(await announced(later), [String(3 * 1024 * 1024), 'PLAIN']);
  assert.deepEqual(await announced(open), before);
  for (const client of [open, later]) client.close();
});

test('5321-aj: SIGTERM lets a session inside DATA finish, says 421 to idle ones, and ends with 0', async () => {
  await using server = await startServer();
  const idle = await openClient({ port: server.submission, login, password: PASSWORD });
  const busy = await openClient({ port: server.submission, login, password: PASSWORD });
  for (const line of [`MAIL FROM:<${login}>`, 'RCPT TO:<x@far.example>', 'DATA']) await busy.command(line);
  const last = idle.reply();
  process.kill(server.pid, 'SIGTERM');
  assert.match(await last, /^421 4\.3\.2/);
  busy.write(`From: ${login}\r\nSubject: finished\r\n\r\nx\r\n.\r\n`);
  assert.match(await busy.reply(), /^250 2\.0\.0/);
  await eventually('the end of the process', 10, () => server.log().includes('"msg":"stopped"'));
  await server.kill();
  await server.start({});
  await eventually('delivery of what was accepted last', 20, () =>
    delivered(server.outbox).some(({ bytes }) => String(bytes).includes('Subject: finished')),
  );
});

test('SIGTERM is announced first where the configuration says so: not ready, and connections are still taken', async () => {
  await using server = await startServer({ extra: 'drain: { announce: 3s }' });
  assert.equal((await ask(server.http, '/readyz')).status, 200);
  process.kill(server.pid, 'SIGTERM');
  const { body } = await eventually('the announcement', 2, async () => {
    const answer = await ask(server.http, '/readyz');
    return answer.status === 503 && answer;
  });
  assert.match(body, /^listening: yes$[^]*^staying: no: /m);
  const late = await openClient({ port: server.submission, login, password: PASSWORD });
  assert.match(await late.reply(), /^421 4\.3\.2/, 'when the announcement is over it drains');
  assert.equal(await server.ended(), 0);
});

test('a message counts from MAIL to its 250, with its size, and from there to its delivery', async () => {
  await using server = await startServer();
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  assert.match(await submitOne(client, { login, subject: 'counted' }), /^250/);
  client.close();
  const metrics = async (): Promise<string> => (await ask(server.http, '/metrics')).body;
  await eventually('the delivery is counted', 20, async () =>
    /^postern_delivery_duration_seconds_count 1$/m.test(await metrics()),
  );
  const page = await metrics();
  assert.match(page, /^postern_accept_duration_seconds_bucket\{le="30"\} 1$/m);
  assert.match(page, /^postern_accept_duration_seconds_count 1$/m);
  assert.match(page, /^postern_delivery_duration_seconds_bucket\{le="60"\} 1$/m);
  assert.match(page, /^postern_accepted_bytes_total [1-9]\d\d+$/m);
  assert.match(page, /^postern_authentications_total\{mechanism="PLAIN",outcome="authOk"\} 1$/m);
});

test('F-OPS-1 F-AUTH-14: metrics and health are private, files are closed, a second server is refused', async () => {
  await using server = await startServer();
  assert.equal((await ask(server.http, '/metrics', 'evil.example')).status, 421);
  const metrics = await ask(server.http, '/metrics');
  for (const name of [
    'postern_queue_oldest_seconds',
    'postern_store_commits_total',
    'postern_refusals_total',
    'postern_clock_offset_seconds',
    'postern_certificate_remaining_seconds',
  ]) {
    assert.ok(metrics.body.includes(name), name);
  }
  const data = join(server.directory, 'data');
  assert.equal(statSync(data).mode & 0o777, 0o700);
  assert.equal(statSync(join(data, 'control.sock')).mode & 0o777, 0o600);
  const other = join(server.directory, 'other.yaml');
  writeFileSync(
    other,
    readFileSync(server.config, 'utf8').replaceAll(
      /port: \d+/g,
      () => `port: ${20_000 + Math.floor(Math.random() * 10_000)}`,
    ),
  );
  const second = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../../src/main.ts'), 'serve', '-c', other],
    { encoding: 'utf8', timeout: HANGING_MS },
  );
  assert.notEqual(second.status, 0);
  assert.match(second.stderr, /another Postern uses/);
  const samePort = spawnSync(
    process.execPath,
    [join(import.meta.dirname, '../../src/main.ts'), 'serve', '-c', server.config],
    { encoding: 'utf8', timeout: HANGING_MS },
  );
  assert.match(samePort.stderr, /in use by another program|another Postern uses/);
});

test('TLS-m TLS-o: the end of a session is told inside TLS, and the log knows its version and suite', async () => {
  await using server = await startServer();
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  // `end` of a TLS socket comes from close_notify; without one there is only an error.
  const ended = new Promise((resolve, reject) => client.socket.once('end', resolve).once('error', reject));
  assert.match(await client.command('QUIT'), /^221/);
  await ended;
  client.close();
  await eventually('the log', 5, () => /"msg":"authenticated"/.test(server.log()));
  assert.match(server.log(), /"tls":"TLSv1\.3","cipher":"TLS_[A-Z0-9_]+","msg":"authenticated"/);
});

test('F-AUTH-13 BCP134-5-b: no secret is ever logged', async () => {
  await using server = await startServer({ extra: 'log: { level: debug }' });
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  assert.match(await submitOne(client, { login, subject: 'quiet' }), /^250/);
  client.close();
  await assert.rejects(openClient({ port: server.submission, login, password: 'canary-4711-wrong' }), /535/);
  const canaries = [PASSWORD, 'canary-4711-wrong', Buffer.from(`\0${login}\0${PASSWORD}`).toString('base64')];
  await delay(200);
  const exported = server.postern(['audit', 'export']).stdout;
  for (const canary of canaries) {
    assert.ok(!server.log().includes(canary));
    assert.ok(!exported.includes(canary));
  }
});

test(
  'TLS-k TLS-l TLS-s TLS-u TLS-v G-16: TLS 1.2 and 1.3 with forward secrecy; older ones, weak suites and foreign protocols are refused',
  { skip: lacking('openssl') },
  async () => {
    await using server = await startServer();
    const client = (...args: readonly string[]): { ok: boolean; output: string } => {
      const result = spawnSync(
        'openssl',
        [
          's_client',
          '-connect',
          `127.0.0.1:${server.submissions}`,
          ...(args.includes('-noservername') ? [] : ['-servername', 'msa.example.org']),
          ...args,
        ],
        { input: 'QUIT\r\n', encoding: 'utf8', timeout: HANGING_MS },
      );
      return {
        ok: /220 msa\.example\.org/.test(result.stdout) || /Cipher is (?!\(NONE\))/.test(result.stdout),
        output: result.stdout + result.stderr,
      };
    };
    assert.ok(client('-tls1_2').ok);
    assert.ok(client('-tls1_3').ok);
    assert.ok(!client('-tls1_1', '-cipher', 'DEFAULT@SECLEVEL=0').ok);
    assert.ok(!client('-tls1_2', '-cipher', 'AES128-SHA').ok);
    assert.ok(!client('-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-SHA').ok);
    assert.match(client('-alpn', 'http/1.1').output, /no application protocol/i);
    assert.doesNotMatch(
      client('-tls1_2').output,
      /Acceptable client certificate CA names|Client Certificate Types/,
    );
    assert.ok(client('-noservername').ok, 'TLS-s: without a name the first certificate serves');
  },
);

test('E-Q-7 D-TR-3 BCP134-3.1-h: a backup taken under load, restored elsewhere: queue, accounts, traces and keys are there, the chain holds', async () => {
  await using server = await startServer({
    relay: `relay: { smarthost: "smtp://127.0.0.1:${await freePort()}" }`,
    extra: UNLIMITED,
  });
  let promised = 0;
  const load = submitAll({
    port: server.submission,
    login,
    password: PASSWORD,
    subjects: Array.from({ length: 150 }, (_, n) => `load${n}`),
    bodyOctets: 300_000,
    onPromised: () => void (promised += 1),
  });
  await eventually('some mail in the queue', 10, () => promised >= 10);
  const file = join(server.directory, 'backup.db');
  const made = server.postern(['backup', file]);
  assert.equal(made.status, 0, made.stderr);
  const sent = await load;
  assert.equal(sent.promised.length, 150);

  const directory = mkdtempSync(join(tmpdir(), 'postern-restore-'));
  try {
    for (const name of ['cert.pem', 'key.pem'])
      writeFileSync(join(directory, name), readFileSync(join(server.directory, name)), { mode: 0o600 });
    const config = join(directory, 'postern.yaml');
    writeFileSync(
      config,
      readFileSync(server.config, 'utf8').replace(/relay: .*/, 'relay: { files: ./outbox }'),
    );
    mkdirSync(join(directory, 'data'));
    const run = (...args: readonly string[]) =>
      spawnSync(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), ...args, '-c', config], {
        encoding: 'utf8',
        timeout: HANGING_MS,
      });
    const restored = run('restore', file);
    assert.equal(restored.status, 0, restored.stderr);
    const queued = JSON.parse(run('queue', 'list', '--json').stdout) as {
      deliveries: number;
      entries: { id: string }[];
    };
    assert.ok(queued.deliveries > 0, 'the backup holds a queue');
    assert.match(run('account', 'list').stdout, /alice@example\.org/);
    assert.equal(run('audit', 'verify').status, 0);
    const id = queued.entries[0]?.id ?? '';
    const traced = run('trace', id).stdout;
    assert.match(traced, /alice@example\.org/);
    const label = /label {5}([0-9a-z]{16})/.exec(traced)?.[1] ?? '';
    assert.match(run('trace', label, '--max', '500').stdout, new RegExp(id));
    const content = run('queue', 'show', id, '--content').stdout;
    assert.ok(content.length > 300_000, 'bodies are there, the large ones too');
    assert.ok(!existsSync(join(directory, 'outbox')));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

test(
  'E-Q-7: a backup is made where its caller says, though the server sees another place there',
  { skip: lacking('unshare') },
  async () => {
    const place = mkdtempSync(join(tmpdir(), 'postern-backup-'));
    const alone = `mount -t tmpfs tmpfs ${place} && exec "$@"`;
    try {
      await using server = await startServer({ wrapper: ['unshare', '-m', 'sh', '-c', alone, 'sh'] });
      const file = join(place, 'backup.db');
      const made = server.postern(['backup', file]);
      assert.equal(made.status, 0, made.stderr);
      assert.match(made.stdout, /\d+ events; read again, and whole/);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(place), ['backup.db'], 'nothing beside it');
      const left = readdirSync(join(server.directory, 'data')).filter((name) => name.startsWith('backup-'));
      assert.deepEqual(left, []);
      const again = server.postern(['backup', file]);
      assert.deepEqual([again.status, /exists already/.test(again.stderr)], [3, true], again.stderr);
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  },
);

test('D-OUT-4 F-AUTH-1: guessing is slowed from where it comes, the owner logs in from elsewhere', async () => {
  await using server = await startServer();
  const startedAt = performance.now();
  for (let n = 0; n < 7; n += 1)
    await assert.rejects(
      openClient({ port: server.submission, login, password: `guess ${n}` }),
      /535|454|421/,
    );
  assert.ok(performance.now() - startedAt > 500, 'the guesses were slowed');
  const exported = server.postern(['audit', 'export']).stdout;
  assert.match(exported, /"type":"authenticationFailed"/);
});
