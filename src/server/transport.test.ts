// One socket under one session, with real sockets and a clock that stands still: nothing is ended by a limit of time.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import { makeCertificate } from '../cli/certificate.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createTransport, type Transport } from './transport.ts';

/** A connection that is never read hangs. */
const LIMITED = { timeout: 10_000 };

let context: SecureContext;
const listener = createServer();
before(async () => {
  context = createSecureContext(await makeCertificate(['localhost'], ['127.0.0.1']));
  await once(listener.listen(0, '127.0.0.1'), 'listening');
});
after(() => listener.close());

interface Pair {
  readonly client: Socket;
  readonly transport: Transport;
  /** Resolves with what the session hears next. */
  heard(): Promise<string>;
  readonly closed: Promise<string | undefined>;
}

async function pair(): Promise<Pair> {
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => undefined);
  const [raw] = await accepted;
  let hear: (text: string) => void = () => undefined;
  let end: (error: string | undefined) => void = () => undefined;
  const closed = new Promise<string | undefined>((resolve) => (end = resolve));
  const transport = createTransport(raw, virtualClock(0), {
    bytes: (bytes) => hear(Buffer.from(bytes).toString()),
    tls: () => undefined,
    closed: (error) => end(error),
  });
  return { client, transport, closed, heard: () => new Promise((resolve) => (hear = resolve)) };
}

test(
  'what waited for the system before TLS does not leave the client unread behind it',
  LIMITED,
  async () => {
    const { client, transport, heard, closed } = await pair();
    const octets = 16 * 1024 * 1024;
    transport.write(new Uint8Array(octets));
    let received = 0;
    const all = new Promise<void>((resolve) => {
      client.on('data', (bytes) => (received += bytes.length) === octets && resolve());
    });
    transport.startTls({ fallback: context }, 30_000);
    await all;
    client.removeAllListeners('data');
    const secured = connectTls({ socket: client, rejectUnauthorized: false });
    await once(secured, 'secureConnect');
    const words = heard();
    secured.write('EHLO x\r\n');
    assert.equal(await words, 'EHLO x\r\n');
    transport.destroy();
    await closed;
  },
);

test('who pauses a session that has ended does not keep it from reading to its end', LIMITED, async () => {
  const { client, transport, closed } = await pair();
  transport.end();
  transport.pause('session');
  client.end('what is not read any more');
  client.resume();
  assert.equal(await closed, undefined);
});

for (const [version, isBound] of [
  ['TLSv1.3', true],
  ['TLSv1.2', false],
] as const)
  test(
    `RFC 9266: over ${version} both ends ${isBound ? 'have the same binding' : 'have none'}`,
    LIMITED,
    async () => {
      const { client, transport, heard, closed } = await pair();
      assert.equal(transport.binding('tls-exporter'), undefined, 'before TLS');
      transport.startTls({ fallback: context }, 30_000);
      const secured = connectTls({ socket: client, rejectUnauthorized: false, maxVersion: version });
      await once(secured, 'secureConnect');
      const words = heard();
      secured.write('EHLO x\r\n');
      await words;
      const binding = transport.binding('tls-exporter');
      const theirs = secured.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
      assert.deepEqual(binding, isBound ? theirs : undefined);
      transport.destroy();
      await closed;
      assert.equal(transport.binding('tls-exporter'), undefined, 'after its end');
    },
  );
