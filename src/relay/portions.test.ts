// How many recipients a hop takes with one message: the others go in another transaction at once, each gets the message once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { delivery, jobTo, hop, START } from '../../test/fakes/delivery-job.ts';
import { type Host, host, simulatedNetwork } from '../../test/simulation/network.ts';
import type { JobResult } from './delivery-job.ts';
import { createHopPool } from './hop-pool.ts';
import { inPortions, type PortionResult } from './portions.ts';

const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `r${n}@far.example`);

function deliver(target: Host, recipients: readonly string[]): Promise<JobResult> {
  return senderTo(target)(recipients);
}

function senderTo(target: Host): (recipients: readonly string[]) => Promise<JobResult> {
  const pool = createHopPool({
    ...{ hops: [hop], network: simulatedNetwork({ mta: target }), clock: virtualClock(START) },
    settings: { hostname: 'msa.example.org', connectionsMax: 2, retryMs: [900_000] },
    changed: () => undefined,
    replyLost: () => undefined,
  });
  return (recipients) => {
    const deliveries = recipients.map((forwardPath, recipientNumber) => {
      return { ...delivery, recipientNumber, recipient: { forwardPath } };
    });
    return pool.deliver({ ...jobTo('x@far.example'), deliveries });
  };
}

function limited(most: number, reply: string): Host {
  const target = host();
  let taken = 0;
  target.mail = () => {
    taken = 0;
    return '250 2.1.0 ok';
  };
  target.rcpt = (address) => {
    if (address.startsWith('bad')) return '550 5.1.1 nobody';
    return (taken += 1) > most ? reply : '250 2.1.5 ok';
  };
  return target;
}

const fates = (result: JobResult): readonly string[] =>
  result.type === 'attempted'
    ? result.attempts.map(({ type, status }) => `${type} ${status}`)
    : [result.type];

for (const reply of ['452 4.5.3 too many', '552 5.5.3 too many', '452 slow down'])
  test(`E-Q-5/3: 25 recipients where "${reply}" comes after ten go in three transactions at once`, async () => {
    const target = limited(10, reply);
    const result = await deliver(target, names(25));
    assert.deepEqual(new Set(fates(result)), new Set(['relayed 2.0.0']));
    assert.deepEqual(
      target.received.map(({ to }) => to.length),
      [10, 10, 5],
    );
    assert.deepEqual(new Set(target.received.flatMap(({ to }) => to)), new Set(names(25)));
  });

test('E-Q-5/2: what the hop announces is heeded (LIMITS RCPTMAX), and nobody else goes over a hundred', async () => {
  const target = limited(10, '550 5.5.3 never ask for more');
  target.capabilities = [...target.capabilities, 'LIMITS MAILMAX=50 RCPTMAX=10'];
  assert.deepEqual(new Set(fates(await deliver(target, names(25)))), new Set(['relayed 2.0.0']));
  const large = limited(100, '550 5.5.3 never ask for more');
  assert.deepEqual(new Set(fates(await deliver(large, names(250)))), new Set(['relayed 2.0.0']));
  assert.deepEqual(
    large.received.map(({ to }) => to.length),
    [100, 100, 50],
  );
});

test('E-Q-5/4: whom there was no room for goes at once too when the connection turns out to be used up', async () => {
  for (const nth of [1, 2]) {
    const target = host();
    target.mail = (at) => (at > nth ? '451 4.4.5 too many messages in this session' : '250 2.1.0 ok');
    const send = senderTo(target);
    for (let n = 0; n < nth; n += 1) await send(['before@far.example']);
    assert.deepEqual(new Set(fates(await send(names(250)))), new Set(['relayed 2.0.0']));
    const taken = target.received.slice(nth).flatMap(({ to }) => to);
    assert.deepEqual(taken.toSorted(), names(250).toSorted(), 'each once');
  }
});

test('E-Q-5/3: each keeps its own fate, whichever transaction it went in', async () => {
  const target = limited(2, '452 4.5.3 too many');
  const all = ['a@x.example', 'bad1@x.example', 'b@x.example', 'c@x.example', 'bad2@x.example'];
  assert.deepEqual(fates(await deliver(target, all)), [
    'relayed 2.0.0',
    'failed 5.1.1',
    'relayed 2.0.0',
    'relayed 2.0.0',
    'failed 5.1.1',
  ]);
  assert.equal(target.received.length, 2);
});

test('E-Q-5/3: a hop that takes nobody is not asked again and again: 452 is put off, 552 too', async () => {
  for (const reply of ['452 4.5.3 no', '552 5.5.3 no']) {
    const target = limited(0, reply);
    let rcpts = 0;
    const { rcpt } = target;
    target.rcpt = (address) => {
      rcpts += 1;
      return rcpt(address);
    };
    assert.deepEqual(new Set(fates(await deliver(target, names(5)))), new Set(['deferred 4.5.3']));
    assert.equal(rcpts, 5);
  }
});

test('E-Q-5/3: a message that is refused is not sent to the rest as well', async () => {
  const target = limited(2, '452 4.5.3 too many');
  target.end = () => '554 5.7.1 spam';
  let mails = 0;
  target.mail = () => `250 2.1.0 number ${(mails += 1)}`;
  assert.deepEqual(fates(await deliver(target, names(3))), ['failed 5.7.1', 'failed 5.7.1', 'failed 5.7.1']);
  assert.equal(mails, 1);
});

const later: readonly {
  readonly why: string;
  readonly second: PortionResult;
  readonly fates: readonly string[];
}[] = [
  {
    why: 'may not leave any more: what was said of it before holds',
    second: { type: 'withheld' },
    fates: ['relayed 2.0.0', 'deferred 4.5.3'],
  },
  {
    why: 'finds its host down',
    second: { type: 'hostDown', status: '4.4.1', diagnostic: 'no answer', until: START + 1, probed: false },
    fates: ['relayed 2.0.0', 'deferred 4.4.1'],
  },
];

for (const { why, second, fates: expected } of later)
  test(`the rest of a message in another transaction ${why}`, async () => {
    const attempts = [
      { type: 'relayed', status: '2.0.0', diagnostic: 'ok' },
      { type: 'deferred', status: '4.5.3', diagnostic: 'too many' },
    ] as const;
    const deliveries = [0, 1].map((recipientNumber) => ({ ...delivery, recipientNumber }));
    const carried: number[] = [];
    const result = await inPortions(
      { ...jobTo('x@far.example'), deliveries },
      { type: 'attempted', attempts, again: [1] },
      async (job) => {
        carried.push(...job.deliveries.map(({ recipientNumber }) => recipientNumber));
        return second;
      },
    );
    assert.deepEqual(carried, [1]);
    assert.deepEqual(fates(result), expected);
  });
