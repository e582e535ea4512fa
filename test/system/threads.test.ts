// The end of single threads under load, each several times at moments that differ (docs/ARCHITECTURE.md, Threads): what got its 250 is delivered, what
// was refused is not, a front takes its own connections along and no others, without a store thread nothing is accepted, and the trail verifies.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { startCrashHop } from './crash-hop.ts';
import { settled } from './promises.ts';
import { eventually, PASSWORD, startServer, type StartOptions, type TestServer } from './server.ts';
import { type Client, openClient, startLoad, submitOne } from './smtp-load.ts';
import type { Order } from './thread-ender.ts';

const credentials = { login: 'alice@example.org', password: PASSWORD } as const;
const ENDS = Number(process.env['POSTERN_THREAD_ENDS'] ?? 4);
const HOP_CONNECTIONS = 10;
/** The kernel deals them out: that none falls to a front that ends has to be out of the question (one in 4,096). */
const CONNECTIONS = 12;
const FRONTS = 2;

interface Variant {
  readonly thread: string;
  readonly how: 'end' | 'throw';
  /** Whether connections end: they do with a front, and with nothing else. */
  readonly cuts: boolean;
  /** The thread that the log reports as dead. */
  readonly says: string;
}

const variants: readonly Variant[] = [
  { thread: 'store', how: 'end', cuts: false, says: 'store' },
  { thread: 'store', how: 'throw', cuts: false, says: 'store' },
  { thread: 'front 1', how: 'end', cuts: true, says: 'front 1' },
  { thread: 'front 2', how: 'throw', cuts: true, says: 'front 2' },
  { thread: 'lookup', how: 'end', cuts: false, says: 'lookup' },
  { thread: 'lookup', how: 'throw', cuts: false, says: 'lookup' },
  // To the store thread its end is trouble with the disk: the store thread restarts with it.
  { thread: 'checkpointer', how: 'end', cuts: false, says: 'store' },
  { thread: 'checkpointer', how: 'throw', cuts: false, says: 'store' },
];

const socketOf = (server: TestServer): string => join(server.directory, 'ender.sock');

/** A server whose threads can be ended one by one. */
async function startEndable(options: Parameters<typeof startServer>[0] = {}): Promise<TestServer> {
  const server = await startServer({
    ...options,
    extra: `${options.extra ?? ''}\nthreads: { fronts: ${FRONTS} }\nlimits: { identity: { messagesPerHour: none, recipientsPerHour: none } }`,
  });
  await server.stop();
  await server.start(endable(server));
  return server;
}

function endable(server: TestServer): StartOptions {
  const file = join(import.meta.dirname, 'thread-ender.ts');
  return {
    environment: {
      NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --import=${file}`,
      POSTERN_TEST_ENDER: socketOf(server),
    },
  };
}

function order(server: TestServer, what: Order): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketOf(server), () => socket.end(`${what}\n`));
    socket.on('error', reject).on('close', () => resolve());
    socket.resume();
  });
}

const deathsOf = (server: TestServer, thread: string): number =>
  server
    .log()
    .split('\n')
    .filter((line) => line.includes('"thread died') && line.includes(`"thread":"${thread}"`)).length;

const aliveAgain = (server: TestServer): Promise<unknown> =>
  eventually('all threads', 60, async () => {
    const response = await fetch(`http://127.0.0.1:${server.http}/health`).catch(() => undefined);
    return response?.status === 200;
  });

for (const { thread, how, cuts, says } of variants) {
  test(`E-Q-7 D-TR-3 BCP134-3.1-h: ${ENDS} times the ${thread} thread ends (${how}) under load: nothing promised is lost, nothing refused leaves, ${cuts ? 'its own connections end' : 'no connection ends'}`, async (t) => {
    const hop = await startCrashHop((count) => (count % 4 === 0 ? 'refuses' : 'takes'));
    t.after(() => hop.close());
    await using server = await startEndable({
      relay: `relay: { smarthost: "smtp://127.0.0.1:${hop.port}", connections: ${HOP_CONNECTIONS}, retry: [1s] }`,
    });
    const load = startLoad({
      ...{ port: server.submission, ...credentials, connections: CONNECTIONS },
      // Some are staged in a file of their own.
      bodyOctets: (client) => (client % 3 === 2 ? 400_000 : 1500),
    });
    t.after(() => load.abort());
    const submitting = (): number => new Set(load.promised.map((subject) => subject.split('n', 1)[0])).size;
    await eventually('all clients', 60, () => submitting() === CONNECTIONS);
    for (let round = 0; round < ENDS; round += 1) {
      const before = load.promised.length;
      await eventually('load', 60, () => load.promised.length >= before + 10);
      await delay((round * 61) % 200);
      await order(server, `${how} ${thread}`);
      await eventually(`the end of ${says}`, 20, () => deathsOf(server, says) > round);
      await aliveAgain(server);
    }
    const before = load.promised.length;
    await eventually('load after the last end', 60, () => load.promised.length >= before + 10);
    await load.stop();
    // Each thread was back within seconds: waiting clients were served then, and none had to come again.
    assert.deepEqual(load.refused, []);

    hop.behave(() => 'takes');
    const { copies, unasked } = await settled({ server, load, taken: () => hop.taken });
    t.diagnostic(
      `${load.promised.length} promised, ${load.refused.length} refused, ${load.cut} connections cut, ${unasked} delivered without a 250, ${copies} delivered twice`,
    );
    if (cuts) assert.ok(load.cut > 0 && load.cut <= ENDS * CONNECTIONS, `${load.cut} connections were cut`);
    else assert.equal(load.cut, 0, `connections were cut: ${load.unknown.length} without a reply`);
    // What was under way in that front when it ended: its own attempts, and what it had not settled yet.
    const window = cuts ? ENDS * (HOP_CONNECTIONS + CONNECTIONS * 8) : 0;
    assert.ok(copies <= window, `${copies} copies, at most ${window} were under way at an end`);
    assert.ok(unasked <= load.cut, 'more than one a connection were delivered without a 250');
  });
}

test('a front that dies costs its own connections, and those of the other go on', async () => {
  await using server = await startEndable();
  const clients: { client: Client; ended: boolean }[] = [];
  for (let count = 0; count < 16; count += 1) {
    const one = { client: await openClient({ port: server.submission, ...credentials }), ended: false };
    one.client.socket.on('close', () => (one.ended = true));
    clients.push(one);
  }
  const ended = (): number => clients.filter((one) => one.ended).length;
  await order(server, 'end front 1');
  await eventually('the end of front 1', 20, () => deathsOf(server, 'front 1') === 1);
  await eventually('its connections', 5, () => ended() > 0);
  await aliveAgain(server);
  const [first, others] = [ended(), clients.filter((one) => !one.ended)];
  assert.ok(others.length > 0, 'all connections went');
  for (const [number, { client }] of others.entries())
    assert.match(await submitOne(client, { ...credentials, subject: `other${number}` }), /^250/);
  assert.equal(ended(), first);
  await order(server, 'end front 2');
  await eventually('the connections of front 2', 20, () => ended() === clients.length);
  await aliveAgain(server);
  const again = await openClient({ port: server.submission, ...credentials });
  assert.match(await submitOne(again, { ...credentials, subject: 'again' }), /^250/);
  again.close();
});

test('without a lookup thread a login hears 454, who is in goes on, and logins are taken when it is back', async () => {
  await using server = await startEndable();
  const inside = await openClient({ port: server.submission, ...credentials });
  assert.match(await submitOne(inside, { ...credentials, subject: 'before' }), /^250/);
  await order(server, 'hold lookup');
  await eventually('the end of the lookup thread', 20, () => deathsOf(server, 'lookup') > 0);
  await assert.rejects(
    openClient({ port: server.submission, login: 'bob@example.org', password: PASSWORD }),
    /454 4\.7\.0/,
  );
  assert.match(await submitOne(inside, { ...credentials, subject: 'during' }), /^250/);
  const health = await fetch(`http://127.0.0.1:${server.http}/health`);
  assert.equal(health.status, 503);
  assert.match(await health.text(), /the lookup thread died and does not run again yet/);
  await order(server, 'release lookup');
  await aliveAgain(server);
  const later = await openClient({ port: server.submission, login: 'bob@example.org', password: PASSWORD });
  assert.match(await submitOne(later, { login: 'bob@example.org', subject: 'later' }), /^250/);
  inside.close();
  later.close();
});

test('5321-y E-Q-7: without a store thread clients hear 451, what was asked of it is not delivered, and acceptance goes on when it is back', async (t) => {
  const hop = await startCrashHop(() => 'takes');
  t.after(() => hop.close());
  await using server = await startEndable({
    relay: `relay: { smarthost: "smtp://127.0.0.1:${hop.port}" }`,
  });
  const client = await openClient({ port: server.submission, ...credentials });
  assert.match(await submitOne(client, { ...credentials, subject: 'before' }), /^250/);
  await order(server, 'hold store');
  const during = await submitOne(client, { ...credentials, subject: 'during' });
  assert.match(during, /^451 4\.3\.0/);
  await order(server, 'release store');
  // On the same connection: it waits for the store, or is told to come back.
  const after = await eventually('acceptance', 60, async () => {
    const reply = await submitOne(client, { ...credentials, subject: 'after' });
    return reply.startsWith('250') && reply;
  });
  assert.match(after, /^250/);
  client.close();
  await eventually('delivery', 20, () => hop.taken.length >= 2);
  assert.deepEqual([...hop.taken].sort(), ['after', 'before']);
  assert.ok(deathsOf(server, 'store') > 0 && server.log().includes('thread could not be started'));
  const verified = server.postern(['audit', 'verify']);
  assert.equal(verified.status, 0, verified.stdout + verified.stderr);
});

test('without the thread of the console mail goes on, and the health warns; when it is back who was in is in, and links are over', async () => {
  const port = await freePort();
  await using server = await startEndable({ extra: `console: { port: ${port} }` });
  const origin = `http://127.0.0.1:${port}`;
  const client = await openClient({ port: server.submission, ...credentials });
  const linkOf = (): string =>
    /http\S+\/sign-in\/(\S+)/.exec(server.postern(['console', 'link']).stdout)?.[1] ?? '';
  const signIn = (secret: string): Promise<Response> =>
    fetch(`${origin}/sign-in`, {
      ...{ method: 'POST', redirect: 'manual', headers: { origin } },
      body: new URLSearchParams({ secret }),
    });
  const cookie = (await signIn(linkOf())).headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  const unused = linkOf();
  const stream = await fetch(`${origin}/live`, { headers: { cookie } });
  assert.equal(stream.status, 200);
  await order(server, 'hold face');
  await eventually('the end of the console', 20, () => deathsOf(server, 'face') > 0);
  await assert.rejects(stream.text(), 'its stream is cut');
  await assert.rejects(fetch(origin));
  assert.match(await submitOne(client, { ...credentials, subject: 'during' }), /^250/);
  const health = await fetch(`http://127.0.0.1:${server.http}/health`);
  assert.equal(health.status, 200);
  assert.match(server.postern(['status']).stdout, /the face thread died and does not run again yet/);
  const link = server.postern(['console', 'link']);
  assert.notEqual(link.status, 0);
  assert.match(link.stderr, /the console is being started again: try again in a moment/);
  await order(server, 'release face');
  await eventually('the console', 60, async () => {
    const page = await fetch(origin, { headers: { cookie } }).catch(() => undefined);
    return page?.status === 200;
  });
  assert.equal((await signIn(unused)).status, 410);
  assert.match(await submitOne(client, { ...credentials, subject: 'after' }), /^250/);
  client.close();
});
