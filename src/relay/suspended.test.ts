// A sender who may not send any more: mail in memory that has not left yet stays, also when the notice may have been lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeHolder } from '../../test/fakes/holder.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { hop, message, START, turns } from '../../test/fakes/delivery-job.ts';
import { countingEntropy, fakeStore } from '../../test/fakes/submission.ts';
import { host, simulatedNetwork } from '../../test/simulation/network.ts';
import { messageIdSource } from '../base/message-id.ts';
import type { Network } from '../platform/network.ts';
import { createRelay } from './relay.ts';
import type { RelaySettings } from './settings.ts';
import { minuteCount } from '../../test/fakes/minute-count.ts';

const IDENTITY = 'i-alice';

/** The same object each time: a route of other settings has connections of its own. */
const settings: RelaySettings = {
  ...{ hostname: 'msa.example.org', domains: [], route: { type: 'hops', hops: [hop] }, routes: {} },
  ...{ retryMs: [900_000], expireMs: 432_000_000, delayNoticeMs: 14_400_000 },
  ...{ connectionsMax: 2, memoryOctets: 1_000_000 },
};

/** A relay whose connections are made when the test says so, with mail of alice and bob handed over to it. */
function gated() {
  const clock = virtualClock(START);
  const mta = host();
  /** Of whom the hop was asked. */
  const asked: string[] = [];
  mta.rcpt = (address) => {
    asked.push(address);
    return '250 2.1.5 ok';
  };
  const entropy = countingEntropy();
  const ids = messageIdSource((length) => entropy.bytes(length));
  const store = fakeStore();
  store.answer = ({ type }) => (type === 'settle' ? { type: 'settled', messageDone: true } : undefined);
  const inner = simulatedNetwork({ mta });
  const waiting: (() => void)[] = [];
  const network: Network = {
    async dial(...at) {
      await new Promise<void>((go) => waiting.push(go));
      return inner.dial(...at);
    },
  };
  const relay = createRelay({
    ...{
      store,
      clock,
      entropy,
      ids,
      network,
      holder: fakeHolder(),
      countReportToStranger: minuteCount(clock),
    },
    lookups: {
      content: () => Promise.reject(new Error('not asked for')),
      eventsOfMessage: () => Promise.resolve([]),
    },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    settings: () => settings,
  });
  const handOver = (identityId: string): void => {
    const content = { pieces: [Buffer.from('Subject: x\r\n\r\nbody\r\n')], hasDotLines: false };
    const one = { ...message, id: ids.next(clock.now()), identityId };
    const recipients = [{ forwardPath: `${identityId}@far.example` }];
    relay.handOver({ message: one, recipients, content, owner: 'o' });
  };
  return {
    ...{ relay, handOver },
    async connect() {
      for (let round = 0; round < 3; round += 1) {
        await turns();
        for (const go of waiting.splice(0)) go();
      }
      await turns();
    },
    asked,
    dialing: () => waiting.length,
    left: () => mta.received.flatMap(({ to }) => to).toSorted(),
    released: () => store.changes.filter(({ type }) => type === 'free').length,
  };
}

const ALICE = `${IDENTITY}@far.example`;
const BOB = 'i-bob@far.example';

test('E-Q-8 D-OUT-3: mail in memory of a sender who is suspended stays, that of others leaves', async () => {
  const w = gated();
  // One dials, one dials, and the others wait for their turn.
  for (const who of [IDENTITY, 'i-bob', IDENTITY, 'i-bob', IDENTITY]) w.handOver(who);
  w.relay.identityChanged({
    type: 'identityChanged',
    identityId: IDENTITY,
    revision: 2,
    state: 'suspended',
    gone: [],
  });
  w.handOver(IDENTITY);
  await w.connect();
  assert.deepEqual([w.left(), w.released()], [[BOB, BOB], 4]);
  assert.deepEqual(
    w.asked,
    [BOB, BOB],
    'no command of what stays was said: taking it back costs a connection',
  );
  w.relay.identityChanged({
    type: 'identityChanged',
    identityId: IDENTITY,
    revision: 3,
    state: 'active',
    gone: [],
  });
  w.handOver(IDENTITY);
  await w.connect();
  assert.deepEqual(w.left(), [ALICE, BOB, BOB].toSorted());
  await w.relay.drain(0);
});

test('E-Q-8 D-OUT-3: a notice that comes late, or once more, takes back no later one', async () => {
  const w = gated();
  const told = (revision: number, state: 'active' | 'suspended') =>
    w.relay.identityChanged({ type: 'identityChanged', identityId: IDENTITY, revision, state, gone: [] });
  told(2, 'active');
  told(3, 'suspended');
  told(3, 'suspended');
  told(2, 'active');
  for (const who of [IDENTITY, 'i-bob']) w.handOver(who);
  await w.connect();
  assert.deepEqual([w.left(), w.released()], [[BOB], 1]);
  told(4, 'active');
  told(3, 'suspended');
  w.handOver(IDENTITY);
  await w.connect();
  assert.deepEqual(w.left(), [ALICE, BOB].toSorted());
  await w.relay.drain(0);
});

test('E-Q-8 D-OUT-3: nobody dials for mail of a sender who is known to be suspended', async () => {
  const w = gated();
  const told = { type: 'identityChanged', identityId: IDENTITY, revision: 2, gone: [] } as const;
  w.relay.identityChanged({ ...told, state: 'suspended' });
  w.handOver(IDENTITY);
  await turns();
  assert.deepEqual([w.dialing(), w.released()], [0, 1]);
  w.handOver('i-bob');
  await turns();
  assert.equal(w.dialing(), 1);
  await w.connect();
  await w.relay.drain(0);
});

test('E-Q-8 D-OUT-3: when notices may have been lost with the line to the store, nothing leaves that was there before', async () => {
  const w = gated();
  for (const who of [IDENTITY, 'i-bob', IDENTITY]) w.handOver(who);
  w.relay.unsure();
  w.handOver('i-bob');
  await w.connect();
  assert.deepEqual([w.left(), w.released()], [[BOB], 3]);
  await w.relay.drain(0);
});
