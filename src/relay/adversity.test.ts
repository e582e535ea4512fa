// What may go wrong on the way out without anybody's mail being lost, stuck or blamed: hosts that fall silent, slow lines, a store that
// does not answer, content that can't be read just now.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeStore, countingEntropy } from '../../test/fakes/submission.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { messageIdSource } from '../base/message-id.ts';
import type { Network, Wire } from '../platform/network.ts';
import type { Clock } from '../platform/platform.ts';
import { StoreUnavailable, type Change, type Delivery, type QueuedMessage } from '../store/port.ts';
import { createClaims } from './claims.ts';
import type { Errand } from './errand.ts';
import { openHopConnection } from './hop-connection.ts';
import { createHopPool } from './hop-pool.ts';
import { createRelay } from './relay.ts';
import type { Hop, RelaySettings } from './settings.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 24);

const turns = async (): Promise<void> => {
  for (let n = 0; n < 12; n += 1) await new Promise(setImmediate);
};

const message: QueuedMessage = {
  id: '01M85SP4CE000AEMDNNSHW0P9Z',
  acceptedAt: START,
  role: 'submission',
  envelope: { reversePath: 'alice@example.org', body: '7BIT', smtputf8: false },
  octets: 100,
  headerOctets: 20,
  headerUtf8: false,
  body8bit: false,
};
const delivery: Delivery = {
  messageId: message.id,
  recipientNumber: 0,
  recipient: { forwardPath: 'x@far.example' },
  domain: 'far.example',
  attempt: 1,
  delayReported: false,
};
const hop: Hop = { protocol: 'smtp', host: 'mta', port: 465, tls: 'none', verify: false };

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

const RESET = 'reset';

/** A server that answers each line that begins like this, or resets; TLS is never finished unless the wire is destroyed. */
function scriptedNetwork(
  greeting: string,
  answers: readonly (readonly [string, string])[],
): { readonly network: Network; readonly seen: { destroyed: boolean; written: string } } {
  const seen = { destroyed: false, written: '' };
  let events: Parameters<Wire['listen']>[0] | undefined;
  let failTls: (error: Error) => void = () => undefined;
  const say = (text: string): void =>
    queueMicrotask(() => {
      if (text === RESET) events?.closed('ECONNRESET');
      else if (text !== '') events?.bytes(Buffer.from(text.replaceAll('|', '\r\n') + '\r\n'));
    });
  const wire: Wire = {
    remote: '192.0.2.7:465',
    listen(next) {
      events = next;
      say(greeting);
    },
    write(pieces) {
      const text = Buffer.concat(pieces).toString('latin1');
      seen.written += text;
      for (const [start, answer] of answers) if (text.startsWith(start)) say(answer);
      return Promise.resolve();
    },
    startTls: () =>
      new Promise((_, reject) => {
        failTls = reject;
      }),
    end: () => undefined,
    destroy() {
      seen.destroyed = true;
      failTls(new Error('destroyed'));
    },
  };
  return { network: { dial: () => Promise.resolve(wire) }, seen };
}

test('E-Q-6: a host that never finishes a TLS handshake is given up after half a minute, by STARTTLS and at once', async () => {
  for (const tls of ['implicit', 'required', 'opportunistic'] as const) {
    const clock = virtualClock(START);
    const { network, seen } = scriptedNetwork('220 mta', [
      ['EHLO', '250-mta|250 STARTTLS'],
      ['STARTTLS', '220 go'],
    ]);
    const opened = openHopConnection({
      hop: { ...hop, tls },
      settings: { hostname: 'msa.example.org' },
      network,
      clock,
    });
    const failure = assert.rejects(
      opened,
      { name: 'HopDown', status: '4.7.5', message: /took too long/ },
      tls,
    );
    await turns();
    clock.advance(MINUTE / 2);
    await failure;
    assert.equal(seen.destroyed, true, tls);
  }
});

test('E-S-2: content that takes longer than three minutes in all, and never rests so long, is delivered', async () => {
  const clock = virtualClock(START);
  const { network, seen } = scriptedNetwork('220 mta', [
    ['EHLO', '250 mta'],
    ['MAIL', '250 ok'],
    ['RCPT', '250 ok'],
    ['DATA', '354 go'],
    ['.\r\n', '250 2.0.0 kept'],
  ]);
  const connection = await openHopConnection({
    ...{ hop, network, clock },
    settings: { hostname: 'msa.example.org' },
  });
  async function* slowly(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('Subject: x\r\n\r\n');
    for (let minute = 0; minute < 10; minute += 1) {
      clock.advance(MINUTE);
      await turns();
      yield Buffer.from(`minute ${minute}\r\n`);
    }
  }
  const errand: Errand = {
    message,
    deliveries: [delivery],
    route: { type: 'hops', hops: [hop] },
    content: () => Promise.resolve(slowly()),
  };
  const { results } = await connection.deliver(errand);
  assert.deepEqual(
    results.map(({ type }) => type),
    ['accepted'],
  );
  assert.match(seen.written, /minute 9\r\n\.\r\n$/);
  connection.quit();
});

test('E-S-1 E-Q-6: a hop that greets and says goodbye in one breath is down, and holds up no mail', async () => {
  const { network } = scriptedNetwork('220 mta', [['EHLO', '250-mta|250 PIPELINING|421 4.3.2 going down']]);
  const opened = openHopConnection({
    ...{ hop, network, clock: virtualClock(START) },
    settings: { hostname: 'msa.example.org' },
  });
  await assert.rejects(opened, { name: 'HopDown', message: /going down/ });
});

test('E-S-2 F-SMUG-3: a 354 that is taken back in one breath gets nothing of the content', async () => {
  for (const [verdict, type] of [
    ['451 4.3.0 disk full', 'refused'],
    ['250 2.0.0 kept', 'undecided'],
  ] as const) {
    const clock = virtualClock(START);
    const { network, seen } = scriptedNetwork('220 mta', [
      ['EHLO', '250 mta'],
      ['MAIL', '250 ok'],
      ['RCPT', '250 ok'],
      ['DATA', `354 go|${verdict}`],
    ]);
    const connection = await openHopConnection({
      ...{ hop, network, clock },
      settings: { hostname: 'msa.example.org' },
    });
    const { results } = await connection.deliver({
      ...{ message, deliveries: [delivery], route: { type: 'hops', hops: [hop] } },
      inMemory: [Buffer.from('Subject: x\r\n\r\n')],
      content: () => Promise.reject(new Error('it is in memory')),
    });
    assert.equal(results[0]?.type, type);
    assert.doesNotMatch(seen.written, /Subject/);
  }
});

const KEPT = { type: 'accepted', code: 250 };
const PUT_OFF = { type: 'refused', code: 451 };
const UNDECIDED = { type: 'undecided', code: 0 };

/** What a server says to the final dot, and what is made of it. `lost`: it may have kept the message all the same. */
const afterTheDot: readonly {
  readonly why: string;
  readonly says: string;
  readonly result: { readonly type: string; readonly code: number };
  readonly lost: boolean;
  readonly usable: boolean;
}[] = [
  { why: 'it keeps the message', says: '250 2.0.0 kept', result: KEPT, lost: false, usable: true },
  { why: '4yz', says: '451 4.3.0 later', result: PUT_OFF, lost: false, usable: true },
  { why: 'nothing, ever', says: '', result: UNDECIDED, lost: true, usable: false },
  { why: 'a reset', says: RESET, result: UNDECIDED, lost: true, usable: false },
  { why: 'nonsense', says: 'what was that?', result: UNDECIDED, lost: true, usable: false },
  { why: 'no code of this world', says: '999 kept', result: UNDECIDED, lost: true, usable: false },
  { why: 'a reply without end', says: '250-x|'.repeat(300), result: UNDECIDED, lost: true, usable: false },
  { why: 'a line without end', says: '2'.repeat(3000), result: UNDECIDED, lost: true, usable: false },
  { why: 'half a reply', says: '250-kept', result: UNDECIDED, lost: true, usable: false },
  {
    ...{ why: 'replies without end', says: '250 2.0.0 kept|'.repeat(300) },
    ...{ result: KEPT, lost: false, usable: false },
  },
];

for (const { why, says, result, lost, usable } of afterTheDot) {
  test(`E-S-2 E-Q-3 F-TX-8: at the final dot: ${why}`, async () => {
    const clock = virtualClock(START);
    const { network, seen } = scriptedNetwork('220 mta', [
      ['EHLO', '250 mta'],
      ['MAIL', '250 ok'],
      ['RCPT', '250 ok'],
      ['DATA', '354 go'],
      ['.\r\n', says],
    ]);
    const connection = await openHopConnection({
      ...{ hop, network, clock },
      settings: { hostname: 'msa.example.org' },
    });
    async function* content(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('Subject: x\r\n\r\n');
    }
    const delivered = connection.deliver({
      ...{ message, deliveries: [delivery], route: { type: 'hops', hops: [hop] } },
      content: () => Promise.resolve(content()),
    });
    await turns();
    // RFC 5321 section 4.5.3.2.6: ten minutes for the last reply, and not for ever.
    clock.advance(10 * MINUTE);
    const { results, replyLost } = await delivered;
    const [one] = results;
    assert.ok(one);
    const code = 'reply' in one ? (one.reply?.code ?? 0) : 0;
    assert.deepEqual({ type: one.type, code }, result);
    assert.ok(one.type === 'accepted' || !one.permanent, 'it is tried again');
    assert.equal(replyLost, lost);
    assert.equal(connection.usable, usable);
    clock.advance(5_000);
    assert.equal(seen.destroyed, !usable, 'nobody listens to it any more');
    connection.quit();
  });
}

test('E-Q-7: a claim that was not answered is asked again by its name, so that what it leased is not left lying', async () => {
  const clock = virtualClock(START);
  const store = fakeStore();
  let times = 0;
  store.answer = ({ type }) => {
    if (type !== 'claim') return undefined;
    times += 1;
    if (times === 2) throw new StoreUnavailable('no answer');
    return { type: 'claimed', deliveries: [], messages: [] };
  };
  const claims = createClaims({ store, clock, owner: 'o', take: () => undefined });
  for (let n = 0; n < 4; n += 1) {
    clock.advance(5_000);
    await turns();
  }
  claims.stop();
  const tokens = store.changes.flatMap((change: Change) => (change.type === 'claim' ? [change.token] : []));
  assert.deepEqual(tokens, ['o 1', 'o 2', 'o 2', 'o 3']);
});

test('E-Q-7: when the report can be written as little as the message, the mail goes back and is tried again', async () => {
  const clock = virtualClock(START + 6 * 24 * 60 * MINUTE);
  const store = fakeStore();
  let given = false;
  store.answer = ({ type }) => {
    if (type !== 'claim') return undefined;
    const one = given ? [] : [delivery];
    given = true;
    return { type: 'claimed', deliveries: one, messages: one.length === 0 ? [] : [message] };
  };
  const entropy = countingEntropy();
  const errors: string[] = [];
  const relay = createRelay({
    ...{ store, clock, entropy, owner: 'o' },
    ids: messageIdSource((length) => entropy.bytes(length)),
    lookups: { content: () => Promise.reject(new StoreUnavailable('the look-up thread is gone')) },
    network: { dial: () => Promise.reject(new Error('ECONNREFUSED')) },
    log: {
      info: () => undefined,
      warn: () => undefined,
      error: (_, what) => void errors.push(what),
    },
    settings: () => settings,
  });
  clock.advance(1);
  await turns();
  const freed = store.changes.find(({ type }) => type === 'free');
  assert.ok(freed?.type === 'free' && freed.dueAt > clock.now());
  assert.deepEqual(freed.only, [{ messageId: message.id, recipientNumber: 0, attempt: 1 }]);
  assert.equal(relay.stats.underWay, 0);
  assert.deepEqual(errors, ['report could not be written']);
  await relay.drain(clock.now());
});

test('E-S-2: what is claimed or handed over behind the begin of a drain is not begun: nobody would wait for its end', async () => {
  const clock = virtualClock(START);
  const store = fakeStore();
  let answerClaim = (): void => undefined;
  store.answer = ({ type }) =>
    type === 'claim'
      ? new Promise((resolve) => {
          answerClaim = () => resolve({ type: 'claimed', deliveries: [delivery], messages: [message] });
        })
      : undefined;
  const entropy = countingEntropy();
  let dials = 0;
  const relay = createRelay({
    ...{ store, clock, entropy, owner: 'o' },
    ids: messageIdSource((length) => entropy.bytes(length)),
    lookups: { content: () => Promise.reject(new Error('not asked for')) },
    network: { dial: () => Promise.reject(new Error(`dial ${(dials += 1)}`)) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    settings: () => settings,
  });
  clock.advance(1);
  await turns();
  await relay.drain(clock.now() + MINUTE);
  answerClaim();
  const content = [Buffer.from('Subject: x\r\n\r\n')];
  relay.handOver({ message, recipients: [delivery.recipient], content, hasDotLines: false });
  await turns();
  assert.equal(dials, 0);
  assert.equal(relay.stats.underWay, 0);
  assert.deepEqual(
    store.changes.map(({ type }) => type),
    ['claim'],
  );
});

test('E-S-2 E-Q-5: who has the message keeps it when the report about the others can not be written', async () => {
  const clock = virtualClock(START);
  const store = fakeStore();
  const bad: Delivery = { ...delivery, recipientNumber: 1, recipient: { forwardPath: 'bad@far.example' } };
  let given = false;
  store.answer = ({ type }) => {
    if (type === 'settle') return { type: 'settled', messageDone: false };
    if (type !== 'claim') return undefined;
    const deliveries = given ? [] : [delivery, bad];
    given = true;
    return { type: 'claimed', deliveries, messages: deliveries.length === 0 ? [] : [message] };
  };
  async function* once(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('Subject: x\r\n\r\nbody\r\n');
  }
  let asked = 0;
  const content = (): Promise<AsyncIterable<Uint8Array>> => {
    asked += 1;
    return asked === 1 ? Promise.resolve(once()) : Promise.reject(new StoreUnavailable('the desk has died'));
  };
  const { network } = scriptedNetwork('220 mta', [
    ['EHLO', '250 mta'],
    ['MAIL', '250 ok'],
    ['RCPT TO:<bad', '550 5.1.1 nobody'],
    ['RCPT TO:<x', '250 ok'],
    ['DATA', '354 go'],
    ['.\r\n', '250 2.0.0 kept'],
  ]);
  const entropy = countingEntropy();
  const relay = createRelay({
    ...{ store, clock, entropy, owner: 'o', network, settings: () => settings, lookups: { content } },
    ids: messageIdSource((length) => entropy.bytes(length)),
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  clock.advance(1);
  await turns();
  const settled = store.changes.find(({ type }) => type === 'settle');
  assert.ok(settled?.type === 'settle');
  assert.deepEqual(
    settled.recipients.map(({ recipientNumber, fate }) => [recipientNumber, fate.type]),
    [[0, 'final']],
  );
  const freed = store.changes.find(({ type }) => type === 'free');
  assert.ok(freed?.type === 'free');
  assert.deepEqual(freed.only, [{ messageId: message.id, recipientNumber: 1, attempt: 1 }]);
  await relay.drain(clock.now());
});

/** A route whose host refuses every connection, and an errand for it. */
function deadRoute(clock: Clock) {
  const seen = { dials: 0 };
  const pool = createHopPool({
    ...{ hops: [hop], settings, clock },
    network: { dial: () => Promise.reject(new Error(`dial ${(seen.dials += 1)}`)) },
    changed: () => undefined,
    replyLost: () => undefined,
  });
  const errand: Errand = {
    ...{ message, deliveries: [delivery], route: { type: 'hops', hops: [hop] } },
    content: () => Promise.reject(new Error('not asked for')),
  };
  return { pool, errand, seen };
}

test('E-Q-6: a wall clock that is set back does not keep a route down', async () => {
  const steady = virtualClock(START);
  let step = 0;
  const clock = { ...steady, now: () => steady.now() + step };
  const { pool, errand, seen } = deadRoute(clock);
  await pool.deliver(errand);
  step = -3 * 60 * MINUTE;
  const early = await pool.deliver(errand);
  assert.ok(early.type === 'hostDown' && !early.probed);
  assert.equal(early.until - clock.now(), 30_000, 'it comes back by the clock of now');
  steady.advance(30_000);
  await pool.deliver(errand);
  assert.equal(seen.dials, 2);
});

test('E-Q-6: a long queue comes back to a dead host in a line, at whole milliseconds', async () => {
  const steady = virtualClock(START);
  // The real clock that never steps counts in fractions.
  const clock = { ...steady, monotonic: () => steady.monotonic() + 0.123 };
  const { pool, errand, seen } = deadRoute(clock);
  await pool.deliver(errand);
  const returns: number[] = [];
  for (let n = 0; n < 5_000; n += 1) {
    const result = await pool.deliver(errand);
    assert.ok(result.type === 'hostDown' && !result.probed);
    returns.push(result.until);
  }
  assert.ok(returns.every((at) => Number.isInteger(at) && at >= START + 30_000));
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

test('F-DOS-2 E-D-5: what is relayed from memory is bounded in octets and in number; beyond it new mail waits in the store', async () => {
  const clock = virtualClock(START);
  const store = fakeStore();
  store.answer = ({ type }) => (type === 'settle' ? { type: 'settled', messageDone: false } : undefined);
  const entropy = countingEntropy();
  const ids = messageIdSource((length) => entropy.bytes(length));
  const dials: ((error: Error) => void)[] = [];
  const relay = createRelay({
    ...{ store, clock, entropy, owner: 'o', ids },
    lookups: { content: () => Promise.reject(new Error('not asked for')) },
    network: { dial: () => new Promise((_, reject) => void dials.push(reject)) },
    log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    settings: () => settings,
  });
  const handOver = (octets: number): void => {
    const one = { ...message, id: ids.next(clock.now()), octets };
    relay.handOver({ message: one, recipients: [delivery.recipient], content: [], hasDotLines: false });
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
  await relay.drain(clock.now());
  assert.equal(relay.hasMemoryFor(1), false, 'nothing begins behind the begin of a drain');
});
