// Hosts as they are in use: restarted, full, with limits on connections and messages, with TLS that breaks.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { jobTo, hop, START, turns } from '../../test/fakes/delivery-job.ts';
import { type Host, host, simulatedNetwork } from '../../test/simulation/network.ts';
import type { JobResult } from './delivery-job.ts';
import { createHopPool } from './hop-pool.ts';
import type { Hop } from './settings.ts';

const SECOND = 1000;

function poolTo(hosts: Readonly<Record<string, Host>>, more: Partial<Hop> = {}, connectionsMax = 20) {
  const clock = virtualClock(START);
  const told: string[] = [];
  const pool = createHopPool({
    hops: Object.keys(hosts).map((name) => ({ ...hop, host: name, ...more })),
    ...{ network: simulatedNetwork(hosts), clock },
    settings: { hostname: 'msa.example.org', connectionsMax, retryMs: [900_000] },
    changed: (down) => void told.push(down ? 'down' : 'up'),
    replyLost: () => undefined,
  });
  const send = (count: number, from = 0): Promise<readonly JobResult[]> =>
    Promise.all(Array.from({ length: count }, (_, n) => pool.deliver(jobTo(`r${from + n}@far.example`))));
  return { clock, pool, send, told };
}

function counted(results: readonly JobResult[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const result of results) {
    const what = result.type === 'attempted' ? result.attempts.map(({ type }) => type).join() : result.type;
    counts[what] = (counts[what] ?? 0) + 1;
  }
  return counts;
}

const recipients = ({ received }: Host): readonly string[] => received.flatMap(({ to }) => to).toSorted();
const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `r${n}@far.example`).toSorted();

test('E-Q-6: an outage with twenty mails in flight is one failure: the first pause is short, and the probe that succeeds opens the route', async () => {
  const mta = host();
  const { clock, send, told } = poolTo({ mta });
  mta.up = false;
  const results = await send(20);
  assert.deepEqual(counted(results), { hostDown: 20 });
  const found = results.filter((result) => result.type === 'hostDown' && result.probed);
  assert.equal(found.length, 1, 'one of them found out');
  const until = results.map((result) => (result.type === 'hostDown' ? result.until - START : 0));
  assert.ok(
    until.every((at) => at >= 5 * SECOND && at < 6 * SECOND),
    String(until),
  );
  clock.advance(5 * SECOND);
  const { dials } = mta;
  assert.deepEqual(counted(await send(3)), { hostDown: 3 });
  assert.equal(mta.dials, dials + 1, 'one looks whether it is back');
  mta.up = true;
  clock.advance(10 * SECOND);
  assert.deepEqual(counted(await send(1)), { relayed: 1 });
  assert.deepEqual(counted(await send(19)), { relayed: 19 });
  assert.deepEqual(told, ['down', 'up']);
});

test('E-Q-6: the next host takes over, and the one that is down is not dialled for each connection', async () => {
  const [one, two] = [host(), host()];
  one.up = false;
  const { clock, send, told } = poolTo({ one, two }, {}, 1);
  for (let n = 0; n < 10; n += 1) {
    two.mail = () => (n % 2 === 0 ? '250 2.1.0 ok' : 'drop');
    await send(1, n);
  }
  assert.equal(one.dials, 1);
  two.mail = () => '250 2.1.0 ok';
  one.up = true;
  clock.advance(60 * SECOND);
  await turns();
  assert.deepEqual(counted(await send(1)), { relayed: 1 });
  assert.deepEqual(
    [one.received.length, told],
    [1, []],
    'back to the first, and nobody was told of a route that is down',
  );
});

for (const [command, reply] of [
  ['mail', '451 4.4.5 too many messages in this session'],
  ['data', '452 4.4.5 too many messages in this session'],
  ['mail', '421 4.7.0 too many messages in this session'],
] as const)
  test(`E-Q-5/4: a hop that says "${reply}" to ${command} after ten messages gets the rest over fresh connections at once, and is known for it`, async () => {
    const mta = host();
    const good = { mail: '250 2.1.0 ok', data: '354 go' }[command];
    let refusals = 0;
    mta[command] = (nth) => {
      if (nth > 10) refusals += 1;
      return nth > 10 ? reply : good;
    };
    const { pool, send } = poolTo({ mta }, {}, 2);
    assert.deepEqual(counted(await send(40)), { relayed: 40 });
    assert.deepEqual(recipients(mta), names(40));
    assert.equal(pool.messagesMax, 10);
    const before = refusals;
    assert.deepEqual(counted(await send(40, 40)), { relayed: 40 });
    assert.equal(refusals, before, 'a connection is left before it is refused');
  });

test('E-Q-5/4: what a fresh connection hears as well is the message’s: nothing is learned, and nobody tries for ever', async () => {
  const mta = host();
  let mails = 0;
  mta.mail = () => ((mails += 1) === 1 ? '250 2.1.0 ok' : '451 4.3.0 not now');
  const { pool, send } = poolTo({ mta }, {}, 1);
  assert.deepEqual(counted(await send(1)), { relayed: 1 });
  assert.deepEqual(counted(await send(1)), { deferred: 1 });
  assert.deepEqual([mails, mta.dials, pool.messagesMax], [3, 2, 500]);
});

test('E-Q-5/4: nothing is learned of a message that went over another old connection because no fresh one came about', async () => {
  const mta = host();
  let refusals = 0;
  mta.greeting = () => (mta.dials > 3 ? '421 4.7.0 too many connections' : '220 ready');
  mta.mail = (nth) => (nth === 2 && (refusals += 1) === 1 ? '451 4.3.0 not now' : '250 2.1.0 ok');
  const { pool, send } = poolTo({ mta }, {}, 3);
  assert.deepEqual(counted(await send(3)), { relayed: 3 });
  assert.deepEqual(counted(await send(1, 3)), { relayed: 1 });
  assert.deepEqual([mta.dials, pool.messagesMax], [4, 500]);
});

for (const refusal of ['421 4.7.0 too many connections', '450 4.7.1 too many sessions', '554 5.7.1 enough'])
  test(`E-Q-6: a further connection that hears "${refusal}" is no dead host: what stands takes all, and its number is the limit for a while`, async () => {
    const mta = host();
    mta.greeting = (open) => (open > 5 ? refusal : '220 ready');
    const { clock, pool, send, told } = poolTo({ mta });
    assert.deepEqual(counted(await send(60)), { relayed: 60 });
    assert.deepEqual(recipients(mta), names(60));
    assert.deepEqual([told, pool.connectionsMax], [[], 5]);
    const { dials } = mta;
    assert.deepEqual(counted(await send(60)), { relayed: 60 });
    assert.equal(mta.dials, dials);
    clock.advance(601 * SECOND);
    assert.equal(pool.connectionsMax, 6);
    mta.greeting = () => '220 ready';
    clock.advance(140 * 60 * SECOND);
    assert.equal(pool.connectionsMax, 20);
  });

for (const tls of ['breaks', 'breaks after the handshake'] as const)
  test(`E-T-1: opportunistic TLS that ${tls} is followed by one connection in clear, which says so; TLS that is required is not`, async () => {
    const mta = { ...host(), tls };
    mta.capabilities = [...mta.capabilities, 'STARTTLS'];
    const { send } = poolTo({ mta }, { tls: 'opportunistic' });
    const [result] = await send(1);
    assert.ok(result?.type === 'attempted');
    const [attempt] = result.attempts;
    assert.deepEqual([attempt?.type, attempt?.tls, mta.dials], ['relayed', undefined, 2]);
    assert.match(attempt?.inClearBecause ?? '', /handshake failure|ECONNRESET/);
    for (const more of [
      { tls: 'required' },
      { tls: 'opportunistic', auth: { user: 'u', password: 'p' } },
    ] as const) {
      const strict = { ...host(), tls };
      strict.capabilities = [...strict.capabilities, 'STARTTLS'];
      assert.deepEqual(counted(await poolTo({ mta: strict }, more).send(1)), { hostDown: 1 });
      assert.deepEqual([strict.received.length, strict.dials], [0, 1]);
    }
  });

test('E-Q-8: what waits for its turn in memory waits some seconds, then the store has it; what came from the store waits on', async () => {
  const mta = host();
  mta.end = () => 'stall';
  const { clock, pool, send } = poolTo({ mta }, {}, 1);
  const ended: string[] = [];
  const note = (name: string, result: Promise<JobResult>): void =>
    void result.then(({ type }) => ended.push(`${name} ${type}`));
  note('at work', pool.deliver(jobTo('r0@far.example')));
  await turns();
  const { inMemory: _, ...stored } = jobTo('r1@far.example');
  note('stored', pool.deliver(stored));
  note('early', pool.deliver(jobTo('r2@far.example')));
  clock.advance(4 * SECOND);
  note('late', pool.deliver(jobTo('r3@far.example')));
  await turns();
  assert.deepEqual(ended, []);
  clock.advance(SECOND);
  await turns();
  assert.deepEqual(ended, ['early withheld']);
  clock.advance(4 * SECOND);
  await turns();
  assert.deepEqual(ended, ['early withheld', 'late withheld']);
  pool.close();
  await turns();
  assert.deepEqual(
    ended.slice(2),
    ['stored withheld'],
    'a pool of old settings carries what it has begun, and no more',
  );
  assert.deepEqual(counted(await send(1, 4)), { withheld: 1 });
});
