// The way out against real software: Postfix as smart host, Dovecot over LMTP; bodies arrive octet for octet, failures come back as reports,
// a host that is down costs nothing but time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDovecot } from './dovecot.ts';
import { startPostfix } from './postfix.ts';
import { delivered, eventually, lacking, PASSWORD, startServer, type TestServer } from './server.ts';
import { freePort } from '../free-port.ts';
import { openClient, submitOne } from './smtp-load.ts';

const login = 'alice@example.org';
const binary = Buffer.from(Array.from({ length: 256 * 40 }, (_, n) => n % 256))
  .toString('base64')
  .replaceAll(/(.{76})/g, '$1\r\n');
const BODY = `Grüße, .\r\n.dot\r\n..\r\n\r\n${binary}\r\nend`;

async function submit(
  server: TestServer,
  to: readonly string[],
  options: { subject: string; parameters?: string; mail?: string },
): Promise<string> {
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  try {
    return await submitOne(client, {
      login,
      recipients: to,
      subject: options.subject,
      body: BODY,
      rcptParameters: options.parameters ?? '',
      mailParameters: options.mail ?? '',
    });
  } finally {
    client.close();
  }
}

const bodyOf = (message: Buffer): string => {
  const text = message.toString('utf8').replaceAll(/\r?\n/g, '\r\n');
  return text.slice(text.indexOf('\r\n\r\n') + 4);
};

test(
  'E-Q-5/1 5321-x EXT-8BIT F-TX-5 6409-8-c/2 BCP134-3.1-c: Postfix as smart host gets one copy for two recipients, octet for octet',
  { skip: lacking('postfix') },
  async () => {
    const postfix = await startPostfix();
    await using server = await startServer({
      relay: `relay: { smarthost: "smtp://127.0.0.1:${postfix.port}" }`,
    });
    try {
      assert.match(await submit(server, ['x@far.example', 'y@far.example'], { subject: 'two' }), /^250/);
      for (const name of ['x', 'y']) {
        const [message] = await eventually(`mail of ${name}`, 20, () => {
          const all = postfix.mailbox(name);
          return all.length > 0 && all;
        });
        assert.equal(bodyOf(message ?? Buffer.alloc(0)).trimEnd(), BODY);
        assert.match(
          String(message),
          /Received: from msa\.example\.org[\s\S]*Received: from [0-9a-z]{16}\.client\.msa\.example\.org/,
        );
      }
      const traced = await eventually('fates', 10, () => {
        const { stdout } = server.postern(['trace', 'x@far.example']);
        return (stdout.match(/ relayed /g)?.length ?? 0) === 2 && stdout;
      });
      assert.match(
        traced,
        /250 2\.0\.0 Ok: queued as/,
        'the words of the next hop stand in the trace (D-TR-7)',
      );
    } finally {
      postfix.stop();
    }
  },
);

test(
  'D-TR-7 EXT-DSN-c: a recipient that Postfix refuses comes back as a report, the other is delivered',
  { skip: lacking('postfix') },
  async () => {
    const postfix = await startPostfix();
    await using server = await startServer({
      relay: `relay: { smarthost: "smtp://127.0.0.1:${postfix.port}", routes: { example.org: { files: ./outbox } } }`,
    });
    try {
      assert.match(
        await submit(server, ['x@far.example', 'nobody@far.example'], {
          subject: 'half',
          mail: 'ENVID=QQ42',
        }),
        /^250/,
      );
      await eventually('the good recipient', 20, () => postfix.mailbox('x').length === 1);
      const [report] = await eventually('the report', 20, () => {
        const all = delivered(server.outbox);
        return all.length > 0 && all;
      });
      const text = String(report?.bytes);
      assert.match(text, /^Return-Path: <>/);
      assert.match(text, /report-type=delivery-status/);
      assert.match(text, /Original-Envelope-Id: QQ42/);
      assert.match(text, /Final-Recipient: rfc822; nobody@far\.example\r\nAction: failed\r\nStatus: 5\.1\.1/);
      assert.doesNotMatch(text, /Final-Recipient: rfc822; x@far/);
    } finally {
      postfix.stop();
    }
  },
);

test(
  'E-Q-1 E-Q-6 E-S-2: a smart host that is down defers, and the mail goes when it is back',
  { skip: lacking('postfix') },
  async () => {
    const port = await freePort();
    await using server = await startServer({
      relay: `relay: { smarthost: "smtp://127.0.0.1:${port}", retry: [1s], routes: { example.org: { files: ./outbox } } }`,
    });
    for (let n = 0; n < 3; n += 1)
      assert.match(await submit(server, ['x@far.example'], { subject: `waits${n}` }), /^250/);
    await eventually('deferral', 10, () =>
      /deferred/.test(server.postern(['trace', 'x@far.example']).stdout),
    );
    await eventually('its cause in the log', 10, () => /next hop is down/.test(server.log()));
    const queue = server.postern(['queue', 'list', '--json']);
    assert.match(queue.stdout, /"deliveries": 3/);
    assert.equal(delivered(server.outbox).length, 0, 'nobody is told before it is late');

    const hold = server.postern(['queue', 'hold', '--to', 'x@far.example', '--yes']);
    assert.match(hold.stdout, /hold: \d of 3/);
    server.postern(['queue', 'release', '--all', '--yes']);
    const { id } = JSON.parse(queue.stdout).entries[0];
    await eventually('that it is not under way, to be given up', 10, () =>
      /gave up 1 of 1 recipient\b/.test(server.postern(['queue', 'drop', id, '--bounce', '--yes']).stdout),
    );
    await eventually('the report of what was given up', 10, () =>
      delivered(server.outbox).some(({ bytes }) => /given up by the postmaster/.test(String(bytes))),
    );
    const postfix = await startPostfix([], port);
    try {
      await eventually('delivery of what waited', 60, () => postfix.mailbox('x').length === 2);
    } finally {
      postfix.stop();
    }
  },
);

test(
  'E-M-1 5321-ae BCP134-4.1-b: Dovecot over LMTP: mail from outside for our mailbox, unchanged below our line',
  { skip: lacking('dovecot') },
  async () => {
    const dovecot = await startDovecot();
    await using server = await startServer({
      mx: true,
      relay: `relay: { files: ./outbox, routes: { example.org: { lmtp: "lmtp://127.0.0.1:${dovecot.port}" } } }`,
    });
    try {
      assert.match(await submit(server, [login, 'x@far.example'], { subject: 'inside' }), /^250/);
      const [message] = await eventually('mail in Dovecot', 20, () => {
        const all = dovecot.mailbox('alice');
        return all.length > 0 && all;
      });
      assert.equal(bodyOf(message ?? Buffer.alloc(0)).trimEnd(), BODY);
      await eventually('the other route', 10, () => delivered(server.outbox).length === 1);

      // bob has an account here and no mailbox there: one of two recipients fails at the LMTP server, and only that one is reported.
      assert.match(await submit(server, [login, 'bob@example.org'], { subject: 'partly' }), /^250/);
      await eventually('a report to alice', 20, () =>
        dovecot.mailbox('alice').some((one) => /Final-Recipient: rfc822; bob@example\.org/.test(String(one))),
      );
      const fates = server.postern(['trace', 'bob@example.org']).stdout;
      assert.match(fates, /<alice@example\.org> {2}delivered/);
      assert.match(fates, /<bob@example\.org> {2}failed/);
    } finally {
      await dovecot.stop();
    }
  },
);

test('E-Q-6 5321-aj: mail for a dead host goes back into the store at once: nothing of it stays in memory, and a stop takes no time', async () => {
  await using server = await startServer({
    relay: `relay: { smarthost: "smtp://127.0.0.1:${await freePort()}" }`,
  });
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  for (let number = 0; number < 40; number += 1) {
    const reply = await submitOne(client, {
      login,
      recipients: ['x@far.example'],
      subject: `dead-${number}`,
    });
    assert.match(reply, /^250 /);
  }
  client.close();
  const metrics = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${server.http}/metrics`)).text();
  await eventually('an empty memory', 10, async () =>
    /^postern_relay_memory_bytes 0$/m.test(await metrics()),
  );
  assert.match(await metrics(), /^postern_queue_messages 40$/m);
  await server.stop();
  assert.doesNotMatch(server.log(), /could not|did not drain/);
});

test('EXT-DSN-b: a success report for the last recipient when it was asked for', async () => {
  await using server = await startServer();
  assert.match(
    await submit(server, ['x@far.example'], { subject: 'tell me', parameters: 'NOTIFY=SUCCESS' }),
    /^250/,
  );
  await eventually('message and report', 10, () => delivered(server.outbox).length === 2);
  const report = delivered(server.outbox).find(({ bytes }) => String(bytes).includes('Action: delivered'));
  assert.ok(report !== undefined);
});

test('E-S-1 AUTH-x TLS-g2: a smart host with AUTH over verified TLS, by smtps and by STARTTLS; without trust nothing is sent', async () => {
  await using upstream = await startServer();
  const relayTo = (url: string, ca: boolean): string =>
    [
      'relay:',
      `  smarthost: "${url}"`,
      `  password: { env: RELAY_PASSWORD }`,
      '  retry: [1s]',
      ...(ca ? [`  ca: ${upstream.certificate}`] : []),
    ].join('\n');
  const user = encodeURIComponent(login);
  process.env['RELAY_PASSWORD'] = PASSWORD;
  const urls = [
    `smtps://${user}@localhost:${upstream.submissions}`,
    `smtp://${user}@localhost:${upstream.submission}`,
  ];
  for (const [n, url] of urls.entries()) {
    await using server = await startServer({ relay: relayTo(url, true) });
    assert.match(await submit(server, ['x@far.example'], { subject: `by ${url.slice(0, 5)}` }), /^250/);
    await eventually('delivery upstream', 20, () => delivered(upstream.outbox).length === n + 1);
    await eventually('its fate', 10, () =>
      /"verified": true/.test(server.postern(['trace', 'x@far.example', '--json']).stdout),
    );
  }
  await using untrusting = await startServer({ relay: relayTo(urls[0] ?? '', false) });
  assert.match(await submit(untrusting, ['x@far.example'], { subject: 'no trust' }), /^250/);
  await eventually('deferral', 10, () =>
    /deferred/.test(untrusting.postern(['trace', 'x@far.example']).stdout),
  );
  assert.equal(delivered(upstream.outbox).length, 2);
});
