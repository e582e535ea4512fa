// What BCP 134 is about, shown by one running server: whoever sends is known, whatever was sent is traced to them, and they can be stopped.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type Server } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import nodemailer from 'nodemailer';
import type { TraceAnswer, TracedMessage } from '../src/audit/trace.ts';
import type { TrailEvent } from '../src/record/events.ts';
import { delivered, eventually, PASSWORD, startServer, type TestServer } from './system/server.ts';
import { openClient, type Client } from './system/smtp-load.ts';

const [alice, bob, carol, dave, erin] = ['alice', 'bob', 'carol', 'dave', 'erin'].map(
  (name) => `${name}@example.org`,
) as [string, string, string, string, string];
const EHLO = 'client.example.net';

// The command line is started often here: what Node compiled once it finds again.
const compiled = mkdtempSync(join(tmpdir(), 'postern-compiled-'));
process.env['NODE_COMPILE_CACHE'] = compiled;

let server: TestServer;
let sink: Sink;

before(async () => {
  sink = await startSink();
  server = await startServer({
    mx: true,
    accounts: [alice, bob, carol, dave, erin],
    relay: [
      'relay:',
      '  files: ./outbox',
      '  retry: [1s]',
      `  routes: { sink.example: { smarthost: "smtp://127.0.0.1:${sink.port}" } }`,
    ].join('\n'),
    // The network of this test is as trusted as one can be.
    extra: `limits: { exempt: [127.0.0.0/8] }\npostmaster: ${bob}`,
  });
});
after(async () => {
  await server[Symbol.asyncDispose]();
  sink.server.close();
  rmSync(compiled, { recursive: true, force: true });
});

interface Sink {
  readonly port: number;
  readonly server: Server;
  readonly messages: string[];
  /** False: every recipient is put off. */
  open: boolean;
  /** The RCPT lines that were put off. */
  readonly refusedForNow: Set<string>;
}

/** The next hop: knows nothing but RFC 821; `never@` is nobody there. */
async function startSink(): Promise<Sink> {
  const answer: Readonly<Record<string, string>> = { EHLO: '500 what?', DATA: '354 go on', QUIT: '221 bye' };
  const listener = createServer((socket) => {
    let text = '';
    let inData = false;
    socket.setEncoding('latin1').on('error', () => undefined);
    socket.write('220 sink.example\r\n');
    socket.on('data', (data) => {
      text += String(data);
      for (;;) {
        const end = text.indexOf(inData ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const taken = text.slice(0, end);
        text = text.slice(end + (inData ? 5 : 2));
        if (inData) made.messages.push(taken);
        socket.write(`${inData ? '250 2.0.0 the sink has it' : replyTo(taken)}\r\n`);
        inData = !inData && taken.toUpperCase() === 'DATA';
      }
    });
  });
  function replyTo(line: string): string {
    if (/^RCPT TO:<never@/i.test(line)) return '550 5.1.1 nobody of that name';
    if (/^RCPT /i.test(line) && !made.open) {
      made.refusedForNow.add(line);
      return '451 4.2.0 not now';
    }
    return answer[line.slice(0, 4).toUpperCase()] ?? '250 ok';
  }
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const made: Sink = { port, server: listener, messages: [], open: true, refusedForNow: new Set() };
  return made;
}

const session = (login: string, password = PASSWORD): Promise<Client> =>
  openClient({ port: server.submission, login, password });

interface Message {
  readonly from: string;
  readonly to: readonly string[];
  /** Beside From; with To, Subject etc. as needed. */
  readonly fields?: readonly string[];
  readonly body?: string;
}

/** One transaction; the first reply that is no success, or the final one. */
async function submit(client: Client, { from, to, fields = [], body = 'hello' }: Message): Promise<string> {
  for (const line of [`MAIL FROM:<${from}>`, ...to.map((rcpt) => `RCPT TO:<${rcpt}>`), 'DATA']) {
    const reply = await client.command(line);
    if (!/^[23]/.test(reply)) return reply;
  }
  client.write([...fields, '', body, '.', ''].join('\r\n'));
  return client.reply();
}

const idOf = (reply: string): string => {
  const id = /^250 2\.0\.0 queued as ([0-9A-Z]{26})$/.exec(reply)?.[1];
  assert.ok(id !== undefined, reply);
  return id;
};

/** The message as it left, by the id of its 250. */
function copyOf(id: string): Promise<string> {
  return eventually(`delivery of ${id}`, 10, () =>
    delivered(server.outbox)
      .find(({ name }) => name === `${id}.eml`)
      ?.bytes.toString('latin1'),
  );
}

function traced(what: string, ...options: readonly string[]): { status: number; answer: TraceAnswer } {
  const { status, stdout, stderr } = server.postern(['trace', what, '--json', ...options]);
  assert.ok(stdout !== '', stderr);
  return { status, answer: JSON.parse(stdout) as TraceAnswer };
}

function tracedOne(id: string): TracedMessage {
  const { status, answer } = traced(id);
  assert.equal(status, 0);
  assert.deepEqual(
    answer.messages.map((message) => message.id),
    [id],
  );
  return answer.messages[0] as TracedMessage;
}

function file(name: string, content: string): string {
  const path = join(server.directory, name);
  writeFileSync(path, content, 'latin1');
  return path;
}

/** An export leaves a record too, which is no business of these tests. */
const isExport = (event: TrailEvent): boolean =>
  event.type === 'lookedUp' && event.payload?.action === 'audit export';

function exported(...options: readonly string[]): readonly TrailEvent[] {
  const { status, stdout, stderr } = server.postern(['audit', 'export', ...options]);
  assert.equal(status, 0, stderr);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as TrailEvent).filter((event) => !isExport(event));
}

function account(...args: readonly string[]): string {
  const { status, stdout, stderr } = server.postern(['account', ...args]);
  assert.equal(status, 0, stderr);
  return stdout;
}

/** The end of a session that the server ends: its last words. */
async function lastWords(client: Client): Promise<string> {
  const closed = new Promise((resolve) => client.socket.once('close', resolve));
  const words = await client.reply();
  await closed;
  return words;
}

test('BCP134-3.1-b BCP134-3.2-b BCP134-3.2-d BCP134-5-a G-1: no network is trusted: on another port, from loopback, exempt from limits, nothing without AUTH', async () => {
  assert.notEqual(server.submission, 587);
  const client = await openClient({ port: server.submission });
  const offered = await client.command(`EHLO ${EHLO}`);
  const mechanisms = /^250[- ]AUTH (.*)$/m.exec(offered)?.[1]?.trim().split(' ') ?? [];
  assert.deepEqual(
    mechanisms.filter(
      (one) => !/^(SCRAM-SHA-256(-PLUS)?|OAUTHBEARER|XOAUTH2|EXTERNAL|PLAIN|LOGIN)$/.test(one),
    ),
    [],
  );
  assert.notEqual(mechanisms.length, 0);
  for (const line of [`MAIL FROM:<${alice}>`, 'MAIL FROM:<>', `RCPT TO:<${bob}>`, 'DATA'])
    assert.match(await client.command(line), /^530 5\.7\.0/, line);
  const plain = Buffer.from(`\0${alice}\0${PASSWORD}`).toString('base64');
  assert.match(await client.command(`AUTH PLAIN ${plain}`), /^235/);
  assert.match(await client.command(`MAIL FROM:<${alice}>`), /^250/);
  client.close();
});

test('BCP134-3.1-h BCP134-3.1-i D-TR-1: id, label, Message-ID, address, the file: each leads to the same record', async () => {
  const client = await session(alice);
  const fields = [`From: <${alice}>`, 'To: y@far.example', 'Message-ID: <one@alice.example>', 'X-Tag: 1'];
  const id = idOf(await submit(client, { from: alice, to: ['only-once@far.example'], fields }));
  client.close();
  const copy = await copyOf(id);
  const label = /^Received: from ([0-9a-z]{16})\.client\.msa\.example\.org\r\n/m.exec(copy)?.[1] ?? '';
  const stripped = copy.replace(/^Message-ID: .*\r\n/m, '').replace(/^X-Tag: .*\r\n/m, '');
  assert.ok(!stripped.includes('one@alice.example'));
  const record = tracedOne(id);
  assert.equal(record.accepted?.principal?.login, alice);
  for (const what of [
    label,
    `${label}.client.msa.example.org`,
    '<one@alice.example>',
    'one@alice.example',
    'ONLY-ONCE@far.example',
    file('copy.eml', copy),
    file('line-feeds.eml', copy.replaceAll('\r\n', '\n')),
    file('stripped.eml', stripped),
    file('header-alone.eml', stripped.slice(0, stripped.indexOf('\r\n\r\n'))),
  ]) {
    const { status, answer } = traced(what);
    assert.equal(status, 0, what);
    const found = answer.messages.find((message) => message.id === id);
    assert.deepEqual(found?.accepted, record.accepted, what);
  }
});

test('D-TR-1 D-TR-2 D-TR-7: the record: who, with what, when, from where to where with both ports, how protected, and its fate', async () => {
  const client = await session(alice);
  const from = client.socket.localPort;
  const before = Date.now();
  const fields = [`From: <${alice}>`, 'Subject: ports'];
  const id = idOf(
    await submit(client, { from: alice, to: ['now@sink.example', 'never@sink.example'], fields }),
  );
  const afterwards = Date.now();
  client.close();
  await eventually('both fates', 10, () => tracedOne(id).recipients.every(({ fate }) => fate !== 'queued'));
  const { accepted, acceptedAt, recipients, identityId } = tracedOne(id);
  const at = Date.parse(String(acceptedAt));
  assert.ok(accepted !== undefined && at >= before && at <= afterwards);
  const { session: facts, principal, envelope } = accepted;
  const { clientAddress, clientPort, serverAddress, serverPort } = facts;
  assert.deepEqual(
    { clientAddress, clientPort, serverAddress, serverPort },
    {
      clientAddress: '127.0.0.1',
      clientPort: from,
      serverAddress: '127.0.0.1',
      serverPort: server.submission,
    },
  );
  assert.equal(facts.ehlo, EHLO);
  assert.match(`${facts.tls?.version} ${facts.tls?.cipher}`, /^TLSv1\.3 TLS_/);
  assert.notEqual(facts.sessionId, '');
  assert.deepEqual(principal, {
    ...{ identityId, login: alice, credentialId: 'password', credentialLabel: 'password' },
    mechanism: 'PLAIN',
  });
  assert.deepEqual(
    envelope.recipients.map(({ forwardPath }) => forwardPath),
    ['now@sink.example', 'never@sink.example'],
  );
  assert.deepEqual([...accepted.completed].sort(), ['date', 'message-id']);
  assert.match(accepted.messageIdField ?? '', /^<[^<>@]+@msa\.example\.org>$/);
  assert.match(accepted.bodyHash, /^[0-9a-f]{64}$/);
  assert.deepEqual(
    recipients.map(({ recipient, fate, diagnostic }) => [recipient, fate, diagnostic]),
    [
      ['now@sink.example', 'relayed', '250 2.0.0 the sink has it'],
      ['never@sink.example', 'failed', '550 5.1.1 nobody of that name'],
    ],
  );
  assert.match(recipients[0]?.remote ?? '', new RegExp(`127\\.0\\.0\\.1.*:${sink.port}`));
  // Our own report is accountable as well: it names the message that it is about.
  const report = tracedOne(recipients[1]?.reportId ?? '').accepted;
  assert.deepEqual([report?.rule, report?.reportOn, report?.envelope.reversePath], ['report', id, '']);
});

test('BCP134-2-a 5321-r: the next hop gets the message with one Received of ours, above what was there', async () => {
  const client = await session(alice);
  const earlier =
    'Received: from mua (localhost [127.0.0.1])\tby laptop.example ; Mon, 1 Jan 2024 00:00:00 +0000';
  const fields = [earlier, `From: <${alice}>`, 'Subject: one more line'];
  const id = idOf(await submit(client, { from: alice, to: ['hop@sink.example'], fields }));
  client.close();
  const message = await eventually('the message at the sink', 10, () =>
    sink.messages.find((one) => one.includes(id)),
  );
  const lines = message.replaceAll(/\r\n[ \t]+/g, ' ').split('\r\n');
  assert.match(
    lines[0] ?? '',
    new RegExp(
      `^Received: from [0-9a-z]{16}\\.client\\.msa\\.example\\.org by msa\\.example\\.org with ESMTPSA id ${id} `,
    ),
  );
  assert.deepEqual(lines.filter((line) => /^received:/i.test(line)).slice(1), [earlier]);
});

const COPIED = 'the body of bob, which nobody else has written';

test('BCP134-3.1-i D-TR-6: lines that were forged or copied accuse nobody', async () => {
  const clients = [await session(bob), await session(alice)] as const;
  const mid = 'Message-ID: <of-bob@bob.example>';
  const fields = [`From: <${bob}>`, mid];
  const ofBob = idOf(await submit(clients[0], { from: bob, to: ['list@far.example'], fields, body: COPIED }));
  const copyOfBob = await copyOf(ofBob);
  const [line = ''] = /^Received: from [\s\S]*?\r\n(?![ \t])/m.exec(copyOfBob) ?? [];
  assert.match(line, new RegExp(`id ${ofBob}`));
  const unknown = line.replace(ofBob, '06FN0Z2V3W00000000000000AB');

  // Alice hides behind lines of bob and of nobody.
  const forged = [unknown.trimEnd(), line.trimEnd(), `From: <${alice}>`, mid];
  const spam = { from: alice, to: ['victim@far.example'], fields: forged, body: 'spam' };
  const ofAlice = idOf(await submit(clients[1], spam));
  for (const client of clients) client.close();
  const { status, answer } = traced(file('spam.eml', await copyOf(ofAlice)));
  assert.equal(status, 0);
  assert.deepEqual(
    answer.messages.map(({ id, evidence }) => [id, evidence]),
    [
      [ofAlice, 'message'],
      [ofBob, 'none'],
    ],
  );
  const words = server.postern(['trace', join(server.directory, 'spam.eml')]).stdout;
  assert.match(
    words,
    /claims From: alice@example\.org[\s\S]*who {7}alice@[\s\S]*UNVERIFIED[\s\S]*who {7}bob@/,
  );

  const vectors: readonly {
    readonly why: string;
    readonly content: string;
    readonly evidence: string;
    readonly status: number;
  }[] = [
    { why: 'what bob sent', content: copyOfBob, evidence: 'message', status: 0 },
    {
      why: 'with another To and Subject above his body',
      content: copyOfBob.replace(/^Message-ID/m, 'To: x@far.example\r\nSubject: pay now\r\nMessage-ID'),
      evidence: 'body',
      status: 0,
    },
    {
      why: 'saved by a program that writes other line ends and drops the last one',
      content: copyOfBob.replaceAll('\r\n', '\n').trimEnd(),
      evidence: 'message',
      status: 0,
    },
    {
      why: 'a mailing list put its words under it',
      content: `${copyOfBob}-- \r\nlist\r\n`,
      evidence: 'line',
      status: 0,
    },
    {
      why: 'his line above words of somebody who never was here',
      content: `${line}From: <${bob}>\r\nMessage-ID: <x@evil.example>\r\n\r\nspam\r\n`,
      evidence: 'none',
      status: 1,
    },
    {
      why: 'with another label: we wrote no such line',
      content: copyOfBob.replace(/from [0-9a-z]{16}\./, 'from 0123456789abcdef.').replace(COPIED, 'other'),
      evidence: 'none',
      status: 1,
    },
    {
      why: 'only his Message-ID',
      content: `From: <${bob}>\r\n${mid}\r\n\r\nother\r\n`,
      evidence: 'none',
      status: 1,
    },
  ];
  for (const { why, content, evidence, status: expected } of vectors) {
    const result = traced(file('shown.eml', content));
    const found = result.answer.messages.find(({ id }) => id === ofBob);
    assert.deepEqual([found?.evidence, result.status], [evidence, expected], why);
  }
});

test('D-TR-6 F-HDR-4: a hostile header breaks nothing, and its escapes do not reach the terminal', () => {
  const ours = (id: string): string =>
    `Received: from x.client.msa.example.org\r\n\tby msa.example.org with ESMTPSA id ${id};\r\n\tMon, 1 Jan 2024 00:00:00 +0000\r\n`;
  const id = '06FN0Z2V3W00000000000000AB';
  const hostile = [
    'Received: \r\n',
    'Received: by msa.example.org id ;\r\n',
    ours('../../etc/passwd'),
    ours(id.toLowerCase()),
    ours(`${id}' OR 1=1 --`),
    `Received: from ${'('.repeat(5000)} by msa.example.org id ${id};\r\n`,
    `Received: by msa.example.org.evil.example with SMTP id ${id};\r\n`,
    `Received: by evil.example (by msa.example.org with SMTP id ${id});\r\n`,
    `Received: ${'a'.repeat(200_000)}\r\n`,
    'Received\x00: \x1b[2J\r\n',
    'From: \x1b]0;owned\x07 <\x1b[31m@evil.example>\r\n',
    `Message-ID: <\x1b[2J\u202E@evil.example>\r\n`,
    ours(id).repeat(2000),
  ].join('');
  const path = file('hostile.eml', hostile);
  const { status, stdout, stderr } = server.postern(['trace', path]);
  assert.equal(status, 1, stderr);
  assert.doesNotMatch(stdout + stderr, /\x1b|\x07|\0/);
  assert.match(
    stderr,
    /^postern: the trail knows nothing of the file: looked for 50 ids of our Received lines .*It did not pass here, its lines were changed, or/,
  );
});

test('BCP134-3.1-h BCP134-3.1-i D-TR-1: a login leads to all it did: under whatever address, refused, failed to log in, in a time, from a client', async () => {
  account('rights', erin, 'add', 'sales@example.org');
  const client = await session(erin);
  const fields = ['From: <sales@example.org>'];
  const id = idOf(await submit(client, { from: 'sales@example.org', to: ['deal@far.example'], fields }));
  assert.match(
    await submit(client, { from: bob, to: ['x@far.example'], fields: [`From: <${bob}>`] }),
    /^550 5\.7\.1 /,
  );
  client.close();
  await assert.rejects(session(erin, 'wrong password'), /535 5\.7\.8/);
  const { id: identityId } = JSON.parse(account('show', erin, '--json')) as { id: string };
  for (const what of [erin, 'erin', identityId]) {
    const { answer } = await eventually(`refusals of ${what}`, 10, () => {
      const found = traced(what);
      return found.answer.refusals.length < 2 ? undefined : found;
    });
    assert.ok(
      answer.messages.some((message) => message.id === id),
      what,
    );
    assert.deepEqual(
      answer.refusals.map(({ type, payload }) => [type, payload?.session.clientAddress]),
      [
        ['authenticationFailed', '127.0.0.1'],
        ['refused', '127.0.0.1'],
      ],
      what,
    );
  }
  const shown = (...options: string[]): string => server.postern(['trace', 'erin', ...options]).stdout;
  assert.match(shown(), /^erin@example\.org {2}identity [a-z0-9]{16}, active$/m);
  assert.match(
    shown('--since', '1h', '--ip', '::ffff:127.0.0.1'),
    /log-in failed[\s\S]*because {3}wrong secret[\s\S]*refused MAIL 550 5\.7\.1[\s\S]*because[\s\S]*sender {4}<sales@/,
  );
  for (const options of [
    ['--until', '1h'],
    ['--since', '2126-01-01'],
    ['--ip', '192.0.2.7'],
  ]) {
    const { status, stderr } = server.postern(['trace', 'erin', ...options]);
    assert.deepEqual(
      [status, /knows of nothing that erin@example\.org sent/.test(stderr)],
      [1, true],
      stderr,
    );
  }
  const first = traced('erin', '--max', '1').answer;
  assert.deepEqual([first.messages.length, first.refusals.length, first.more], [0, 1, true]);
  const next = traced('erin', '--max', '1', '--before', String(first.next)).answer;
  assert.deepEqual(
    next.refusals.map(({ type }) => type),
    ['refused'],
  );
});

test('D-TR-5: a look-up is itself recorded: who asked what, why, and what was found', () => {
  const { answer } = traced(alice, '--reason', 'ticket 4711', '--max', '1');
  assert.equal(answer.messages.length, 1);
  assert.ok(answer.more);
  const event = exported().findLast(({ type }) => type === 'lookedUp');
  assert.deepEqual(event?.payload, {
    by: `${userInfo().username} (command line)`,
    action: 'trace',
    detail: { question: alice, reason: 'ticket 4711', found: 1 },
  });
});

test('D-TR-1 BCP134-3.1-e 6409-6.3-a: what is refused after AUTH is recorded too, with who tried it', async () => {
  const client = await session(alice);
  const fields = [`From: <${alice}>`];
  const refused: readonly (readonly [Message, command: string, code: number, status: string])[] = [
    [{ from: bob, to: ['x@far.example'], fields }, 'MAIL', 550, '5.7.1'],
    [{ from: alice, to: ['nobody@example.org'], fields }, 'RCPT', 550, '5.1.1'],
    [{ from: alice, to: ['x@far.example'], fields: [`From: <${bob}>`] }, 'DATA', 550, '5.7.1'],
    [{ from: alice, to: ['x@far.example'], fields: [...fields, ...fields] }, 'DATA', 554, '5.6.0'],
  ];
  const had = exported().at(-1)?.sequence ?? 0;
  for (const [message, , code, status] of refused) {
    assert.ok((await submit(client, message)).startsWith(`${code} ${status} `));
    assert.match(await client.command('RSET'), /^250/);
  }
  client.close();
  await assert.rejects(session(alice, 'wrong password'), /535 5\.7\.8/);
  await assert.rejects(session('stranger@example.org', 'wrong password'), /535 5\.7\.8/);
  const events = exported('--after', String(had));
  const records = events.flatMap((event) => (event.type === 'refused' ? [event.payload] : []));
  assert.deepEqual(
    records.map((record) => [record?.command, record?.replyCode, record?.replyStatus]),
    refused.map(([, ...expected]) => expected),
  );
  for (const record of records) {
    assert.equal(record?.principal?.login, alice);
    assert.ok((record.session.clientPort ?? 0) > 0);
    assert.notEqual(record.cause, '');
  }
  assert.deepEqual(records[2]?.forwardPaths, ['x@far.example']);
  const failed = events.flatMap((event) => (event.type === 'authenticationFailed' ? [event.payload] : []));
  assert.deepEqual(
    failed.map((payload) => payload?.login),
    [alice, undefined],
    'a name that is none of ours is not kept: it may be a password',
  );
});

test('5322-i 5321-ag D-PR-5: who was written to in secret is told to nobody', async () => {
  const client = await session(alice);
  const secret = ['bcc-one@far.example', 'bcc-two@far.example'];
  const fields = [`From: <${alice}>`, 'To: open@far.example', `Bcc: ${secret.join(',\r\n ')}`];
  const id = idOf(await submit(client, { from: alice, to: ['open@far.example', ...secret], fields }));
  client.close();
  const copy = await copyOf(id);
  assert.doesNotMatch(copy, /bcc|\bfor </i);
  assert.match(copy, /^To: open@far\.example\r$/m);
  assert.ok(tracedOne(id).accepted?.completed.includes('bcc'), 'the trail knows that it was taken away');
});

test('D-PR-1 D-PR-2 G-11 BCP134-3.1-k: one Received of ours, whole, and nothing of the client in the message', async () => {
  const client = await session(alice);
  const fields = [`From: <${alice}>`, 'Subject: private'];
  const id = idOf(await submit(client, { from: alice, to: ['private@far.example'], fields }));
  client.close();
  const copy = await copyOf(id);
  const received = copy.replaceAll(/\r\n[ \t]+/g, ' ').match(/^Received: .*$/gim) ?? [];
  assert.equal(received.length, 1);
  assert.match(
    received[0] ?? '',
    new RegExp(
      `^Received: from [0-9a-z]{16}\\.client\\.msa\\.example\\.org by msa\\.example\\.org with ESMTPSA id ${id} ` +
        'for <private@far\\.example> tls TLS_[A-Z0-9_]+; [A-Z][a-z]{2}, \\d{1,2} [A-Z][a-z]{2} \\d{4} [\\d:]{8} [+-]\\d{4}\\r?$',
    ),
  );
  for (const word of ['127.0.0.1', EHLO, 'localhost', tracedOne(id).identityId ?? '?'])
    assert.ok(!copy.includes(word), word);
  assert.ok(!(received[0] ?? '').includes('alice'));
});

test('BCP134-3.1-g/1 BCP134-3-c 6409-3.1-a D-FB-1: two ways in and the door for strangers: each leaves a record of its kind', async () => {
  const had = exported().at(-1)?.sequence ?? 0;
  for (const [port, secure] of [
    [server.submission, false],
    [server.submissions, true],
  ] as const) {
    const transport = nodemailer.createTransport({
      ...{ host: 'localhost', port, secure, requireTLS: true },
      auth: { user: alice, pass: PASSWORD },
      tls: { ca: readFileSync(server.certificate) },
    });
    await transport.sendMail({ from: alice, to: 'kinds@far.example', subject: 'kinds', text: 'x\n' });
    transport.close();
  }
  const stranger = connect(server.mx, '127.0.0.1').setEncoding('latin1');
  let heard = '';
  stranger.on('data', (data) => (heard += String(data)));
  const say = async (line: string, begins: string): Promise<void> => {
    heard = '';
    stranger.write(`${line}\r\n`);
    await eventually(`the reply to ${line}`, 5, () => /^\d{3} .*\r\n$/m.test(heard));
    assert.ok(heard.startsWith(begins), `${line}: ${heard}`);
  };
  await eventually('the greeting', 5, () => heard.includes('\r\n'));
  await say('EHLO mx.far.example', '250');
  assert.doesNotMatch(heard, /AUTH/);
  await say(`MAIL FROM:<${alice}>`, '250');
  await say('RCPT TO:<x@far.example>', '550 5.7.1');
  await say('RCPT TO:<abuse@example.org>', '250');
  await say('DATA', '354');
  await say('From: x@far.example\r\n\r\ncomplaint\r\n.', '250');
  stranger.destroy();
  const records = exported('--after', String(had)).flatMap((event) =>
    event.type === 'accepted' && event.payload !== undefined ? [event.payload] : [],
  );
  assert.deepEqual(
    records.map(({ session: { role, serverPort }, withProtocol, principal, envelope }) => [
      ...[role, serverPort, withProtocol, principal?.login],
      envelope.recipients.map(({ forwardPath }) => forwardPath).join(' '),
    ]),
    [
      ['submission', server.submission, 'ESMTPSA', alice, 'kinds@far.example'],
      ['submission', server.submissions, 'ESMTPSA', alice, 'kinds@far.example'],
      ['mx', server.mx, 'ESMTP', undefined, bob],
    ],
  );
});

test('BCP134-4-a BCP134-5-d: an observer on the way sees a greeting, EHLO and STARTTLS, and then nothing', async () => {
  const seen = { up: [] as Buffer[], down: [] as Buffer[] };
  const observer = createServer((client) => {
    const upstream = connect(server.submission, '127.0.0.1');
    client.on('data', (data) => seen.up.push(Buffer.from(data)) && upstream.write(data));
    upstream.on('data', (data) => seen.down.push(Buffer.from(data)) && client.write(data));
    client.on('close', () => upstream.destroy()).on('error', () => undefined);
    upstream.on('close', () => client.destroy()).on('error', () => undefined);
  });
  await new Promise<void>((resolve) => observer.listen(0, '127.0.0.1', resolve));
  const address = observer.address();
  const transport = nodemailer.createTransport({
    ...{
      host: 'localhost',
      port: typeof address === 'object' ? address?.port : 0,
      name: EHLO,
      requireTLS: true,
    },
    auth: { user: alice, pass: PASSWORD },
    tls: { ca: readFileSync(server.certificate) },
  });
  const subject = 'a subject that is nobody else’s business';
  const { response } = await transport.sendMail({
    from: alice,
    to: 'roam@far.example',
    subject,
    text: 'x\n',
  });
  assert.match(response, /^250 2\.0\.0/);
  transport.close();
  observer.close();
  const [up, down] = [Buffer.concat(seen.up), Buffer.concat(seen.down)];
  const clear = (all: Buffer): string =>
    all.subarray(0, all.indexOf(Buffer.from([0x16, 3]))).toString('latin1');
  assert.equal(clear(up), `EHLO ${EHLO}\r\nSTARTTLS\r\n`);
  assert.match(clear(down), /^220 [^\r\n]*\r\n(250-[^\r\n]*\r\n)*250 [^\r\n]*\r\n220 [^\r\n]*\r\n$/);
  assert.doesNotMatch(clear(down), /AUTH/);
  const credentials = Buffer.from(`\0${alice}\0${PASSWORD}`).toString('base64');
  for (const word of [alice, 'roam@far', 'business', PASSWORD, credentials, 'MAIL FROM', '250 2.0.0', '235'])
    assert.ok(!up.includes(word) && !down.includes(word), word);
});

test('D-OUT-5: an app password is revoked by itself and at once; who is in by another stays in', async () => {
  const made = account('app-password', 'add', alice, '--label', 'phone');
  const text = /: (\S+)\n$/.exec(made)?.[1] ?? '';
  const [phone, desk] = [await session(alice, text), await session(alice)];
  const message = { from: alice, to: ['phone@far.example'], fields: [`From: <${alice}>`] };
  const byPhone = tracedOne(idOf(await submit(phone, message))).accepted?.principal;
  assert.deepEqual([byPhone?.credentialLabel, byPhone?.credentialId], ['phone', text.split('-')[0]]);
  assert.match(account('show', alice), /app password [0-9A-Z]{8} {2}phone {2}last used .* from 127\.0\.0\.1/);

  const words = lastWords(phone);
  account('app-password', 'revoke', alice, 'phone');
  assert.match(await words, /^421 4\.7\.0/, 'the open session ends');
  await assert.rejects(session(alice, text), /535 5\.7\.8/);
  assert.match(await submit(desk, message), /^250/);
  desk.close();
});

test('BCP134-3.1-f: a changed password is out at once, also where somebody came in with it', async () => {
  const client = await session(dave);
  const change = (password: string): number =>
    server.postern(['account', 'password', dave], `${password}\n`).status;
  const words = lastWords(client);
  assert.equal(change('another long password'), 0);
  assert.match(await words, /^421 4\.7\.0/);
  await assert.rejects(session(dave), /535 5\.7\.8/);
  (await session(dave, 'another long password')).close();
  assert.equal(change(PASSWORD), 0);
});

test('BCP134-3.1-f BCP134-3.1-h: who was removed sends and receives nothing more, and is still traced; the name is not given on', async () => {
  const client = await session(carol);
  const id = idOf(
    await submit(client, { from: carol, to: ['old@far.example'], fields: [`From: <${carol}>`] }),
  );
  const words = lastWords(client);
  account('remove', carol, '--yes');
  assert.match(await words, /^421 4\.7\.0/);
  await assert.rejects(session(carol), /535 5\.7\.8/);
  const again = server.postern(['account', 'add', carol]);
  assert.deepEqual([again.status, again.stdout], [1, '']);
  const other = await session(alice);
  await other.command(`MAIL FROM:<${alice}>`);
  assert.match(await other.command(`RCPT TO:<${carol}>`), /^550 5\.1\.1/);
  other.close();
  const { identityId, accepted } = tracedOne(id);
  assert.equal(accepted?.principal?.login, carol);
  assert.match(account('show', carol), new RegExp(`removed[\\s\\S]*id {7}${identityId}`));
  const { answer } = traced(carol);
  assert.deepEqual(
    answer.messages.map((message) => message.id),
    [id],
  );
});

test('D-OUT-3: suspended: no AUTH, nothing of the queue leaves, mail still arrives; then it is dropped without a word or goes on', async () => {
  sink.open = false;
  const client = await session(erin);
  const fields = [`From: <${erin}>`];
  const ids: string[] = [];
  for (const n of [1, 2, 3])
    ids.push(idOf(await submit(client, { from: erin, to: [`later${n}@sink.example`], fields })));
  const other = await session(alice);
  await submit(other, { from: alice, to: ['patient@sink.example'], fields: [`From: <${alice}>`] });
  await eventually('a first attempt for each', 10, () => sink.refusedForNow.size >= 4);
  const words = lastWords(client);
  account('suspend', erin);
  assert.match(await words, /^421 4\.7\.0/);
  const queue = JSON.parse(server.postern(['queue', 'list', '--identity', erin, '--json']).stdout) as {
    readonly entries: readonly { readonly id: string; readonly held: boolean }[];
  };
  assert.deepEqual(
    queue.entries.map(({ held }) => held),
    [true, true, true],
  );
  // Attempts that were under way at that moment have been put off.
  const before = sink.messages.length;
  sink.open = true;
  assert.equal(server.postern(['queue', 'retry', '--all', '--yes']).status, 0);
  await eventually('what was due with it', 10, () => sink.messages.length > before);
  assert.match(sink.messages.slice(before).join(), /for <patient@/);
  assert.equal(sink.messages.length, before + 1, 'nothing left while it was suspended');
  await assert.rejects(session(erin), /535 5\.7\.8/);
  const toErin = { from: alice, to: [erin], fields: [`From: <${alice}>`] };
  assert.match(await submit(other, toErin), /^250/, 'it still receives');
  other.close();

  const dropped = server.postern(['queue', 'drop', ids[0] ?? '', '--yes']);
  assert.match(dropped.stdout, /drop: 1 of 1 recipient\b/);
  account('resume', erin);
  await eventually('the rest of the queue', 10, () => sink.messages.length === before + 3);
  assert.equal(tracedOne(ids[0] ?? '').recipients[0]?.fate, 'dropped');
  assert.ok(!sink.messages.some((one) => one.includes('later1@')));
  const reports = exported().filter(
    ({ type, payload }) => type === 'accepted' && payload !== undefined && 'reportOn' in payload,
  );
  assert.ok(
    !reports.some(
      ({ payload }) => payload !== undefined && 'reportOn' in payload && ids.includes(payload.reportOn ?? ''),
    ),
    'nobody is told of what was dropped',
  );
});

test('D-OUT-1 G-13: limits of one identity: 451 over the hour, 550 over the day, kept over a restart, nobody else is touched', async () => {
  const had = exported().at(-1)?.sequence ?? 0;
  let client = await session(dave);
  const to = (...names: readonly string[]): Message => ({
    from: dave,
    to: names.map((name) => `${name}@far.example`),
    fields: [`From: <${dave}>`],
  });
  const soft = /^451 4\.7\.1/;
  account('limit', dave, 'messagesPerHour', '3');
  for (const name of ['a', 'b', 'c']) assert.match(await submit(client, to(name)), /^250/);
  assert.match(await submit(client, to('over')), soft);
  const other = await session(alice);
  assert.match(
    await submit(other, { from: alice, to: ['x@far.example'], fields: [`From: <${alice}>`] }),
    /^250/,
  );
  for (const one of [client, other]) one.close();

  await server.stop();
  await server.start();
  client = await session(dave);
  assert.match(await submit(client, to('over')), soft, 'the counters survive a restart');

  account('limit', dave, 'messagesPerHour', 'none');
  account('limit', dave, 'recipientsPerHour', '5');
  assert.match(await submit(client, to('over', 'd', 'e')), soft, 'three were used: the sixth is too many');
  assert.match(await submit(client, to('d', 'e')), /^250/, 'what was refused counts nothing');
  account('limit', dave, 'recipientsPerHour', '1');
  assert.match(await submit(client, to('over')), /^550 5\.7\.1/, 'over four times as much in a day');

  account('limit', dave, 'recipientsPerHour', 'none');
  account('limit', dave, 'nullSenderPerHour', '1');
  const report = { ...to('f'), from: '' };
  assert.match(await submit(client, report), /^250/, 'the null sender is no ground to refuse');
  assert.match(await submit(client, report), soft);
  client.close();
  const causes = exported('--identity', dave, '--after', String(had)).flatMap((event) =>
    event.type === 'refused' ? [`${event.payload?.replyCode} ${event.payload?.cause}`] : [],
  );
  assert.deepEqual(causes, [
    '451 limit messagesPerHour',
    '451 limit messagesPerHour',
    '451 limit recipientsPerHour',
    '550 limit recipientsPerDay',
    '451 limit nullSenderPerHour',
  ]);
  await eventually('delivery', 10, () => delivered(server.outbox).length > 0);
  const left = delivered(server.outbox).filter(({ bytes }) => String(bytes).includes('over@far.example'));
  assert.deepEqual(left, [], 'nothing of what was refused left');
});

test('D-TR-3: after all of it the chain holds, and nothing of it was a bug', () => {
  const { status, stdout } = server.postern(['audit', 'verify']);
  assert.equal(status, 0, stdout);
  assert.doesNotMatch(server.log(), /"a bug|thread died/);
});
