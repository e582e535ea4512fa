// What BCP 134 is about: whoever sends is known, what is recorded of it is whole, and nothing of it is told to those whom it does not concern.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { after, test } from 'node:test';
import nodemailer from 'nodemailer';
import { openClient } from '../system/smtp-load.ts';
import { eventually, PASSWORD } from '../system/server.ts';
import { EHLO, House, alice, bob, idOf, submit, type Message } from './house.ts';

const house = await House.open();
after(() => house.close());

test('BCP134-3.1-b BCP134-3.2-b BCP134-3.2-d BCP134-5-a G-1: no network is trusted: on another port, from loopback, exempt from limits, nothing without AUTH', async () => {
  assert.notEqual(house.server.submission, 587);
  const client = await openClient({ port: house.server.submission });
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

test('D-TR-1 D-TR-2 D-TR-7: the record: who, with what, when, from where to where with both ports, how protected, and its fate', async () => {
  const client = await house.session(alice);
  const from = client.socket.localPort;
  const before = Date.now();
  const fields = [`From: <${alice}>`, 'Subject: ports'];
  const id = idOf(
    await submit(client, { from: alice, to: ['now@sink.example', 'never@sink.example'], fields }),
  );
  const afterwards = Date.now();
  client.close();
  await eventually('both fates, and the report on one', 10, async () =>
    (await house.tracedOne(id)).recipients.every(
      ({ fate, reportId }) => fate === 'relayed' || reportId !== undefined,
    ),
  );
  const { accepted, acceptedAt, recipients, identityId } = await house.tracedOne(id);
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
      serverPort: house.server.submission,
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
  assert.match(recipients[0]?.remote ?? '', new RegExp(`127\\.0\\.0\\.1.*:${house.sink.port}`));
  // Our own report is accountable as well: it names the message that it is about.
  const report = (await house.tracedOne(recipients[1]?.reportId ?? '')).accepted;
  assert.deepEqual([report?.rule, report?.reportOn, report?.envelope.reversePath], ['report', id, '']);
});

test('BCP134-2-a 5321-r: the next hop gets the message with one Received of ours, above what was there', async () => {
  const client = await house.session(alice);
  const earlier =
    'Received: from mua (localhost [127.0.0.1])\tby laptop.example ; Mon, 1 Jan 2024 00:00:00 +0000';
  const fields = [earlier, `From: <${alice}>`, 'Subject: one more line'];
  const id = idOf(await submit(client, { from: alice, to: ['hop@sink.example'], fields }));
  client.close();
  const message = await eventually('the message at the sink', 10, () =>
    house.sink.messages.find((one) => one.includes(id)),
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

test('D-TR-1 BCP134-3.1-e 6409-6.3-a: what is refused after AUTH is recorded too, with who tried it', async () => {
  const client = await house.session(alice);
  const fields = [`From: <${alice}>`];
  const refused: readonly (readonly [Message, command: string, code: number, status: string])[] = [
    [{ from: bob, to: ['x@far.example'], fields }, 'MAIL', 550, '5.7.1'],
    [{ from: alice, to: ['nobody@example.org'], fields }, 'RCPT', 550, '5.1.1'],
    [{ from: alice, to: ['x@far.example'], fields: [`From: <${bob}>`] }, 'DATA', 550, '5.7.1'],
    [{ from: alice, to: ['x@far.example'], fields: [...fields, ...fields] }, 'DATA', 554, '5.6.0'],
  ];
  const had = (await house.exported()).at(-1)?.sequence ?? 0;
  for (const [message, , code, status] of refused) {
    assert.ok((await submit(client, message)).startsWith(`${code} ${status} `));
    assert.match(await client.command('RSET'), /^250/);
  }
  client.close();
  await assert.rejects(house.session(alice, 'wrong password'), /535 5\.7\.8/);
  await assert.rejects(house.session('stranger@example.org', 'wrong password'), /535 5\.7\.8/);
  const events = await eventually('the records, which nobody waits for', 10, async () => {
    const found = await house.exported('--after', String(had));
    return found.filter(({ type }) => type === 'authenticationFailed').length < 2 ? undefined : found;
  });
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
  const client = await house.session(alice);
  const secret = ['bcc-one@far.example', 'bcc-two@far.example'];
  const fields = [`From: <${alice}>`, 'To: open@far.example', `Bcc: ${secret.join(',\r\n ')}`];
  const id = idOf(await submit(client, { from: alice, to: ['open@far.example', ...secret], fields }));
  client.close();
  const copy = await house.copyOf(id);
  assert.doesNotMatch(copy, /bcc|\bfor </i);
  assert.match(copy, /^To: open@far\.example\r$/m);
  assert.ok(
    (await house.tracedOne(id)).accepted?.completed.includes('bcc'),
    'the trail knows that it was taken away',
  );
});

test('D-PR-1 D-PR-2 G-11 BCP134-3.1-k: one Received of ours, whole, and nothing of the client in the message', async () => {
  const client = await house.session(alice);
  const fields = [`From: <${alice}>`, 'Subject: private'];
  const id = idOf(await submit(client, { from: alice, to: ['private@far.example'], fields }));
  client.close();
  const copy = await house.copyOf(id);
  const received = copy.replaceAll(/\r\n[ \t]+/g, ' ').match(/^Received: .*$/gim) ?? [];
  assert.equal(received.length, 1);
  assert.match(
    received[0] ?? '',
    new RegExp(
      `^Received: from [0-9a-z]{16}\\.client\\.msa\\.example\\.org by msa\\.example\\.org with ESMTPSA id ${id} ` +
        'for <private@far\\.example> tls TLS_[A-Z0-9_]+; [A-Z][a-z]{2}, \\d{1,2} [A-Z][a-z]{2} \\d{4} [\\d:]{8} [+-]\\d{4}\\r?$',
    ),
  );
  for (const word of ['127.0.0.1', EHLO, 'localhost', (await house.tracedOne(id)).identityId ?? '?'])
    assert.ok(!copy.includes(word), word);
  assert.ok(!(received[0] ?? '').includes('alice'));
});

test('BCP134-3.1-g/1 BCP134-3-c 6409-3.1-a D-FB-1: two ways in and the door for strangers: each leaves a record of its kind', async () => {
  const had = (await house.exported()).at(-1)?.sequence ?? 0;
  for (const [port, secure] of [
    [house.server.submission, false],
    [house.server.submissions, true],
  ] as const) {
    const transport = nodemailer.createTransport({
      ...{ host: 'localhost', port, secure, requireTLS: true },
      auth: { user: alice, pass: PASSWORD },
      tls: { ca: readFileSync(house.server.certificate) },
    });
    await transport.sendMail({ from: alice, to: 'kinds@far.example', subject: 'kinds', text: 'x\n' });
    transport.close();
  }
  const stranger = connect(house.server.mx, '127.0.0.1').setEncoding('latin1');
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
  const records = (await house.exported('--after', String(had))).flatMap((event) =>
    event.type === 'accepted' && event.payload !== undefined ? [event.payload] : [],
  );
  assert.deepEqual(
    records.map(({ session: { role, serverPort }, withProtocol, principal, envelope }) => [
      ...[role, serverPort, withProtocol, principal?.login],
      envelope.recipients.map(({ forwardPath }) => forwardPath).join(' '),
    ]),
    [
      ['submission', house.server.submission, 'ESMTPSA', alice, 'kinds@far.example'],
      ['submission', house.server.submissions, 'ESMTPSA', alice, 'kinds@far.example'],
      ['mx', house.server.mx, 'ESMTP', undefined, bob],
    ],
  );
});

test('BCP134-4-a BCP134-5-d: an observer on the way sees a greeting, EHLO and STARTTLS, and then nothing', async () => {
  const seen = { up: [] as Buffer[], down: [] as Buffer[] };
  const observer = createServer((client) => {
    const upstream = connect(house.server.submission, '127.0.0.1');
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
    tls: { ca: readFileSync(house.server.certificate) },
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

house.testThatAllHolds();
