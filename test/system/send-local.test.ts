// `postern send` without a login: the server on this host knows its user, and submits as the account that the configuration binds to it.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { delivered, eventually, HANGING_MS, startServer, type TestServer } from './server.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const login = 'alice@example.org';
/** Users that are bound, and not bound, to an account. */
const WEB = 33;
const NOBODY = 65_534;
const SERVICE = 65_533;
const skip = process.getuid?.() === 0 ? false : 'needs root, to act as several users';
let server: TestServer;
let place: string;

before(async () => {
  if (skip !== false) return;
  place = mkdtempSync(join(tmpdir(), 'postern-local-'));
  chmodSync(place, 0o755);
  server = await startServer({
    extra: `local: { socket: ${place}/submit.sock, services: [{ osUser: '${WEB}', identity: Alice@Example.org }, { osUser: '${SERVICE}', identity: website }, { osUser: '0', identity: ${login} }] }\nlimits: { message: 256KiB, header: 64KiB, identity: { messagesPerHour: none, recipientsPerHour: none } }`,
  });
  writeFileSync(join(place, 'send.yaml'), `address: ${login}\nsocket: submit.sock\n`, { mode: 0o644 });
});
after(async () => {
  if (skip !== false) return;
  await server[Symbol.asyncDispose]();
  rmSync(place, { recursive: true, force: true });
});

function sendAs(
  uid: number,
  args: readonly string[],
  input: string,
  file = 'send.yaml',
): { status: number | null; output: string } {
  const env = { PATH: process.env['PATH'], HOME: place, POSTERN_SEND_CONFIG: join(place, file) };
  const options = { input, uid, gid: uid, env, encoding: 'utf8', timeout: HANGING_MS, cwd: '/' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'send', ...args], options);
  return { status, output: `${stdout}${stderr}` };
}

const message = (subject: string): string => `To: x@far.example\nSubject: ${subject}\n\nGrüße\n`;

const copyOf = (subject: string): Promise<string> =>
  eventually(subject, 10, () =>
    delivered(server.outbox)
      .map(({ bytes }) => bytes.toString())
      .find((text) => text.includes(`\r\nSubject: ${subject}\r\n`)),
  );

test(
  'BCP134-3.1-d BCP134-3.1-g/2 D-TR-1: a bound user submits through the same pipeline, and is traced',
  { skip },
  async () => {
    const { status, output } = sendAs(WEB, ['-t'], message('from the web'));
    assert.equal(status, 0, output);
    const copy = await copyOf('from the web');
    assert.match(
      copy,
      /^Return-Path: <alice@example\.org>\r\nReceived: from [0-9a-z]{16}\.client\.msa\.example\.org\r\n\tby msa\.example\.org with local id [0-9A-Z]{26}/,
    );
    assert.match(copy, /\r\nMessage-ID: </);
    const id = /\bid ([0-9A-Z]{26})/.exec(copy)?.[1] ?? '';
    const traced = server.postern(['trace', id, '--json']);
    assert.match(traced.stdout, /alice@example\.org/);
    assert.match(traced.stdout, /OS-USER/);
    const shown = server.postern(['trace', id]).stdout;
    assert.match(shown, /\n {2}from {6}operating-system user 33 over the local socket, session \w+\n/);
    assert.doesNotMatch(shown, /port 0|EHLO|\n {2}with /);
  },
);

test('-v shows what is handed in over the socket, and the id it is accepted as', { skip }, () => {
  const { status, output } = sendAs(WEB, ['-v', '-t'], message('in view'));
  assert.equal(status, 0, output);
  assert.match(
    output,
    /^C: \S*submit\.sock: from <alice@example\.org> to <x@far\.example>\nS: accepted as [0-9A-Z]{26}\n$/,
  );
});

test(
  'a name that is no mailbox is told with its address and the way out, others are named too',
  { skip },
  () => {
    const alone = sendAs(WEB, ['-i', 'root'], message('for root'));
    assert.equal(alone.status, 67, alone.output);
    assert.match(alone.output, /^postern send: root@example\.org: 550 5\.1\.1 /m);
    assert.match(alone.output, /in send\.yaml, such as `aliases: \{ root: you@example\.org \}`/);
    const mixed = sendAs(WEB, ['-v', 'root', 'x@far.example', 'nobody@example.org'], message('mixed'));
    assert.equal(mixed.status, 67, mixed.output);
    assert.match(mixed.output, /^S: <nobody@example\.org>: 550 5\.1\.1 .*$/m);
    assert.match(mixed.output, /aliases: \{ root: /);
    assert.doesNotMatch(mixed.output, /aliases: \{ nobody/);
  },
);

test('BCP134-3.1-d BCP134-3.1-g/2: a user without a binding submits nothing', { skip }, async () => {
  const { status, output } = sendAs(NOBODY, ['-t'], message('from nobody'));
  assert.equal(status, 77, output);
  assert.match(output, /uid 65534 is bound to no identity/);
  await eventually('a line in the log', 10, () => /local submission refused/.test(server.log()));
  const isOfNobody = ({ bytes }: { readonly bytes: Buffer }) => bytes.includes('Subject: from nobody');
  assert.ok(!delivered(server.outbox).some(isOfNobody));
});

test(
  'BCP134-3.1-d: a service account without a mailbox sends as the addresses it was given',
  { skip },
  async () => {
    assert.equal(server.postern(['account', 'add', 'website', '--no-mailbox']).status, 0);
    const args = ['-f', 'shop@example.org', '-t'];
    assert.equal(sendAs(SERVICE, args, message('before')).status, 77);
    const added = server.postern(['account', 'rights', 'website', 'add', 'shop@example.org']);
    assert.equal(added.status, 0, added.stderr);
    const { status, output } = sendAs(SERVICE, args, message('from the shop'));
    assert.equal(status, 0, output);
    assert.match(await copyOf('from the shop'), /^Return-Path: <shop@example\.org>/);
  },
);

test(
  'BCP134-3.1-d: who names no address sends as the account that its user is bound to',
  { skip },
  async () => {
    writeFileSync(join(place, 'bare.yaml'), 'socket: submit.sock\n', { mode: 0o644 });
    const cases = [
      [WEB, 'alice@example.org', 'bare web'],
      [SERVICE, 'shop@example.org', 'bare shop'],
    ] as const;
    for (const [uid, address, subject] of cases) {
      // A name without a domain is the account, as cron writes it; recipients stand in its domain.
      const { status, output } = sendAs(uid, ['-t'], `From: root\nCc: bob\n${message(subject)}`, 'bare.yaml');
      assert.equal(status, 0, output);
      const copy = await copyOf(subject);
      assert.match(copy, new RegExp(`^Return-Path: <${address}>`));
      assert.match(copy, new RegExp(`\r\nFrom: <?${address}>?\r\n`));
      assert.match(copy, /\r\nCc: <?bob@example\.org>?\r\n/);
    }
    const nobody = sendAs(NOBODY, ['-t'], message('bare nobody'), 'bare.yaml');
    assert.equal(nobody.status, 77, nobody.output);
    assert.match(nobody.output, /bound to no identity/);
  },
);

test(
  'BCP134-3.1-d: a user without a name and a home directory sends, and is told what only a queue needs',
  { skip },
  async () => {
    const env = { PATH: process.env['PATH'], POSTERN_SEND_CONFIG: join(place, 'bare.yaml') };
    const options = {
      uid: SERVICE,
      gid: SERVICE,
      env,
      encoding: 'utf8',
      timeout: HANGING_MS,
      cwd: '/',
    } as const;
    const sent = (...args: readonly string[]) =>
      spawnSync(process.execPath, [MAIN, 'send', '-t', ...args], {
        ...options,
        input: message('from nowhere'),
      });
    const { status, stdout, stderr } = sent();
    assert.equal(status, 0, `${stdout}${stderr}`);
    await copyOf('from nowhere');
    const queued = sent('--queue');
    assert.equal(queued.status, 78);
    assert.match(
      queued.stderr,
      /^postern send: this user has no home directory for the queue: name one as `queueDirectory`/,
    );
  },
);

const refusals: readonly (readonly [
  why: string,
  code: number,
  args: readonly string[],
  message: () => string,
])[] = [
  ['another sender', 77, ['-f', 'bob@example.org', 'x@far.example'], () => message('x')],
  ['another author', 77, ['x@far.example'], () => `From: bob@example.org\n${message('x')}`],
  ['a mailbox of ours that is not there', 67, ['nobody@example.org'], () => message('x')],
  [
    'a line that is too long, in a message of several parts',
    65,
    ['x@far.example'],
    () => `Content-Type: multipart/mixed; boundary=x\n${message('x')}${'x'.repeat(1200)}\n`,
  ],
  ['a message that is too large', 69, ['x@far.example'], () => message('x') + 'x\n'.repeat(200_000)],
  [
    'one that is larger than is read at all',
    69,
    ['x@far.example'],
    () => message('x') + 'x\n'.repeat(2_000_000),
  ],
];
for (const [why, code, args, text] of refusals)
  test(`BCP134-3.1-e 5322-i: the policy of the server holds for it too: ${why}`, { skip }, () => {
    const { status, output } = sendAs(WEB, args, text());
    assert.equal(status, code, output);
  });

test(
  'BCP134-3.1-f: an account that is suspended submits nothing, and one that is resumed does',
  { skip },
  async () => {
    assert.equal(server.postern(['account', 'suspend', login]).status, 0);
    assert.notEqual(sendAs(WEB, ['-t'], message('suspended')).status, 0);
    assert.equal(server.postern(['account', 'resume', login]).status, 0);
    assert.equal(sendAs(WEB, ['-t'], message('resumed')).status, 0);
    await copyOf('resumed');
  },
);

test(
  'the queue goes out over one connection, and a server that does not run leaves it as it is',
  { skip },
  async () => {
    const queue = mkdtempSync(join(place, 'queue-'));
    chmodSync(queue, 0o777);
    writeFileSync(
      join(place, 'send.yaml'),
      `address: ${login}\nsocket: submit.sock\nqueueDirectory: ${queue}/own\n`,
    );
    for (let at = 0; at < 3; at += 1)
      assert.equal(sendAs(WEB, ['--queue', '-t'], message(`queued ${at}`)).status, 0);
    await server.stop();
    assert.equal(sendAs(WEB, ['--flush'], '').status, 75);
    writeFileSync(
      join(place, 'offline.yaml'),
      `socket: submit.sock\nqueueDirectory: ${queue}/own\nqueue: offline\n`,
    );
    const bare = sendAs(WEB, ['-t'], `From: root\n${message('while stopped')}`, 'offline.yaml');
    assert.equal(bare.status, 0, bare.output);
    await server.start();
    const { status, output } = sendAs(WEB, ['--flush'], '');
    assert.equal(status, 0, output);
    for (let at = 0; at < 3; at += 1) await copyOf(`queued ${at}`);
    assert.match(await copyOf('while stopped'), /\r\nFrom: <?alice@example\.org>?\r\n/);
  },
);

test(
  'F-DOS-2/3: a user without a binding that holds all connections keeps neither root nor bound users out',
  { skip },
  async () => {
    // As many as it gets, and again whenever one is taken from it.
    const flood = `
      const { connect } = require('node:net');
      let told = false;
      const hold = () => {
        const socket = connect(process.argv[1]);
        socket.on('connect', () => { if (!told) console.log('holding'); told = true; });
        socket.on('error', () => undefined);
        socket.on('close', () => setTimeout(hold, 5));
      };
      for (let n = 0; n < 400; n += 1) hold();`;
    const child = spawn(process.execPath, ['-e', flood, join(place, 'submit.sock')], {
      ...{ uid: NOBODY, gid: NOBODY, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] },
    });
    try {
      await new Promise((resolve) => child.stdout?.once('data', resolve));
      const ofRoot = sendAs(0, ['-t'], message('from root'));
      assert.equal(ofRoot.status, 0, ofRoot.output);
      const ofBound = sendAs(WEB, ['-t'], message('through the flood'));
      assert.equal(ofBound.status, 0, ofBound.output);
    } finally {
      child.kill('SIGKILL');
    }
    await copyOf('from root');
    await copyOf('through the flood');
  },
);

function ask(path: string, body = ''): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath: join(place, 'submit.sock'), method: 'POST', path, agent: false });
    asked.on('error', reject);
    asked.on('response', (response) => {
      let text = '';
      response.on('data', (part) => (text += String(part)));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    asked.end(body);
  });
}

test(
  'the socket has three routes; nothing goes in or out without a claim, and a claim is of its connection',
  { skip },
  async () => {
    for (const path of ['/commit', '/lookups', '/status', '/reload', '/backup'])
      assert.equal((await ask(path)).status, 404, path);
    assert.equal((await ask('/submit', '{}\n')).status, 401);
    assert.equal((await ask('/address')).status, 401);
    const claim = JSON.parse((await ask('/claim')).text) as { name: string };
    writeFileSync(join(place, 'claims', claim.name), '', { mode: 0o600 });
    assert.equal((await ask('/submit', '{}\n')).status, 401, 'another connection');
  },
);
