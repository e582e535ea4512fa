// The client against real servers: Postern itself, and small ones with certificates that must not be believed.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { discover, fileMemory, openSubmission, submit, SubmissionError } from '../src/client/index.ts';
import { type Network, systemNetwork } from '../src/platform/network.ts';
import { certificate, tlsServer } from './fakes/tls-smtp.ts';
import { delivered, eventually, PASSWORD, startServer, type TestServer } from './system/server.ts';

const ADDRESS = 'alice@example.org';
const MESSAGE = `From: ${ADDRESS}\nTo: bob@far.example\nSubject: a test\n\n.hello\n`;
const ENVELOPE = { reversePath: ADDRESS, recipients: ['bob@far.example'] };
const directory = mkdtempSync(join(tmpdir(), 'postern-client-'));

let server: TestServer;
let ca: string;
before(async () => {
  server = await startServer({
    extra: 'limits: { recipients: 100, identity: { messagesPerHour: none, recipientsPerHour: none } }',
  });
  ca = readFileSync(server.certificate, 'utf8');
});
after(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

const options = (port: number) => ({ host: 'localhost', port, password: PASSWORD, ca }) as const;

async function failure(promise: Promise<unknown>): Promise<SubmissionError> {
  const error = await promise.then(
    () => assert.fail('it should have failed'),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof SubmissionError, String(error));
  return error;
}

const copyOf = (reply: string): Promise<string> =>
  eventually('delivery', 10, () =>
    delivered(server.outbox)
      .find(({ name }) => name === `${/queued as (\w+)/.exec(reply)?.[1]}.eml`)
      ?.bytes.toString('utf8'),
  );

test('BCP134-3.1-c C-ORD-15: a message with the line ends of Unix arrives over STARTTLS and over implicit TLS', async () => {
  for (const [port, tls] of [
    [server.submission, 'starttls'],
    [server.submissions, 'implicit'],
  ] as const) {
    const { accepted } = await submit(MESSAGE, ENVELOPE, { ...options(port), tls });
    const copy = await copyOf(accepted[0]?.reply.text ?? '');
    assert.match(copy, /\r\nSubject: a test\r\n[^]*\r\n\r\n\.hello\r\n$/);
    assert.doesNotMatch(copy, /(?<!\r)\n/);
  }
});

test('C-ORD-10 BCP134-3.1-e: a wrong password, a foreign sender and a message that is too large are told apart', async () => {
  const wrong = await failure(submit(MESSAGE, ENVELOPE, { ...options(server.submission), password: 'no' }));
  assert.deepEqual([wrong.kind, wrong.retry, wrong.reply?.code], ['authentication', 'never', 535]);
  const from = { ...ENVELOPE, reversePath: 'bob@example.org' };
  const foreign = await failure(submit(MESSAGE, from, { ...options(server.submission), address: ADDRESS }));
  assert.deepEqual([foreign.kind, foreign.enhancedStatus], ['refused', '5.7.1']);
  assert.match(foreign.nextStep, /address that belongs to it/);
  const large = await failure(submit(MESSAGE + 'x'.repeat(27_000_000), ENVELOPE, options(server.submission)));
  assert.deepEqual([large.kind, large.retry], ['notSupported', 'otherServer']);
});

test('EXT-PIPE-b C-ORD-11: a thousand messages over one connection are each accepted once', async () => {
  const before = delivered(server.outbox).length;
  await using submission = await openSubmission({ ...options(server.submission), address: ADDRESS });
  const results = await Promise.all(
    Array.from({ length: 1000 }, (_, at) => submission.submit(`${MESSAGE}${at}\n`, ENVELOPE)),
  );
  const ids = results.map(({ accepted }) => /queued as (\w+)/.exec(accepted[0]?.reply.text ?? '')?.[1]);
  assert.equal(new Set(ids).size, 1000);
  await eventually('all of them', 30, () => delivered(server.outbox).length === before + 1000);
});

test('C-ORD-12 EXT-LIM: 250 recipients where the server takes 100 arrive in three messages', async () => {
  const recipients = Array.from({ length: 250 }, (_, at) => `r${at}@far.example`);
  const { accepted } = await submit(MESSAGE, { ...ENVELOPE, recipients }, options(server.submission));
  assert.equal(accepted.length, 250);
  assert.equal(new Set(accepted.map(({ reply }) => reply.text)).size, 3);
});

test('EXT-CHUNK-a EXT-SIZE-b: 20 MiB arrive octet for octet, from memory and as a stream', async () => {
  const body = `${'0123456789abcdef'.repeat(60)}\r\n..\r\n`.repeat(20_000);
  async function* pieces(): AsyncGenerator<string> {
    yield MESSAGE;
    for (let at = 0; at < body.length; at += 70_001) yield await Promise.resolve(body.slice(at, at + 70_001));
  }
  await using submission = await openSubmission({ ...options(server.submission), address: ADDRESS });
  for (const message of [MESSAGE.replaceAll('\n', '\r\n') + body, pieces()]) {
    const { accepted } = await submission.submit(message, ENVELOPE);
    const copy = await copyOf(accepted[0]?.reply.text ?? '');
    assert.ok(copy.endsWith(`\r\n\r\n.hello\r\n${body}`));
  }
});

test('EXT-UTF8-a EXT-8BIT: addresses, header and body in another script arrive as they are', async () => {
  const { accepted } = await submit(
    'From: alice@example.org\nSubject: grüße\n\nhä\n',
    { ...ENVELOPE, recipients: ['jürgen@bücher.example'] },
    options(server.submission),
  );
  assert.match(await copyOf(accepted[0]?.reply.text ?? ''), /Subject: grüße\r\n[^]*\r\n\r\nhä\r\n$/);
});

const day = 86_400_000;
const untrusted = [
  ['expired', { dns: ['localhost'], notBefore: -2 * day, notAfter: -day }, true],
  ['for another name', { dns: ['far.example'] }, true],
  ['signed by nobody we know', { dns: ['localhost'] }, false],
] as const;

for (const [why, { notBefore, notAfter, dns }, trusted] of untrusted.map(
  (one) => [one[0], { notBefore: undefined, notAfter: undefined, ...one[1] }, one[2]] as const,
))
  test(`C-ORD-6 C-ORD-7 TLS-w BCP134-4-c: a certificate that is ${why}: no AUTH and no MAIL on the wire, no other port`, async () => {
    const now = Date.now();
    const pair = await certificate({
      dns,
      ...(notBefore === undefined ? {} : { notBefore: new Date(now + notBefore) }),
      ...(notAfter === undefined ? {} : { notAfter: new Date(now + notAfter) }),
    });
    for (const implicit of [true, false]) {
      await using bad = await tlsServer({ ...pair, implicit });
      await using other = await tlsServer({ ...pair, implicit: !implicit });
      const [starttls, tls] = implicit ? [other, bad] : [bad, other];
      const error = await failure(
        submit(MESSAGE, ENVELOPE, {
          ...{ host: 'localhost', password: PASSWORD, profile: implicit ? 'implicit-first' : 'standard' },
          ports: { network: moved({ 587: starttls.port, 465: tls.port }) },
          ...(trusted ? { ca: pair.cert } : {}),
        }),
      );
      assert.deepEqual([error.kind, error.retry, error.attempts.length], ['certificate', 'never', 1]);
      assert.ok(
        bad.heard.every(({ line, secured }) => !secured && /^(EHLO \[127\.0\.0\.1\]|STARTTLS)$/.test(line)),
      );
      assert.deepEqual(other.heard, []);
    }
  });

test('BCP134-3.2-f C-ORD-4 C-ORD-5: 587 refused, 465 open: it moves on at once, says so, and remembers it in a file', async () => {
  const pair = await certificate({ dns: ['localhost'] });
  await using good = await tlsServer({ ...pair, implicit: true });
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const address = closed.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => closed.close(resolve));
  const path = join(directory, 'known', 'servers.json');
  const settings = {
    ...{ host: 'localhost', address: ADDRESS, password: 'x', ca: pair.cert, memory: fileMemory(path) },
    // The default list on ports that may be bound here.
    ports: { network: moved({ 587: port, 465: good.port }) },
  };
  const first = await openSubmission(settings);
  assert.deepEqual(
    first.server.attempts.map((one) => `${one.port} ${one.outcome}`),
    ['587 refused', '465 used'],
  );
  await first.close();
  const again = await openSubmission(settings);
  assert.deepEqual(
    again.server.attempts.map((one) => `${one.source} ${one.port} ${one.outcome}`),
    ['remembered 465 used'],
  );
  await again.close();
  const text = readFileSync(path, 'utf8');
  assert.ok(!text.includes('"x"'), 'no secret is kept');
  for (const broken of ['', '{', '[]', text.replace('465', '"465"'), text.replace('implicit', 'none')]) {
    writeFileSync(path, broken);
    const { steps } = await discover(ADDRESS, { ...settings, host: 'localhost' });
    assert.equal(steps[0]?.answer, 'nothing is remembered');
  }
});

/** The system's network, with ports that stand for others. */
function moved(ports: Readonly<Record<number, number>>): Network {
  return {
    dial: (target, timeoutMs) =>
      systemNetwork.dial({ ...target, port: ports[target.port ?? 0] ?? target.port ?? 0 }, timeoutMs),
  };
}

const page = readFileSync(join(import.meta.dirname, '../docs/CLIENT.md'), 'utf8');
const examples = [...page.matchAll(/```js\n([^]*?)```/g)].map(([, code = '']) => code);

/** Runs it as a program of its own, with the test's server in place of the one it names. */
async function run(code: string): Promise<{ readonly status: number | null; readonly output: string }> {
  const path = join(directory, 'example.mjs');
  writeFileSync(
    path,
    code
      .replaceAll("'postern/client'", `'file://${join(import.meta.dirname, '../src/client/index.ts')}'`)
      .replace(
        "host: 'msa.example.org',",
        `host: 'localhost', port: ${server.submission}, ca: process.env.CA,`,
      )
      .replace(
        '{ password }',
        `{ password: process.env.MAIL_PASSWORD, host: 'localhost', port: ${server.submission}, ca: process.env.CA }`,
      ),
  );
  const child = spawn(process.execPath, [path], {
    env: { ...process.env, MAIL_PASSWORD: PASSWORD, CA: ca },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  });
  let output = '';
  child.stdout.on('data', (data) => (output += String(data)));
  child.stderr.on('data', (data) => (output += String(data)));
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, output })));
}

test('BCP134-3.1-c: the examples of docs/CLIENT.md run as they stand there, and end by themselves', async () => {
  assert.equal(examples.length, 2);
  const [short = '', complete = ''] = examples;
  assert.equal(short.trim().split('\n').length, 3, 'three lines');
  assert.deepEqual(await run(short), { status: 0, output: '' });
  const { status, output } = await run(complete);
  assert.equal(status, 0, output);
  assert.match(
    output,
    /^connected on \d+ \(starttls\), TLSv1\.3\nbob@example\.com: 250 .*\ncarol@example\.com: 250 .*\n$/,
  );
  const refused = await run(
    complete.replaceAll('alice@', 'bob@').replace("address: 'bob", "address: 'alice"),
  );
  assert.deepEqual([refused.status, /^refused: .*5\.7\.1/m.test(refused.output)], [69, true], refused.output);
});

test('the client loads nothing that it does not need', async () => {
  const list = await run(
    `import { registerHooks } from 'node:module';
     const seen = new Set();
     registerHooks({ resolve: (name, context, next) => { const found = next(name, context); seen.add(found.url); return found; } });
     await import('postern/client');
     console.log([...seen].join('\\n'));`,
  );
  assert.equal(list.status, 0, list.output);
  assert.match(list.output, /src\/client\/submission\.ts/);
  assert.doesNotMatch(
    list.output,
    /node_modules|node:https|node:http\b|src\/(server|store|relay|config|cli)\//,
  );
});
