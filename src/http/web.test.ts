import assert from 'node:assert/strict';
import { request as ask, type IncomingHttpHeaders } from 'node:http';
import { request as askTls } from 'node:https';
import { connect } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeCertificate } from '../cli/certificate.ts';
import { outgoingServices } from '../onboarding/settings.ts';
import { systemClock } from '../platform/clock.ts';
import type { CertificatePair } from '../server/tls-contexts.ts';
import { CONNECTIONS_PER_NETWORK, createWebAdmission } from './web-admission.ts';
import { requestGate, startWeb, type Web } from './web.ts';
import { freePort } from '../../test/free-port.ts';

const settings = {
  hostname: 'msa.example.org',
  domains: ['example.org'],
  incoming: [],
  outgoing: outgoingServices('msa.example.org', [{ port: 465, role: 'submission', tls: 'implicit' }]),
};

async function withWeb(
  certificates: readonly CertificatePair[],
  run: (port: number, web: Web) => Promise<void>,
): Promise<void> {
  const port = await freePort();
  const web = await startWeb({
    ...{ port, address: '127.0.0.1', tls: certificates.length > 0, certificates },
    clock: systemClock,
    notTaken: assert.ifError,
    settings: () => settings,
  });
  try {
    await run(port, web);
  } finally {
    await web.close();
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

function get(port: number, path: string, more: { method?: string; body?: string; ca?: string } = {}) {
  const { method = 'GET', body = '', ca } = more;
  return new Promise<Answer>((resolve, reject) => {
    const options = {
      ...{ host: '127.0.0.1', port, path, method, agent: false },
      headers: { host: 'autoconfig.example.org' },
    };
    const sent =
      ca === undefined ? ask(options) : askTls({ ...options, ca, servername: 'autoconfig.example.org' });
    sent.on('error', reject);
    sent.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.end(body);
  });
}

/** What a server says to these octets until it closes. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    socket.on('data', (part) => (said += String(part)));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(said));
  });
}

const config = '/mail/config-v1.1.xml';

test('C-AC-1 C-AC-2: documents are served without login, with headers that let nothing else happen', async () => {
  await withWeb([], async (port) => {
    const { status, headers, body } = await get(port, `${config}?emailaddress=alice@example.org`);
    assert.equal(status, 200);
    assert.match(body, /<port>465<\/port>/);
    assert.equal(headers['content-type'], 'text/xml; charset=utf-8');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.match(String(headers['content-security-policy']), /default-src 'none'/);
    assert.equal(headers['server'], undefined);
    const head = await get(port, config, { method: 'HEAD' });
    assert.deepEqual([head.body, head.headers['content-length']], ['', String(body.length)]);
    for (const path of ['/', '/metrics', '/health', '/%', '//example.org/mail/config-v1.1.xml'])
      assert.equal((await get(port, path)).status, 404, path);
  });
});

test('C-AC-1: a whole URL as target is served, with its host and not that of the Host field', async () => {
  await withWeb([], async (port) => {
    const wanted = await get(port, '/mail/config-v1.1.xml');
    assert.equal(wanted.status, 200);
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () =>
        socket.write(
          'GET http://autoconfig.example.org./mail/config-v1.1.xml?emailaddress=a+b%40example.org HTTP/1.1\r\nHost: far.example\r\nConnection: close\r\n\r\n',
        ),
      );
      let heard = '';
      socket.setEncoding('utf8').on('data', (part: string) => (heard += part));
      socket.on('error', reject).on('end', () => resolve(heard));
    });
    assert.match(text, /^HTTP\/1\.1 200 /);
    assert.equal(text.slice(text.indexOf('\r\n\r\n') + 4), wanted.body);
  });
});

test('F-DOS-11: a body beyond 16 KiB is refused unread, a header beyond 8 KiB too, and the listener lives on', async () => {
  await withWeb([], async (port) => {
    const head = 'POST /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: example.org\r\n';
    const body = 'x'.repeat(20_000);
    const said = await raw(port, `${head}Content-Length: 1000000\r\n\r\n${body}`);
    assert.match(said, /^HTTP\/1\.1 413 /);
    assert.match(await raw(port, `${head}X: ${'y'.repeat(10_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /);
    assert.match(await raw(port, 'EHLO example.org\r\n'), /^HTTP\/1\.1 400 /);
    assert.equal((await get(port, config)).status, 200);
  });
});

test('the certificate is chosen by name, TLS is 1.2 or newer, and a reload takes the new pair', async () => {
  const [first, second] = await Promise.all(
    ['msa.example.org', 'autoconfig.example.org'].map((name) => makeCertificate([name], [])),
  );
  const third = await makeCertificate(['autoconfig.example.org'], []);
  assert.ok(first !== undefined && second !== undefined);
  await withWeb([first, second], async (port, web) => {
    assert.equal((await get(port, config, { ca: second.cert })).status, 200);
    await assert.rejects(get(port, config, { ca: third.cert }));
    web.reload([first, third]);
    assert.equal((await get(port, config, { ca: third.cert })).status, 200);
    await assert.rejects(get(port, config, { ca: second.cert }));
    const old = new Promise((resolve, reject) => {
      const socket = connectTls({
        port,
        host: '127.0.0.1',
        maxVersion: 'TLSv1.1',
        rejectUnauthorized: false,
      });
      socket.on('secureConnect', resolve).on('error', reject);
    });
    await assert.rejects(old);
  });
});

test('what a client could resume it can resume until the next reload', async () => {
  const pair = await makeCertificate(['msa.example.org'], []);
  await withWeb([pair], async (port, web) => {
    const met = (session?: Buffer) =>
      new Promise<{ readonly resumed: boolean; readonly session: Buffer | undefined }>((resolve, reject) => {
        const socket = connectTls({
          ...{ port, host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false, session },
        });
        socket.on('error', reject).on('secureConnect', () => {
          resolve({ resumed: socket.isSessionReused(), session: socket.getSession() });
          socket.destroy();
        });
      });
    const { session } = await met();
    assert.equal((await met(session)).resumed, true);
    web.reload([pair]);
    assert.equal((await met(session)).resumed, false);
  });
});

test('one network may ask 60 times a minute, all together 3,000 times; a proxy stands for many', () => {
  let now = 0;
  const clock = { ...systemClock, monotonic: () => now };
  const mayAsk = requestGate(clock, false);
  const asked = (gate: (address: string) => boolean, address: string, times: number): number =>
    Array.from({ length: times }, () => gate(address)).filter(Boolean).length;
  assert.equal(asked(mayAsk, '192.0.2.1', 100), 60);
  assert.equal(asked(mayAsk, '192.0.2.2', 100), 60);
  assert.equal(asked(mayAsk, '2001:db8::1', 50) + asked(mayAsk, '2001:db8::2', 50), 60, 'one /64');
  now += 60_000;
  assert.equal(asked(mayAsk, '192.0.2.1', 100), 60);
  assert.equal(asked(requestGate(clock, true), '127.0.0.1', 4000), 3000);
});

test('F-DOS-2/3: one address holds a few of the connections, with TLS or before it, and others get in', async () => {
  const admission = createWebAdmission();
  const leaves = Array.from({ length: 100 }, () => admission.enter('192.0.2.1'));
  assert.equal(leaves.filter((leave) => leave !== undefined).length, CONNECTIONS_PER_NETWORK);
  assert.notEqual(admission.enter('192.0.2.2'), undefined);
  leaves[0]?.();
  assert.notEqual(admission.enter('::ffff:192.0.2.1'), undefined, 'the same address in IPv6');
  assert.equal(admission.enter('192.0.2.1'), undefined);
  const of48 = Array.from({ length: 2000 }, (_, n) => admission.enter(`2001:db8:1:${n.toString(16)}::1`));
  assert.equal(of48.filter((leave) => leave !== undefined).length, 16 * CONNECTIONS_PER_NETWORK);

  const made = await makeCertificate(['localhost'], []);
  await withWeb([made], async (port) => {
    const sockets = Array.from({ length: CONNECTIONS_PER_NETWORK + 10 }, () => {
      const socket = connect(port, '127.0.0.1');
      return socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => {
      let closed = 0;
      for (const socket of sockets)
        socket.once('close', () => {
          closed += 1;
          if (closed === 10) resolve();
        });
    });
    assert.equal(sockets.filter((socket) => !socket.destroyed).length, CONNECTIONS_PER_NETWORK);
    for (const socket of sockets) socket.destroy();
  });
});
