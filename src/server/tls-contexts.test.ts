// TLS as every listener offers it: what is spoken, which certificate serves whom. Real handshakes over loopback.

import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { before, test, type TestContext } from 'node:test';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { generate } from 'selfsigned';
import { startWeb } from '../http/web.ts';
import { systemClock } from '../platform/clock.ts';
import { tlsServerSocket } from '../platform/listen.ts';
import {
  type CertificatePair,
  fallbackOptions,
  pairsOfFallback,
  tlsContexts,
  unusedPairs,
} from './tls-contexts.ts';
import { freePort } from '../../test/free-port.ts';

const ticketKeys = new Uint8Array(48);
let ecdsa: CertificatePair;
let rsa: CertificatePair;
let otherEcdsa: CertificatePair;
let otherRsa: CertificatePair;

async function make(keyType: 'ec' | 'rsa', names: readonly string[]): Promise<CertificatePair> {
  const altNames = names.map((value) => ({ type: 2 as const, value }));
  const made = await generate([{ name: 'commonName', value: `${keyType} ${names[0]}` }], {
    keyType,
    ...(keyType === 'ec' ? { curve: 'P-256' } : { keySize: 2048 }),
    extensions: [{ name: 'subjectAltName', altNames }],
  });
  return { cert: made.cert, key: made.private };
}

before(async () => {
  ecdsa = await make('ec', ['mail.example.org', 'example.org']);
  rsa = await make('rsa', ['mail.example.org', 'example.org']);
  otherEcdsa = await make('ec', ['*.other.example']);
  otherRsa = await make('rsa', ['mail.other.example']);
});

type Listening = (t: TestContext, pairs: readonly CertificatePair[]) => Promise<number>;

const smtp: Listening = async (t, pairs) => {
  const tls = tlsContexts(pairs, ticketKeys);
  const sockets = new Set<TLSSocket>();
  const server = createServer((socket) => {
    const secured = tlsServerSocket(socket, tls).on('error', () => undefined);
    sockets.add(secured);
    secured.on('secure', () => secured.write('220 x\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
};

const web: Listening = async (t, certificates) => {
  const port = await freePort();
  const settings = { hostname: 'mail.example.org', domains: ['example.org'], incoming: [], outgoing: [] };
  const started = await startWeb({
    ...{ port, address: '127.0.0.1', tls: true, certificates, clock: systemClock },
    notTaken: assert.ifError,
    settings: () => settings,
  });
  t.after(() => started.close());
  return port;
};

const listeners = { smtp, web };

/** What the handshake came to, or the error's code. */
function shake(
  port: number,
  more: ConnectionOptions = {},
  then: (secured: TLSSocket, done: (word: string) => void) => void = (secured, done) => {
    const { subject } = secured.getPeerCertificate();
    done(`${secured.getProtocol()} ${secured.getCipher().name} ${String(subject.CN)}`);
  },
): Promise<string> {
  return new Promise((resolve) => {
    const secured = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...more });
    const done = (word: string): void => {
      secured.destroy();
      resolve(word);
    };
    secured.on('error', (error: Error & { code?: string }) => done(error.code ?? error.message));
    secured.once('secureConnect', () => then(secured, done));
  });
}

const weak = [
  'ECDHE-ECDSA-AES128-SHA256',
  'ECDHE-ECDSA-AES256-SHA',
  'ECDHE-ECDSA-CAMELLIA128-SHA256',
  'ECDHE-ECDSA-ARIA128-GCM-SHA256',
  'ECDHE-ECDSA-AES128-CCM',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-ARIA256-GCM-SHA384',
  'AES128-GCM-SHA256',
  'DHE-RSA-AES128-GCM-SHA256',
];

for (const [kind, listening] of Object.entries(listeners)) {
  test(`TLS-k TLS-l TLS-u: a ${kind} listener takes AEAD with forward secrecy alone, with SNI and without, and never renegotiates`, async (t) => {
    const port = await listening(t, [ecdsa, rsa]);
    for (const servername of ['mail.example.org', undefined]) {
      const name = servername === undefined ? {} : { servername };
      for (const ciphers of weak) {
        const got = await shake(port, { ...name, maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` });
        assert.match(got, /^ERR_SSL|ECONNRESET/, `${ciphers}: ${got}`);
      }
      for (const ciphers of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-RSA-CHACHA20-POLY1305'])
        assert.match(
          await shake(port, { ...name, maxVersion: 'TLSv1.2', ciphers }),
          new RegExp(`^TLSv1.2 ${ciphers} `),
        );
      const old = await shake(port, {
        ...name,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'ALL:@SECLEVEL=0',
      });
      assert.match(old, /^ERR_SSL|ECONNRESET/, old);
      const again = await shake(port, { ...name, maxVersion: 'TLSv1.2' }, (secured, done) => {
        secured.renegotiate({}, (error: (Error & { code?: string }) | null) =>
          done(error?.code ?? 'renegotiated'),
        );
      });
      assert.match(again, /^ERR_SSL_NO_RENEGOTIATION/);
    }
  });

  test(`TLS-s: of an ECDSA and an RSA certificate for one name a ${kind} listener serves what the client can use`, async (t) => {
    const onlyRsa = { sigalgs: 'rsa_pss_rsae_sha256' };
    for (const pairs of [
      [ecdsa, rsa],
      [rsa, ecdsa],
      [ecdsa, otherEcdsa, rsa, otherRsa],
    ]) {
      const port = await listening(t, pairs);
      for (const name of [{}, { servername: 'mail.example.org' }, { servername: 'unknown.example' }]) {
        assert.match(await shake(port, { ...name, ...onlyRsa }), /^TLSv1.3 \S+ rsa mail\.example\.org$/);
        assert.match(
          await shake(port, { ...name, sigalgs: 'ecdsa_secp256r1_sha256' }),
          / ec mail\.example\.org$/,
        );
        assert.match(
          await shake(port, { ...name, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' }),
          / rsa mail/,
        );
      }
    }
    const port = await listening(t, [ecdsa, otherEcdsa, rsa, otherRsa]);
    // Of a context that is chosen by name Node takes one certificate alone: which one is not left to chance.
    assert.match(await shake(port, { servername: 'MAIL.other.example' }), / ec \*\.other\.example$/);
    assert.match(await shake(port, { servername: 'a.other.example' }), / ec \*\.other\.example$/);
    assert.match(
      await shake(port, { servername: 'a.other.example', ...onlyRsa }),
      /^ERR_SSL/,
      'nobody has it',
    );
  });
}

test('TLS-v: who offers smtp or nothing is served, who offers foreign protocols alone is refused', async (t) => {
  const port = await smtp(t, [ecdsa]);
  const protocol = (secured: TLSSocket, done: (word: string) => void): void =>
    done(String(secured.alpnProtocol));
  assert.equal(await shake(port, {}, protocol), 'false');
  assert.equal(await shake(port, { ALPNProtocols: ['smtp'] }, protocol), 'smtp');
  assert.equal(await shake(port, { ALPNProtocols: ['h2', 'smtp'] }, protocol), 'smtp');
  for (const foreign of [['http/1.1'], ['h2', 'http/1.1'], ['imap'], ['SMTP'], ['smtpx']])
    assert.match(
      await shake(port, { ALPNProtocols: foreign }, protocol),
      /NO_APPLICATION_PROTOCOL/,
      foreign.join(),
    );
  const page = await web(t, [ecdsa]);
  assert.equal(await shake(page, { ALPNProtocols: ['http/1.1'] }, protocol), 'http/1.1');
  assert.match(
    await shake(page, { ALPNProtocols: ['smtp'] }, protocol),
    /NO_APPLICATION_PROTOCOL/,
    'and the web is no mail server',
  );
});

test('TLS-s: a pair that no client is ever served with is told; two kinds for one name are both used', async () => {
  assert.deepEqual(unusedPairs([ecdsa, rsa]), []);
  assert.deepEqual(pairsOfFallback([ecdsa, otherEcdsa, rsa, otherRsa]), [ecdsa, rsa]);
  assert.deepEqual(unusedPairs([ecdsa, otherEcdsa, rsa, otherRsa]), [3], 'the first one alone has two kinds');
  assert.deepEqual(unusedPairs([ecdsa, rsa, await make('rsa', ['example.org', 'mail.example.org'])]), [2]);
  const part = await make('ec', ['example.org']);
  assert.deepEqual(unusedPairs([ecdsa, part, rsa]), [1]);
  assert.deepEqual(unusedPairs([part, ecdsa]), [], 'it has a name more');
  const below = await make('ec', ['a.other.example']);
  assert.deepEqual(unusedPairs([otherEcdsa, below]), [1], 'a wildcard has it');
  assert.deepEqual(unusedPairs([below, otherEcdsa]), []);
  assert.deepEqual(
    unusedPairs([ecdsa, otherEcdsa, await make('ec', ['example.org', 'x.other.example'])]),
    [2],
    'two have them together',
  );
});

test('TLS-s: a pair that does not fit together is refused, wherever it stands', () => {
  const wrong = { cert: ecdsa.cert, key: otherEcdsa.key };
  for (const pairs of [[wrong], [rsa, wrong], [wrong, rsa], [ecdsa, wrong]])
    assert.throws(() => tlsContexts(pairs, ticketKeys));
  assert.throws(() => tlsContexts([], ticketKeys), /no certificate/);
  assert.throws(() => fallbackOptions([], ticketKeys), /no certificate/);
});
