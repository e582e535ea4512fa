// The listener of the console: TLS with certificates that are replaced while it runs, and a share for each address of the connections that there are.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { request } from 'node:https';
import { connect as connectInClear } from 'node:net';
import { connect } from 'node:tls';
import { test } from 'node:test';
import { Hono } from 'hono';
import { freePort } from '../../test/free-port.ts';
import { makeCertificate } from '../cli/certificate.ts';
import { boundPerNetwork, CONNECTIONS_PER_NETWORK } from '../http/web-admission.ts';
import { startListener } from './listener.ts';

const app = new Hono().get('/', (context) => context.text('here'));

function ask(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port, ca, servername: 'msa.example.org', agent: false },
      (answer) => {
        answer.setEncoding('utf8').on('data', resolve);
      },
    );
    asked.on('error', reject).end();
  });
}

test('with certificates it speaks TLS alone, 1.2 or newer, and new ones count for who comes then', async () => {
  const [first, second] = [
    await makeCertificate(['msa.example.org'], []),
    await makeCertificate(['msa.example.org'], []),
  ];
  const port = await freePort();
  const listener = await startListener({ address: '127.0.0.1', port }, app, (error) => assert.fail(error), [
    first,
  ]);
  try {
    assert.equal(await ask(port, first.cert), 'here');
    await assert.rejects(ask(port, second.cert), /self-signed|unable to verify/);
    listener.reload([second]);
    assert.equal(await ask(port, second.cert), 'here');
    await assert.rejects(fetch(`http://127.0.0.1:${port}/`));
    const old = connect({
      host: '127.0.0.1',
      port,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      rejectUnauthorized: false,
    });
    await assert.rejects(new Promise((_resolve, reject) => old.once('error', reject)));
  } finally {
    await listener.close();
  }
});

class Opened extends EventEmitter {
  readonly remoteAddress: string;
  isShut = false;

  constructor(address: string) {
    super();
    this.remoteAddress = address;
  }

  destroy(): void {
    this.isShut = true;
  }
}

test('one address has a share of the connections, an IPv6 network as one; who is exempt has them all', () => {
  const server = new EventEmitter();
  boundPerNetwork(server, (address) => address === '127.0.0.1');
  const open = (address: string): Opened => {
    const opened = new Opened(address);
    server.emit('connection', opened);
    return opened;
  };
  const many = (address: (at: number) => string): readonly Opened[] =>
    Array.from({ length: CONNECTIONS_PER_NETWORK + 1 }, (_, at) => open(address(at)));
  const shut = (all: readonly Opened[]): number => all.filter(({ isShut }) => isShut).length;
  const one = many(() => '192.0.2.1');
  assert.equal(shut(one), 1);
  assert.equal(open('192.0.2.2').isShut, false);
  one[0]?.emit('close');
  assert.equal(open('192.0.2.1').isShut, false);
  assert.equal(shut(many((at) => `2001:db8::${at.toString(16)}`)), 1);
  assert.equal(shut(many(() => '127.0.0.1')), 0);
});

test('a header of 16 KiB is read, a larger one is not', async () => {
  const port = await freePort();
  const listener = await startListener({ address: '127.0.0.1', port }, app, (error) => assert.fail(error));
  const ofOctets = async (octets: number): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}/`, { headers: { x: 'x'.repeat(octets) } })).status;
  try {
    assert.deepEqual([await ofOctets(15 * 1024), await ofOctets(16 * 1024)], [200, 431]);
  } finally {
    await listener.close();
  }
});

test('however many connections are opened, no more are held than there may be', async () => {
  const port = await freePort();
  const listener = await startListener({ address: '127.0.0.1', port }, app, (error) => assert.fail(error));
  const opened = Array.from({ length: 300 }, () => connectInClear(port, '127.0.0.1'));
  try {
    const asked = opened.map(
      (socket) =>
        new Promise<'answered' | 'shut'>((resolve) => {
          socket.once('data', () => resolve('answered')).once('close', () => resolve('shut'));
          socket.on('error', () => undefined).write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
        }),
    );
    const came = await Promise.all(asked);
    assert.equal(came.filter((one) => one === 'answered').length, 256);
  } finally {
    for (const socket of opened) socket.destroy();
    await listener.close();
  }
});
