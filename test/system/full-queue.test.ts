// A queue at its limit: new mail is put off whoever submits it, accepted mail is delivered, and reports are written.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { startCrashHop } from './crash-hop.ts';
import { delivered, eventually, PASSWORD, startServer, type TestServer } from './server.ts';
import { openClient, submitOne } from './smtp-load.ts';

const login = 'alice@example.org';
const FULL = '452 4.3.1 Mail system full, try again later';

async function submit(server: TestServer, subject: string): Promise<string> {
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  const reply = await submitOne(client, { login, subject });
  client.close();
  return reply;
}

async function fromOutside(server: TestServer): Promise<string> {
  const client = await openClient({ port: server.mx });
  for (const line of ['MAIL FROM:<eve@far.example>', `RCPT TO:<${login}>`]) await client.command(line);
  assert.match(await client.command('DATA'), /^354/);
  client.write('From: eve@far.example\r\nSubject: outside\r\n\r\nx\r\n.\r\n');
  const reply = await client.reply();
  client.close();
  return reply;
}

async function page(server: TestServer, path: string): Promise<string> {
  return (await fetch(`http://127.0.0.1:${server.http}${path}`)).text();
}

test('F-DOS-8 5321-y: at limits.queuedMessages new mail hears 452 on every listener, and what was accepted is delivered or reported', async (t) => {
  const hop = await startCrashHop(() => 'refuses');
  t.after(() => hop.close());
  await using server = await startServer({
    mx: true,
    relay: `relay: { smarthost: "smtp://127.0.0.1:${hop.port}", retry: [1s], routes: { example.org: { files: ./outbox } } }`,
    extra: 'limits: { queuedMessages: 3 }',
  });
  for (const subject of ['one', 'two', 'three']) assert.match(await submit(server, subject), /^250/);
  assert.equal(await submit(server, 'four'), FULL);
  assert.equal(await fromOutside(server), FULL);
  await eventually('the cause in the log', 10, () =>
    server.log().includes('"cause":"3 messages in the queue, limits.queuedMessages is 3"'),
  );
  const metrics = await page(server, '/metrics');
  for (const line of [
    'postern_queue_messages 3',
    'postern_queue_messages_max 3',
    'postern_refusals_total{reply="queueFull"} 2',
  ])
    assert.ok(metrics.includes(`\n${line}\n`), line);
  const health = JSON.parse(await page(server, '/health'));
  assert.equal(health.status, 'degraded');
  assert.deepEqual(health.queue, { messages: 3, limit: 3 });
  assert.match(health.problems.join('\n'), /3 messages in the queue, limits.queuedMessages is reached/);
  await eventually('the refusal in the trail', 10, () =>
    /"type":"refused".*limits\.queuedMessages is 3/.test(server.postern(['audit', 'export']).stdout),
  );

  await server.kill();
  await server.start();
  assert.equal(await submit(server, 'five'), FULL, 'counted again at the start');

  const bounced = await eventually('what is not under way', 10, () => {
    const { entries } = JSON.parse(server.postern(['queue', 'list', '--json']).stdout);
    const { stdout } = server.postern(['queue', 'drop', entries[0].id, '--bounce', '--yes']);
    return /gave up 1 of 1 recipient\b/.test(stdout) && stdout;
  });
  assert.ok(bounced);
  const reports = (): number =>
    delivered(server.outbox).filter(({ bytes }) => bytes.includes('multipart/report')).length;
  await eventually('the report of what was given up', 10, () => reports() === 1);
  await eventually('room for one', 10, async () => (await submit(server, 'six')).startsWith('250 '));
  assert.equal(await submit(server, 'seven'), FULL);

  hop.behave(() => 'rejects');
  await eventually('reports about the rest, in a queue that is full', 30, () => reports() === 4);
  await eventually('an empty queue', 10, async () =>
    (await page(server, '/metrics')).includes('\npostern_queue_messages 0\n'),
  );
  assert.match(await fromOutside(server), /^250/);
});

test('F-DOS-8: a reload brings another limit of the queue, and another floor of free space', async (t) => {
  const hop = await startCrashHop(() => 'refuses');
  t.after(() => hop.close());
  await using server = await startServer({
    relay: `relay: { smarthost: "smtp://127.0.0.1:${hop.port}" }`,
    extra: 'limits: { queuedMessages: 1 }',
  });
  const limits = (text: string): void => {
    const now = readFileSync(server.config, 'utf8');
    writeFileSync(server.config, now.replace(/^limits: .*$/m, `limits: ${text}`));
    assert.match(server.postern(['reload']).stdout, /^reloaded\n$/);
  };
  assert.match(await submit(server, 'one'), /^250/);
  assert.equal(await submit(server, 'two'), FULL);
  limits('{ queuedMessages: 2 }');
  assert.match(await submit(server, 'two'), /^250/);
  assert.equal(await submit(server, 'three'), FULL);
  limits('{ queuedMessages: none }');
  assert.match(await submit(server, 'three'), /^250/);
  assert.match(await page(server, '/metrics'), /^postern_queue_messages_max \+Inf$/m);
  assert.deepEqual(JSON.parse(await page(server, '/health')).queue, { messages: 3, limit: 'none' });
  limits('{ freeSpace: { size: 1000000GiB } }');
  assert.match(await submit(server, 'four'), /^452 4\.3\.1 Insufficient system storage/);
  limits('{ freeSpace: { size: 1MiB, share: 0 } }');
  assert.match(await submit(server, 'four'), /^250/);
});
