// Outgoing connections against real sockets: which certificates are believed for which names, and what is written arrives.

import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { certificate, type CertificateWish, srvIdCertificate, tlsServer } from '../../test/fakes/tls-smtp.ts';
import { type CertificateIdentities, type PeerTls, systemNetwork, TlsFailed } from './network.ts';

interface Handshake {
  readonly serverName?: string;
  readonly identities?: CertificateIdentities;
}

const names = (dns: readonly string[], srv: readonly string[] = []): CertificateIdentities => ({ dns, srv });

async function handshake(
  pair: { readonly cert: string; readonly key: string },
  { serverName = 'localhost', identities }: Handshake,
  ca: string | undefined = pair.cert,
): Promise<PeerTls> {
  await using server = await tlsServer({ ...pair, implicit: true });
  const wire = await systemNetwork.dial({ host: '127.0.0.1', port: server.port }, 5000);
  try {
    return await wire.startTls({
      ...{ serverName, verify: true },
      ...(ca === undefined ? {} : { ca }),
      ...(identities === undefined ? {} : { identities }),
    });
  } finally {
    wire.destroy();
  }
}

const domain = names(['msa.example.org', 'example.org'], ['_submissions.example.org']);
const matrix: readonly {
  readonly why: string;
  readonly certificate: CertificateWish | 'srvId';
  readonly wanted: Handshake;
  readonly good: boolean;
}[] = [
  { why: 'the name', certificate: { dns: ['localhost'] }, wanted: {}, good: true },
  { why: 'another name', certificate: { dns: ['far.example'] }, wanted: {}, good: false },
  {
    ...{ why: 'an address, by its address', certificate: { ip: ['127.0.0.1'] }, good: true },
    wanted: { serverName: '127.0.0.1' },
  },
  {
    ...{ why: 'an address, by the name localhost', certificate: { dns: ['localhost'] }, good: false },
    wanted: { serverName: '127.0.0.1' },
  },
  {
    ...{ why: 'DNS-ID of the domain that was asked for', certificate: { dns: ['example.org'] }, good: true },
    wanted: { serverName: 'msa.example.org', identities: domain },
  },
  {
    ...{ why: 'DNS-ID of the target', certificate: { dns: ['msa.example.org'] }, good: true },
    wanted: { serverName: 'msa.example.org', identities: domain },
  },
  {
    ...{ why: 'a wildcard for the target', certificate: { dns: ['*.example.org'] }, good: true },
    wanted: { serverName: 'msa.example.org', identities: domain },
  },
  {
    ...{ why: 'a wildcard that reaches too far', certificate: { dns: ['*.org'] }, good: false },
    wanted: { serverName: 'msa.example.org', identities: names(['msa.example.org']) },
  },
  {
    ...{ why: 'SRV-ID of the service', certificate: 'srvId', good: true },
    wanted: { serverName: 'msa.example.org', identities: domain },
  },
  {
    ...{ why: 'SRV-ID of another service', certificate: 'srvId', good: false },
    wanted: {
      serverName: 'msa.example.org',
      identities: names(['example.org'], ['_submission.example.org']),
    },
  },
  {
    ...{ why: 'SRV-ID of another domain', certificate: 'srvId', good: false },
    wanted: {
      serverName: 'msa.far.example',
      identities: names(['far.example'], ['_submissions.far.example']),
    },
  },
  {
    ...{ why: 'SRV-ID where only a name will do', certificate: 'srvId', good: false },
    wanted: { serverName: 'example.org' },
  },
  {
    ...{ why: 'what only looks like an SRV-ID', good: false },
    certificate: { dns: ['x, othername:SRVName:_submissions.example.org, y'] },
    wanted: { serverName: 'msa.example.org', identities: domain },
  },
];

for (const { why, certificate: wish, wanted, good } of matrix)
  test(`C-SRV-4 TLS-w: a certificate for ${why} is ${good ? 'good' : 'no good'}`, async () => {
    const pair = wish === 'srvId' ? srvIdCertificate() : await certificate(wish);
    if (good) assert.equal((await handshake(pair, wanted)).verified, true);
    else await assert.rejects(handshake(pair, wanted), isFailure('certificate'));
  });

function isFailure(reason: TlsFailed['reason']): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof TlsFailed, String(error));
    assert.equal(error.reason, reason, error.message);
    return true;
  };
}

test('C-ORD-6 TLS-w: expired, not yet valid and signed by nobody are told from a handshake that breaks', async () => {
  const day = 86_400_000;
  const now = Date.now();
  const dns = ['localhost'];
  const expired = await certificate({
    dns,
    notBefore: new Date(now - 2 * day),
    notAfter: new Date(now - day),
  });
  await assert.rejects(handshake(expired, {}), isFailure('certificate'));
  const early = await certificate({ dns, notBefore: new Date(now + day), notAfter: new Date(now + 2 * day) });
  await assert.rejects(handshake(early, {}), isFailure('certificate'));
  const unknown = await certificate({ dns });
  const trusted = await certificate({ dns });
  const another = await certificate({ dns: ['far.example'], commonName: 'another' });
  await assert.rejects(handshake(unknown, {}, another.cert), isFailure('certificate'));
  assert.equal((await handshake(trusted, {}, `${another.cert}\n${trusted.cert}`)).verified, true);
});

test('C-ORD-6 TLS-w: TLS 1.1 is no secure session, and octets that are no TLS are none', async () => {
  const pair = await certificate({ dns: ['localhost'] });
  const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
  const cases = [
    { implicit: true, tls: old, reasons: ['protocol', 'closed'] },
    { implicit: false, tls: {}, reasons: ['clearText'] },
  ];
  for (const { reasons, ...settings } of cases) {
    await using server = await tlsServer({ ...pair, ...settings });
    const wire = await systemNetwork.dial({ host: '127.0.0.1', port: server.port }, 5000);
    const secured = wire.startTls({ serverName: 'localhost', verify: true, ca: pair.cert });
    const error: unknown = await secured.catch((cause: unknown) => cause);
    assert.ok(error instanceof TlsFailed && reasons.includes(error.reason), String(error));
    assert.doesNotMatch(error.message, /error:|openssl/i);
    wire.destroy();
  }
});

test('pieces of one write arrive whole and in order, inside TLS and without, and a reader that waits holds the writer up', async () => {
  const pair = await certificate({ dns: ['localhost'] });
  const pieces = Array.from({ length: 300 }, (_, n) => Buffer.alloc(1 + ((n * 977) % 60_000), n));
  for (const secure of [false, true]) {
    let accepted: (socket: Socket) => void = () => undefined;
    const peer = new Promise<Socket>((resolve) => (accepted = resolve));
    const server = secure ? createTlsServer(pair, (socket) => accepted(socket)) : createServer(accepted);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    const wire = await systemNetwork.dial({ host: '127.0.0.1', port: address.port }, 5000);
    if (secure) await wire.startTls({ serverName: 'localhost', verify: true, ca: pair.cert });
    const reader = (await peer).pause();
    let hasRoom = false;
    const writing = wire.write(pieces).then(() => {
      hasRoom = true;
      wire.end();
    });
    await new Promise(setImmediate);
    assert.equal(hasRoom, false, 'nine megabytes are more than anybody holds for a reader');
    const heard: Buffer[] = [];
    for await (const bytes of reader) heard.push(bytes as Buffer);
    await writing;
    assert.ok(Buffer.concat(heard).equals(Buffer.concat(pieces)), secure ? 'TLS' : 'TCP');
    server.close();
  }
});
