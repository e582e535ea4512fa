// A connection to a hop that is slow, silent or breaks the protocol: the result of the message is right, and nothing waits for ever.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { delivery, hop, message, START, turns } from '../../test/fakes/delivery-job.ts';
import { RESET, scriptedNetwork } from '../../test/fakes/scripted-network.ts';
import type { DeliveryJob } from './delivery-job.ts';
import { type HopResult, openHopConnection } from './hop-connection.ts';

const MINUTE = 60_000;

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
  const job: DeliveryJob = {
    message,
    deliveries: [delivery],
    route: { type: 'hops', hops: [hop] },
    content: () => Promise.resolve(slowly()),
  };
  const { results } = await connection.deliver(job);
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
      inMemory: { pieces: [Buffer.from('Subject: x\r\n\r\n')], hasDotLines: false },
      content: () => Promise.reject(new Error('it is in memory')),
    });
    assert.equal(results[0]?.type, type);
    assert.doesNotMatch(seen.written, /Subject/);
  }
});

for (const [why, capabilities] of [
  ['alone', '250 mta'],
  ['after another', '250-mta|250 PIPELINING'],
] as const)
  test(`E-Q-8 D-OUT-3: a message that may not leave any more by its 354 gets nothing of its content out: ${why}`, async () => {
    const clock = virtualClock(START);
    const ok = '250 2.1.0 ok';
    const { network, seen } = scriptedNetwork('220 mta', [
      ['EHLO', capabilities],
      ['MAIL FROM:<a@', why === 'alone' ? ok : `${ok}|${ok}|354 go`],
      ['MAIL FROM:<b@', ok],
      ['RCPT', ok],
      ['DATA', '354 go'],
      ['Subject: first', `250 2.0.0 kept|${ok}|${ok}|354 go`],
      ['Subject: stopped', '250 2.0.0 kept'],
    ]);
    let mayGo = true;
    const jobFrom = (from: string, subject: string): DeliveryJob => ({
      message: { ...message, envelope: { ...message.envelope, reversePath: `${from}@example.org` } },
      ...{ deliveries: [delivery], route: { type: 'hops', hops: [hop] } },
      inMemory: { pieces: [Buffer.from(`Subject: ${subject}\r\n\r\n`)], hasDotLines: false },
      content: () => Promise.reject(new Error('it is in memory')),
      ...(from === 'b' ? { mayGo: () => mayGo } : {}),
    });
    const stopped = jobFrom('b', 'stopped');
    const followed = Promise.withResolvers<HopResult>();
    const connection = await openHopConnection({
      ...{ hop, network, clock, settings: { hostname: 'msa.example.org' } },
      follower({ carried }) {
        if (carried > 1) return undefined;
        queueMicrotask(() => (mayGo = false));
        return { job: stopped, ended: followed.resolve };
      },
    });
    let result: HopResult;
    if (why === 'alone') {
      const delivered = connection.deliver(stopped);
      mayGo = false;
      result = await delivered;
    } else {
      const first = await connection.deliver(jobFrom('a', 'first'));
      assert.equal(first.results[0]?.type, 'accepted');
      result = await followed.promise;
    }
    assert.match(seen.written, /MAIL FROM:<b@/);
    assert.doesNotMatch(seen.written, /stopped/);
    assert.equal(result.withheld, true);
    assert.deepEqual([connection.usable, seen.destroyed], [false, true]);
  });

test('E-Q-8 D-OUT-3: nor does one that may not leave any more when all but its end is out, in blocks or as it is read', async () => {
  for (const isInMemory of [true, false]) {
    const clock = virtualClock(START);
    const { network, seen } = scriptedNetwork('220 mta', [
      ['EHLO', '250 mta'],
      ['MAIL', '250 ok'],
      ['RCPT', '250 ok'],
      ['DATA', '354 go'],
      ['.\r\n', '250 2.0.0 kept'],
    ]);
    const connection = await openHopConnection({
      ...{ hop, network, clock, settings: { hostname: 'msa.example.org' } },
    });
    let mayGo = true;
    const block = Buffer.from(`Subject: x\r\n\r\n${'x\r\n'.repeat(50_000)}`);
    async function* content(): AsyncGenerator<Uint8Array> {
      yield block;
    }
    const delivered = connection.deliver({
      ...{ message, deliveries: [delivery], route: { type: 'hops', hops: [hop] } },
      ...(isInMemory ? { inMemory: { pieces: [block, block], hasDotLines: false } } : {}),
      content: async () => content(),
      mayGo() {
        const went = mayGo;
        mayGo = false;
        return went;
      },
    });
    const { withheld } = await delivered;
    assert.equal(withheld, true);
    assert.match(seen.written.slice(-5), /x\r\n$/, 'some of it went out, and no end');
    assert.deepEqual([connection.usable, seen.destroyed], [false, true]);
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
