// The connection under relay and client: no message before TLS is sure, what is said at once travels at once, nothing waits for ever.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { type PeerTls, TlsFailed, type Wire } from '../platform/network.ts';
import type { DeliverySettings, DeliveryTransaction } from '../protocol/delivery/ports.ts';
import { DeliveryConnection, type DeliveryOwner, HandshakeTooLong } from './connection.ts';

const transaction: DeliveryTransaction = {
  envelope: {
    ...{ reversePath: 'a@x.example', body: '7BIT', smtputf8: false },
    recipients: [{ forwardPath: 'b@x.example' }],
  },
  ...{ octets: 10, headerUtf8: false, body8bit: false },
};

function connect(o: {
  readonly tls?: DeliverySettings['tls'];
  readonly verify?: boolean;
  readonly handshake?: () => Promise<PeerTls>;
  readonly owner?: Partial<DeliveryOwner>;
}) {
  const clock = virtualClock(0);
  const writes: string[] = [];
  const seen = { destroyed: false, ended: false };
  let events: Parameters<Wire['listen']>[0] | undefined;
  const wire: Wire = {
    remote: '192.0.2.7:25',
    listen: (next) => void (events = next),
    write(pieces) {
      writes.push(`${pieces.length}: ${Buffer.concat(pieces).toString('latin1')}`);
      return Promise.resolve();
    },
    startTls: o.handshake ?? (() => Promise.reject(new Error('no TLS here'))),
    end: () => void (seen.ended = true),
    destroy: () => void (seen.destroyed = true),
  };
  const failures: unknown[] = [];
  const delivery: DeliveryConnection = new DeliveryConnection(
    {
      ...{ wire, clock, handshakeMs: 30_000, tls: { serverName: 'x', verify: o.verify ?? true } },
      settings: { protocol: 'smtp', hostname: 'msa.example.org', tls: o.tls ?? 'none' },
    },
    {
      tlsFailure(error) {
        failures.push(error);
        return new Error('TLS');
      },
      hostFailure: ({ diagnostic }) => new Error(diagnostic),
      content: () => undefined,
      result: () => undefined,
      ...o.owner,
    },
  );
  const hear = (...lines: readonly string[]): void =>
    events?.bytes(Buffer.from(lines.map((line) => `${line}\r\n`).join('')));
  return { ...{ clock, delivery, writes, seen, failures, hear }, opened: delivery.open() };
}

const unverified: PeerTls = { version: 'TLSv1.3', cipher: 'x', verified: false };

test('a certificate that was not verified is none where one is wanted, whatever the wire says', async () => {
  const strict = connect({ tls: 'implicit', handshake: () => Promise.resolve(unverified) });
  const refused = assert.rejects(strict.opened, { message: 'TLS' });
  await new Promise(setImmediate);
  strict.hear('220 x');
  strict.hear('250 x');
  await refused;
  assert.ok(strict.failures[0] instanceof TlsFailed && strict.failures[0].reason === 'certificate');
  assert.deepEqual([strict.seen.destroyed, strict.writes], [true, []]);

  const lax = connect({ tls: 'implicit', verify: false, handshake: () => Promise.resolve(unverified) });
  await new Promise(setImmediate);
  lax.hear('220 x');
  lax.hear('250 x');
  await lax.opened;
  assert.deepEqual(lax.delivery.tls, unverified);
});

test('E-Q-6: a handshake that does not end is given up, by STARTTLS and at once', async () => {
  for (const tls of ['implicit', 'required'] as const) {
    const here = connect({ tls, handshake: () => new Promise(() => undefined) });
    const failed = assert.rejects(here.opened, { message: 'TLS' });
    here.hear('220 x');
    here.hear('250-x', '250 STARTTLS');
    here.hear('220 go');
    here.clock.advance(30_000);
    await failed;
    assert.ok(here.failures[0] instanceof HandshakeTooLong);
    assert.equal(here.seen.destroyed, true);
  }
});

test('what is said at once travels at once: content, its end and the next commands are one write, small ones in one piece', async () => {
  const begin = (): void => here.delivery.feed({ type: 'transaction', transaction });
  const octets = Buffer.from('x: y\r\n\r\n.\r\n');
  const here = connect({
    owner: {
      content() {
        here.delivery.send([octets.subarray(0, 8), octets.subarray(8)]);
        here.delivery.feed({ type: 'contentSent' });
        begin();
      },
    },
  });
  here.hear('220 x');
  here.hear('250-x', '250 PIPELINING');
  await here.opened;
  here.writes.length = 0;
  begin();
  const commands = 'MAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n';
  assert.deepEqual(here.writes.splice(0), [`1: ${commands}`]);
  here.hear('250 ok', '250 ok', '354 go');
  assert.deepEqual(here.writes, [`1: x: y\r\n\r\n.\r\n${commands}`]);
});

test('E-S-2: results say how many came before, and after a refusal that may be the connection’s it is used up', async () => {
  const results: number[] = [];
  const here = connect({
    owner: {
      content: () => here.delivery.feed({ type: 'contentSent' }),
      result: ({ messagesBefore }) => void results.push(messagesBefore),
    },
  });
  here.hear('220 x');
  here.hear('250 x');
  await here.opened;
  here.delivery.feed({ type: 'transaction', transaction });
  for (const reply of ['250 ok', '250 ok', '354 go', '250 kept']) here.hear(reply);
  assert.equal(here.delivery.isUsedUp, false);
  here.delivery.feed({ type: 'transaction', transaction });
  here.hear('451 4.4.5 too many messages');
  here.hear('250 ok');
  assert.deepEqual([results, here.delivery.isUsedUp], [[0, 1], true]);
  here.hear('421 4.3.2 going down');
  assert.deepEqual([here.delivery.usable, here.seen.ended, here.seen.destroyed], [false, true, false]);
  here.clock.advance(5_000);
  assert.equal(here.seen.destroyed, true, 'whoever does not close is cut');
});
