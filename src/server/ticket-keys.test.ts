// Keys of TLS session tickets over time, of nodes on one store; and a client that resumes, with real handshakes over loopback.

import assert from 'node:assert/strict';
import { type AddressInfo, createServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { connect } from 'node:tls';
import { virtualClock } from '../../test/fakes/clock.ts';
import { makeCertificate } from '../cli/certificate.ts';
import { tlsServerSocket } from '../platform/listen.ts';
import { openMemoryStore } from '../store/memory/store.ts';
import type { Store } from '../store/port.ts';
import { countedEntropy } from '../store/store.contract-fixtures.ts';
import { type CertificatePair, tlsContexts } from './tls-contexts.ts';
import { keepTicketKeys } from './ticket-keys.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;
const HALF_MINUTE = MINUTE / 2;
/** An hour and a half before a period ends. */
const START = Date.UTC(2026, 10, 30, 10, 30);

function cluster(t: TestContext) {
  const clock = virtualClock(START);
  const entropy = countedEntropy();
  const { store } = openMemoryStore({ clock, entropy });
  let isAway = false;
  const reached: Pick<Store, 'commit'> = {
    commit: (changes) => (isAway ? Promise.reject(new Error('away')) : store.commit(changes)),
  };
  const said: string[] = [];

  function node(kind?: 'alone') {
    const inForce = {
      plan: { ticketKeys: entropy.bytes(48) },
      renewed: [] as number[],
      async renewTicketKeys(ticketKeys: Uint8Array) {
        inForce.plan = { ticketKeys };
        inForce.renewed.push(clock.now() - START);
      },
    };
    const log = { error: (facts: object) => void said.push(JSON.stringify(facts)) };
    const shared = kind === 'alone' ? undefined : reached;
    t.after(keepTicketKeys({ clock, entropy, log, shared, inForce }));
    return inForce;
  }

  async function pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= HALF_MINUTE) {
      clock.advance(HALF_MINUTE);
      await settled();
    }
  }

  return { node, pass, said, away: (value: boolean) => void (isAway = value) };
}

/** A look asks the store twice. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

test('nodes of one store have one ticket key, and change to the next one in the same minute', async (t) => {
  const { node, pass, said } = cluster(t);
  const one = node();
  await settled();
  const first = one.plan.ticketKeys;
  await pass(HALF_MINUTE);
  const other = node();
  await settled();
  assert.deepEqual(other.plan.ticketKeys, first, 'whoever comes later takes what is there');
  await pass(1.5 * HOUR);
  assert.deepEqual(one.renewed, [0, 1.5 * HOUR]);
  assert.deepEqual(other.renewed, [HALF_MINUTE, 1.5 * HOUR + HALF_MINUTE]);
  assert.notDeepEqual(one.plan.ticketKeys, first);
  assert.deepEqual(other.plan.ticketKeys, one.plan.ticketKeys);
  assert.deepEqual(said, []);
});

test('a store that is away when the period ends keeps nobody from the next key: it was there an hour before', async (t) => {
  const { node, pass, said, away } = cluster(t);
  const [one, other] = [node(), node()];
  await pass(HOUR);
  away(true);
  await pass(HOUR);
  assert.equal(one.renewed.length, 2);
  assert.deepEqual(one.plan.ticketKeys, other.plan.ticketKeys);
  assert.deepEqual(said, []);
});

test('a node that never heard of the store goes on with a key of its own, says so, and takes the one of all as soon as it can', async (t) => {
  const { node, pass, said, away } = cluster(t);
  const one = node();
  await settled();
  away(true);
  const other = node();
  await pass(MINUTE);
  assert.equal(other.renewed.length, 0);
  assert.match(said.join(), /away/);
  away(false);
  await pass(MINUTE);
  assert.deepEqual(other.plan.ticketKeys, one.plan.ticketKeys);
});

test('a server whose store is its own renews a key of its own twice a day', async (t) => {
  const { node, pass } = cluster(t);
  const [one, other] = [node('alone'), node('alone')];
  await pass(25 * HOUR);
  assert.deepEqual(one.renewed, [12 * HOUR, 24 * HOUR]);
  assert.notDeepEqual(one.plan.ticketKeys, other.plan.ticketKeys);
});

async function listening(t: TestContext, pair: CertificatePair, keys: Uint8Array): Promise<number> {
  const tls = tlsContexts([pair], keys);
  const server = createServer((socket) => {
    const secured = tlsServerSocket(socket, tls).on('error', () => undefined);
    // Tickets of TLS 1.3 come behind the handshake.
    secured.on('secure', () => secured.end('220 x\r\n'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

interface Shaken {
  readonly isReused: boolean;
  readonly session: Buffer | undefined;
}

function shake(port: number, maxVersion: 'TLSv1.2' | 'TLSv1.3', session?: Buffer): Promise<Shaken> {
  return new Promise((resolve, reject) => {
    let latest: Buffer | undefined;
    let isReused = false;
    const secured = connect({
      ...{ port, host: '127.0.0.1', rejectUnauthorized: false, maxVersion },
      ...(session === undefined ? {} : { session }),
    });
    secured.on('session', (ticket: Buffer) => (latest = ticket)).on('error', reject);
    secured.on('secureConnect', () => (isReused = secured.isSessionReused()));
    secured.on('end', () => secured.end()).resume();
    secured.on('close', () => resolve({ isReused, session: latest }));
  });
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
  test(`a client resumes ${version} on another node`, async (t) => {
    const { node } = cluster(t);
    const pair = await makeCertificate(['mail.example.org'], []);
    const [one, other] = [node(), node()];
    await settled();
    const alone = node('alone');
    const ports = await Promise.all(
      [one, other, alone].map(({ plan }) => listening(t, pair, plan.ticketKeys)),
    );
    const [first = 0, second = 0, third = 0] = ports;
    const { session } = await shake(first, version);
    assert.ok(session !== undefined);
    assert.equal((await shake(second, version, session)).isReused, true);
    assert.equal((await shake(third, version, session)).isReused, false, 'one that has another store');
  });
