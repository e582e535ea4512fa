// Failures on the way out that lose, delay or bounce nobody's mail: hosts that fall silent, slow lines, a store that
// does not answer, content that can't be read just now.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeHolder } from '../../test/fakes/holder.ts';
import { delivery, hop, message, START, turns } from '../../test/fakes/delivery-job.ts';
import { fakeStore, countingEntropy } from '../../test/fakes/submission.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { messageIdSource } from '../base/message-id.ts';
import type { Clock } from '../platform/platform.ts';
import { StoreUnavailable, type Change } from '../store/port.ts';
import { createClaims } from './claims.ts';
import type { DeliveryJob } from './delivery-job.ts';
import { createHopPool } from './hop-pool.ts';
import { createRelay } from './relay.ts';
import type { RelaySettings } from './settings.ts';
import { minuteCount } from '../../test/fakes/minute-count.ts';

const MINUTE = 60_000;

const noLookups = {
  content: () => Promise.reject(new Error('not asked for')),
  eventsOfMessage: () => Promise.reject(new Error('not asked for')),
};

const settings: RelaySettings = {
  hostname: 'msa.example.org',
  domains: ['example.org'],
  route: { type: 'hops', hops: [hop] },
  routes: {},
  retryMs: [15 * MINUTE],
  expireMs: 5 * 24 * 60 * MINUTE,
  delayNoticeMs: 4 * 60 * MINUTE,
  connectionsMax: 5,
  memoryOctets: 1_000_000,
};

test('E-Q-7: a claim that was not answered is asked again by its name, so that what it leased is not left lying', async () => {
  const clock = virtualClock(START);
  const store = fakeStore();
  let times = 0;
  store.answer = ({ type }) => {
    if (type !== 'claim') return undefined;
    times += 1;
    if (times === 2) throw new StoreUnavailable('no answer');
    return { type: 'claimed', deliveries: [], messages: [], more: false };
  };
  const claims = createClaims({
    store,
    clock,
    holder: fakeHolder(),
    shares: () => [{ max: 9 }],
    take: () => undefined,
  });
  for (let n = 0; n < 4; n += 1) {
    clock.advance(5_000);
    await turns();
  }
  claims.stop();
  const tokens = store.changes.flatMap((change: Change) => (change.type === 'claim' ? [change.token] : []));
  assert.deepEqual(tokens, ['o 1', 'o 2', 'o 2', 'o 3']);
});

test('E-S-2: what is claimed or handed over after the begin of a drain is not begun: nobody would wait for its end', async () => {
  const clock = virtualClock(START);
  const store = fakeStore();
  let answerClaim = (): void => undefined;
  store.answer = ({ type }) =>
    type === 'claim'
      ? new Promise((resolve) => {
          answerClaim = () =>
            resolve({ type: 'claimed', deliveries: [delivery], messages: [message], more: false });
        })
      : undefined;
  const entropy = countingEntropy();
  let dials = 0;
  const relay = createRelay({
    ...{ store, clock, entropy, holder: fakeHolder(), countReportToStranger: minuteCount(clock) },
    ids: messageIdSource((length) => entropy.bytes(length)),
    lookups: noLookups,
    network: { dial: () => Promise.reject(new Error(`dial ${(dials += 1)}`)) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    settings: () => settings,
  });
  clock.advance(1);
  await turns();
  await relay.drain(MINUTE);
  answerClaim();
  const content = { pieces: [Buffer.from('Subject: x\r\n\r\n')], hasDotLines: false };
  relay.handOver({ message, recipients: [delivery.recipient], content, owner: 'o' });
  await turns();
  assert.equal(dials, 0);
  assert.equal(relay.stats.underWay, 0);
  assert.deepEqual(
    store.changes.map(({ type }) => type),
    ['dueNotices', 'claim'],
  );
});

test('E-Q-7: an attempt that outlived its lease is counted, unless its own first answer was lost', async () => {
  const clock = virtualClock(START);
  const store = fakeStore();
  const answers = [
    () => ({ type: 'stale' }) as const,
    () => {
      throw new StoreUnavailable('no answer');
    },
    () => ({ type: 'stale', again: true }) as const,
  ];
  store.answer = ({ type }) => (type === 'settle' ? answers.shift()?.() : undefined);
  const warned: string[] = [];
  const entropy = countingEntropy();
  const relay = createRelay({
    ...{ store, clock, entropy, holder: fakeHolder(), countReportToStranger: minuteCount(clock) },
    ids: messageIdSource((length) => entropy.bytes(length)),
    lookups: noLookups,
    network: { dial: () => Promise.reject(new Error('nobody is there')) },
    log: { info: () => undefined, warn: (_, what) => void warned.push(what), error: () => undefined },
    settings: () => settings,
  });
  const attempt = async (): Promise<void> => {
    const content = { pieces: [Buffer.from('Subject: x\r\n\r\n')], hasDotLines: false };
    relay.handOver({ message, recipients: [delivery.recipient], content, owner: 'o' });
    await turns();
  };
  await attempt();
  assert.equal(relay.stats.leasesLost, 1);
  clock.advance(MINUTE);
  await attempt();
  clock.advance(1_000);
  await turns();
  const settles = store.changes.flatMap((change: Change) => (change.type === 'settle' ? [change] : []));
  assert.deepEqual(
    settles.map(({ again }) => again),
    [undefined, undefined, true],
  );
  assert.equal(relay.stats.leasesLost, 1);
  assert.equal(warned.filter((what) => /lease/.test(what)).length, 1);
  await relay.drain(0);
});

/** A route whose host refuses every connection, and a job for it. */
function deadRoute(clock: Clock) {
  const seen = { dials: 0 };
  const pool = createHopPool({
    ...{ hops: [hop], settings, clock },
    network: { dial: () => Promise.reject(new Error(`dial ${(seen.dials += 1)}`)) },
    changed: () => undefined,
    replyLost: () => undefined,
  });
  const job: DeliveryJob = {
    ...{ message, deliveries: [delivery], route: { type: 'hops', hops: [hop] } },
    content: () => Promise.reject(new Error('not asked for')),
  };
  return { pool, job, seen };
}

test('E-Q-6: a wall clock that is set back does not keep a route down', async () => {
  const steady = virtualClock(START);
  let step = 0;
  const clock = { ...steady, now: () => steady.now() + step };
  const { pool, job, seen } = deadRoute(clock);
  await pool.deliver(job);
  step = -3 * 60 * MINUTE;
  const early = await pool.deliver(job);
  assert.ok(early.type === 'hostDown' && !early.probed);
  assert.equal(early.until - clock.now(), 5_000, 'it comes back by the clock of now');
  steady.advance(5_000);
  await pool.deliver(job);
  assert.equal(seen.dials, 2);
});

test('E-Q-6: a long queue comes back to a dead host in a line, at whole milliseconds', async () => {
  const steady = virtualClock(START);
  // The real clock that never steps counts in fractions.
  const clock = { ...steady, monotonic: () => steady.monotonic() + 0.123 };
  const { pool, job, seen } = deadRoute(clock);
  await pool.deliver(job);
  const returns: number[] = [];
  for (let n = 0; n < 5_000; n += 1) {
    const result = await pool.deliver(job);
    assert.ok(result.type === 'hostDown' && !result.probed);
    returns.push(result.until);
  }
  assert.ok(returns.every((at) => Number.isInteger(at) && at >= START + 5_000));
  const perSecond = new Map<number, number>();
  for (const at of returns) {
    const second = Math.floor(at / 1000);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  assert.equal(Math.max(...perSecond.values()), 500);
  assert.equal(
    Math.max(...returns) - Math.min(...returns),
    9_998,
    'and nobody waits longer than that asks for',
  );
  assert.equal(seen.dials, 1);
});

test('F-DOS-2/4 E-D-5: what is relayed from memory is bounded in octets and in number; beyond it new mail waits in the store', async () => {
  const clock = virtualClock(START);
  const store = fakeStore();
  store.answer = ({ type }) => (type === 'settle' ? { type: 'settled', messageDone: false } : undefined);
  const entropy = countingEntropy();
  const ids = messageIdSource((length) => entropy.bytes(length));
  const dials: ((error: Error) => void)[] = [];
  const relay = createRelay({
    ...{ store, clock, entropy, holder: fakeHolder(), ids, countReportToStranger: minuteCount(clock) },
    lookups: noLookups,
    network: { dial: () => new Promise((_, reject) => void dials.push(reject)) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    settings: () => settings,
  });
  const handOver = (octets: number): void => {
    const one = { ...message, id: ids.next(clock.now()), octets };
    relay.handOver({
      message: one,
      recipients: [delivery.recipient],
      content: { pieces: [], hasDotLines: false },
      owner: 'o',
    });
  };
  handOver(600_000);
  await turns();
  assert.deepEqual([relay.hasMemoryFor(400_000), relay.hasMemoryFor(400_001)], [true, false]);
  for (let n = 1; n < 2_000; n += 1) handOver(1);
  await turns();
  assert.equal(relay.stats.underWay, 2_000);
  assert.equal(relay.hasMemoryFor(1), false, 'as many as may be under way');
  for (const refuse of dials) refuse(new Error('ECONNREFUSED'));
  await turns();
  assert.deepEqual([relay.stats.underWay, relay.stats.memoryOctets], [0, 0], 'a deferral lets go of it');
  assert.equal(relay.hasMemoryFor(1_000_000), true);
  await relay.drain(0);
  assert.equal(relay.hasMemoryFor(1), false, 'nothing begins after the begin of a drain');
});
