// A server behind a load balancer, over real sockets: the PROXY header in front of STARTTLS, of TLS from the start and of port 25, what the record then says, and
// what the server's look at its own listeners finds.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { eventually, PASSWORD, startServer, type TestServer } from './system/server.ts';

const V1 = Buffer.from('PROXY TCP4 192.0.2.77 198.51.100.1 50123 465\r\n');
const V2 = Buffer.from('0d0a0d0a000d0a515549540a2111000cc000024dc6336401c3cb01d1', 'hex');

let server: TestServer;

before(async () => {
  server = await startServer({ mx: true, proxy: '127.0.0.1' });
});
after(() => server[Symbol.asyncDispose]());

/** `localAddress`: 127.0.0.1 is the balancer's. */
async function open(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve));
  return socket;
}

class Talk {
  readonly #stream: Duplex;
  #heard = '';
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.on('data', (data) => {
      this.#heard += String(data);
      this.#wake();
    });
    stream.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** The next whole reply, or what came until the end. */
  async reply(): Promise<string> {
    for (;;) {
      const end = /^\d{3} .*\r\n/m.exec(this.#heard);
      if (end !== null || this.#closed) {
        const until = end === null ? this.#heard.length : end.index + end[0].length;
        const reply = this.#heard.slice(0, until);
        this.#heard = this.#heard.slice(until);
        return reply;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async say(line: string): Promise<string> {
    this.#stream.write(`${line}\r\n`);
    return this.reply();
  }
}

/** The first octets of the handshake leave in one piece with the header. */
async function secured(socket: Socket, header: Buffer): Promise<Duplex> {
  const [near, far] = duplexPair();
  far.once('data', (hello: Buffer) => {
    socket.write(Buffer.concat([header, hello]));
    far.pipe(socket);
  });
  socket.pipe(far);
  const stream = connectTls({
    socket: near,
    servername: 'msa.example.org',
    ca: readFileSync(server.certificate),
  });
  await new Promise((resolve, reject) => stream.once('secureConnect', resolve).once('error', reject));
  return stream;
}

const login = `AUTH PLAIN ${Buffer.from(`\0alice@example.org\0${PASSWORD}`).toString('base64')}`;

/** Its id. */
async function sendAs(talk: Talk, subject: string): Promise<string> {
  assert.match(await talk.say('EHLO c'), /^250 /m);
  assert.match(await talk.say(login), /^235 /);
  assert.match(await talk.say('MAIL FROM:<alice@example.org>'), /^250 /);
  assert.match(await talk.say('RCPT TO:<x@far.example>'), /^250 /);
  assert.match(await talk.say('DATA'), /^354 /);
  const accepted = await talk.say(`From: alice@example.org\r\nSubject: ${subject}\r\n\r\nhello\r\n.`);
  const id = /^250 .* ([0-9A-Z]{25,27})/.exec(accepted)?.[1];
  return id ?? assert.fail(accepted);
}

function assertTraced(id: string, port: number): void {
  const { stdout } = server.postern(['trace', id]);
  assert.match(stdout, /from +192\.0\.2\.77 port 50123, to 198\.51\.100\.1 port 465,/);
  assert.match(stdout, new RegExp(`proxy +127\\.0\\.0\\.1 port \\d+, to 127\\.0\\.0\\.1 port ${port}\\n`));
}

test('STARTTLS: the header, then EHLO in the same piece; the record knows both connections', async () => {
  const socket = await open(server.submission);
  const talk = new Talk(socket);
  socket.write(Buffer.concat([V1, Buffer.from('EHLO c\r\n')]));
  assert.match(await talk.reply(), /^220 /);
  assert.match(await talk.reply(), /^250 /m);
  assert.match(await talk.say('STARTTLS'), /^220 /);
  socket.removeAllListeners('data');
  const stream = connectTls({ socket, servername: 'msa.example.org', ca: readFileSync(server.certificate) });
  const id = await sendAs(new Talk(stream), 'by 587');
  socket.destroy();
  assertTraced(id, server.submission);
});

for (const [why, header] of [
  ['version 1', V1],
  ['version 2', V2],
] as const)
  test(`TLS from the start: a header of ${why} in one piece with the handshake`, async () => {
    const socket = await open(server.submissions);
    const talk = new Talk(await secured(socket, header));
    assert.match(await talk.reply(), /^220 /);
    assertTraced(await sendAs(talk, 'by 465'), server.submissions);
    socket.destroy();
  });

test('TLS from the start: the header octet by octet, then the handshake', async () => {
  const socket = await open(server.submissions);
  for (const octet of V2) {
    socket.write(Uint8Array.of(octet));
    await new Promise(setImmediate);
  }
  const talk = new Talk(await secured(socket, Buffer.alloc(0)));
  assert.match(await talk.reply(), /^220 /);
  socket.destroy();
});

test('port 25: strangers are known by their own address', async () => {
  const socket = await open(server.mx);
  const talk = new Talk(socket);
  socket.write(V2);
  assert.match(await talk.reply(), /^220 /);
  await talk.say('EHLO c');
  assert.match(await talk.say('MAIL FROM:<x@far.example>'), /^250 /);
  assert.match(await talk.say('RCPT TO:<x@elsewhere.example>'), /^550 /);
  await talk.say('QUIT');
  await eventually('the refusal is logged', 5, () =>
    /"msg":"refused"[^\n]*"client":"192\.0\.2\.77"|"client":"192\.0\.2\.77"[^\n]*"msg":"refused"/.test(
      server.log(),
    ),
  );
});

const others: readonly (readonly [why: string, address: string, header: Buffer, begin: RegExp])[] = [
  ['without a header from the balancer: nothing', '127.0.0.1', Buffer.from('EHLO c\r\n'), /^$/],
  ['with a header from elsewhere: greeted as who it is, then refused', '127.0.0.2', V1, /^220 [^]*5\d\d /],
  ['without one from elsewhere: a session', '127.0.0.2', Buffer.from('QUIT\r\n'), /^220 [^]*^221 /m],
];

for (const [why, address, header, begin] of others)
  test(why, async () => {
    const socket = await open(server.submission, address);
    let heard = '';
    socket.on('data', (data) => (heard += String(data)));
    socket.write(header);
    await new Promise((resolve) => socket.once('close', resolve));
    assert.match(heard, begin);
  });

test('TLS from the start without a header from the balancer: no handshake', async () => {
  const socket = await open(server.submissions);
  await assert.rejects(secured(socket, Buffer.alloc(0)));
});

test("the server's look at itself comes by the balancer's address, and sees its listeners", async () => {
  const { selfTest } = await eventually('the self-test is done', 30, async () => {
    const status = JSON.parse(server.postern(['status', '--json']).stdout) as {
      readonly selfTest: {
        readonly at?: number;
        readonly verdict: string;
        readonly findings: readonly string[];
      };
    };
    return status.selfTest.at !== undefined && status;
  });
  // This host does not trust the certificate.
  assert.deepEqual([selfTest.verdict, selfTest.findings.length > 0], ['degraded', true]);
  for (const finding of selfTest.findings) assert.match(finding, /certificate/);
});
