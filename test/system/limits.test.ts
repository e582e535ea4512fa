// What a stranger or a careless client can do to the server: much, slowly, endlessly, garbled. Others are served, memory stays bounded.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { delivered, eventually, PASSWORD, startServer, type TestServer } from './server.ts';
import { openClient, submitOne } from './smtp-load.ts';

const login = 'alice@example.org';
const MIB = 1024 * 1024;
let server: TestServer;

before(async () => {
  server = await startServer({
    extra:
      'limits: { unauthenticatedPerNetwork: 1500, newConnections: none, identity: { messagesPerHour: none, recipientsPerHour: none } }\ntimeouts: { beforeAuth: 20s, tlsHandshake: 3s }',
  });
});
after(async () => {
  await server[Symbol.asyncDispose]();
});

function residentMiB(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

async function othersAreServed(what: string): Promise<void> {
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  assert.match(await submitOne(client, { login, subject: `during ${what}` }), /^250/);
  client.close();
}

async function open(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Writes with back-pressure until the socket ends or all is out; how many octets went out. */
async function pour(socket: Socket, chunk: Uint8Array, times: number): Promise<number> {
  let sent = 0;
  for (let n = 0; n < times && !socket.destroyed; n += 1) {
    sent += chunk.length;
    if (!socket.write(chunk))
      await Promise.race([
        new Promise((resolve) => socket.once('drain', resolve)),
        new Promise((resolve) => socket.once('close', resolve)),
      ]);
  }
  return sent;
}

test('F-DOS-8 5321-x EXT-SIZE-a: twenty-five megabytes through a session keep memory flat', async (t) => {
  await othersAreServed('warm-up');
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  const large = async (n: number): Promise<void> =>
    assert.match(await submitOne(client, { login, subject: `large ${n}`, bodyOctets: 24 * MIB }), /^250/);
  // Heaps that are not collected below 48 MiB fill up first (`src/server/thread.ts`).
  for (let n = 0; n < 3; n += 1) await large(n);
  const before = residentMiB();
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, residentMiB())), 20);
  for (let n = 3; n < 9; n += 1) await large(n);
  clearInterval(watch);
  client.close();
  const grew = `memory grew from ${before.toFixed(0)} to ${peak.toFixed(0)} MiB while 144 MiB went through`;
  t.diagnostic(grew);
  assert.ok(peak - before < 60, grew);
  await eventually(
    'delivery of the large ones',
    30,
    () => delivered(server.outbox).filter(({ bytes }) => bytes.length > 20 * MIB).length === 9,
  );
});

test('F-DOS-2/1 5321-ak: a thousand idle connections and slow handshakes: others are served, and they end in time', async () => {
  const before = residentMiB();
  const sockets = await Promise.all(
    Array.from({ length: 1000 }, (_, n) => open(n % 4 === 0 ? server.submissions : server.submission)),
  );
  await othersAreServed('a thousand idle connections');
  assert.ok(
    residentMiB() - before < 120,
    `a thousand connections cost ${(residentMiB() - before).toFixed(0)} MiB`,
  );
  for (const socket of sockets) socket.resume();
  await eventually('the end of all idle connections', 40, () => sockets.every(({ closed }) => closed));
});

test('F-DOS-2/3 5321-ak: limits hold for the process, whichever of three fronts takes the connections', async () => {
  await using three = await startServer({
    extra: 'limits: { unauthenticatedPerNetwork: 5 }\nthreads: { fronts: 3 }',
  });
  const heard: string[] = [];
  const sockets = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const socket = await open(three.submission);
      socket.on('data', (data) => void heard.push(String(data)));
      return socket;
    }),
  );
  await eventually('60 answers', 10, () => heard.length >= 60);
  assert.ok(heard.filter((line) => line.startsWith('220')).length <= 5, heard.join(''));
  assert.ok(heard.some((line) => line.startsWith('220')));
  for (const socket of sockets) socket.destroy();
});

test('F-DOS-2/3: with few descriptors the control socket and the store have theirs, and the log says what to do', async () => {
  await using few = await startServer({
    extra: 'limits: { unauthenticatedPerNetwork: 1500, newConnections: none }',
    wrapper: ['prlimit', '--nofile=400:400'],
  });
  await eventually('the warning', 10, () => few.log().includes('LimitNOFILE='));
  let told = 0;
  let closed = 0;
  const sockets = await Promise.all(
    Array.from({ length: 600 }, async () => {
      const socket = await open(few.submission);
      socket.on('data', () => (told += 1));
      socket.on('close', () => (closed += 1));
      return socket;
    }),
  );
  await eventually('an answer or an end for each', 20, () => told + closed >= 600);
  const status = few.postern(['status']);
  assert.equal(status.status, 0, status.stderr);
  for (const socket of sockets) socket.destroy();
  const client = await openClient({ port: few.submission, login, password: PASSWORD });
  assert.match(await submitOne(client, { login, subject: 'after the flood' }), /^250/);
  client.close();
  assert.doesNotMatch(few.log(), /EMFILE|thread died|"a bug/);
});

test('F-DOS-1 F-DOS-5: a line without end is cut off, and memory does not grow', async () => {
  const before = residentMiB();
  const socket = await open(server.submission);
  let reply = '';
  socket.on('data', (data) => (reply += String(data)));
  const sent = await pour(socket, Buffer.alloc(64 * 1024, 'x'), 16_000);
  await eventually('the end of the connection', 10, () => socket.destroyed);
  assert.match(reply, /500 5\.5\.2[\s\S]*421 4\.7\.0/);
  assert.ok(sent < 64 * MIB, `${sent} octets were taken`);
  assert.ok(residentMiB() - before < 30);
});

test('5322-k F-DOS-3: a header without end is refused after the message, and memory does not grow', async () => {
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  const before = residentMiB();
  for (const line of [`MAIL FROM:<${login}>`, 'RCPT TO:<x@far.example>', 'DATA']) await client.command(line);
  const line = Buffer.from(`X-Endless: ${'y'.repeat(900)}\r\n`.repeat(64));
  for (let n = 0; n < 300; n += 1) {
    if (!client.socket.write(line)) await new Promise((resolve) => client.socket.once('drain', resolve));
  }
  client.write('\r\n.\r\n');
  assert.match(await client.reply(), /^552 5\.3\.4/);
  assert.ok(residentMiB() - before < 60, `memory grew by ${(residentMiB() - before).toFixed(0)} MiB`);
  assert.match(
    await submitOne(client, { login, subject: 'after endless header' }),
    /^250/,
    'the session is in step',
  );
  client.close();
});

test('F-DOS-10 F-AUTH-12 TLS-x: garbage instead of TLS, and TLS instead of SMTP', async () => {
  for (const port of [server.submissions, server.submission]) {
    for (let n = 0; n < 50; n += 1) {
      const socket = await open(port);
      socket.resume();
      socket.write(Buffer.concat([Buffer.from([0x16, 3, 1, 0xff, 0xff]), randomBytes(5000)]));
      setTimeout(() => socket.destroy(), 200);
    }
  }
  await othersAreServed('TLS garbage');
  await delay(300);
  assert.doesNotMatch(server.log(), /"a bug/);
});

test('F-DOS-1 F-DOS-5 TLS-x: a record that can not be read ends the connection at once, and what follows is not gathered', async () => {
  // From a network of its own: the others have used up the log lines of one network.
  const raw = await open(server.submissions, '127.0.77.1');
  const below = new Duplex({ read: () => undefined, write: (bytes, _, done) => void raw.write(bytes, done) });
  raw.on('data', (bytes) => below.push(bytes));
  const client = connectTls({ socket: below, rejectUnauthorized: false });
  client.on('error', () => undefined);
  await new Promise((resolve) => client.once('data', resolve));
  const before = residentMiB();
  const sent = await pour(raw, Buffer.alloc(64 * 1024, 7), 5000);
  await eventually('the end of the connection', 10, () => raw.destroyed);
  assert.ok(sent < 64 * MIB, `${sent} octets were taken`);
  assert.ok(residentMiB() - before < 30, `memory grew by ${(residentMiB() - before).toFixed(0)} MiB`);
  await eventually('its reason in the log', 10, () => /"error":"ERR_SSL_\w+"/.test(server.log()));
});

test('F-DOS-7: a client that pipelines without end and reads no replies is ended, and costs no memory', async () => {
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  const before = residentMiB();
  client.socket.pause();
  const commands = Buffer.from('VRFY x\r\n'.repeat(8000));
  for (let n = 0; n < 200; n += 1) {
    if (client.socket.write(commands)) continue;
    await Promise.race([new Promise((resolve) => client.socket.once('drain', resolve)), delay(1000)]);
  }
  assert.ok(residentMiB() - before < 60, `memory grew by ${(residentMiB() - before).toFixed(0)} MiB`);
  await othersAreServed('a client that does not read');
  let text = '';
  client.socket.on('data', (data) => (text += String(data)));
  client.socket.resume();
  await eventually('the end of the session', 90, () => client.socket.destroyed);
  assert.match(text, /252 2\.5\.2/);
  assert.ok(text.length < MIB, 'far fewer replies than commands');
});

test('F-DOS-9/3: a log that nobody reads costs lines, never mail', async () => {
  server.readLog(false);
  for (let n = 0; n < 600; n += 1) {
    // From many networks: one alone may not fill the log.
    const socket = await open(server.submission, `127.0.${(n % 200) + 1}.1`);
    socket.write('FOO\r\nBAR\r\nBAZ\r\nQUIT\r\n');
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
  }
  await othersAreServed('a blocked log');
  server.readLog(true);
  await eventually('the log', 10, () => server.log().includes('"cause":"unknown command BAZ"'));
});

test('F-BDAT-1 TLS-x: a connection that ends inside a chunk leaves nothing', async () => {
  const client = await openClient({ port: server.submission, login, password: PASSWORD });
  for (const line of [`MAIL FROM:<${login}>`, 'RCPT TO:<x@far.example>']) await client.command(line);
  client.write(`BDAT 100000\r\nFrom: ${login}\r\nSubject: cut\r\n\r\nx`);
  await delay(100);
  client.close();
  await othersAreServed('a cut chunk');
  const arrived = (subject: string): boolean =>
    delivered(server.outbox).some(({ bytes }) => bytes.subarray(0, 2000).includes(`Subject: ${subject}\r`));
  await eventually('delivery', 10, () => arrived('during a cut chunk'));
  assert.ok(!arrived('cut'));
});

test('F-OPS-2 D-TR-3: after all of it no thread has died and the chain holds', () => {
  assert.doesNotMatch(server.log(), /thread died/);
  const verified = server.postern(['audit', 'verify']);
  assert.equal(verified.status, 0, verified.stderr);
});
