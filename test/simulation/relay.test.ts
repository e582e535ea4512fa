// Days of relaying in milliseconds: retry schedule, expiry, delay notices, dead hosts, suspended senders.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportedPayload } from '../../src/record/events.ts';
import type { Lookups } from '../../src/store/lookups.ts';
import { acceptOf, DAY, HOUR, MINUTE, START } from '../../src/store/store.contract-fixtures.ts';
import { RelayWorld } from './relay-world.ts';

test('E-Q-1 E-Q-2: a recipient that is put off is tried again after 15 and 30 minutes, one, two, then every three hours', async () => {
  const w = new RelayWorld();
  w.mta.rcpt = () => '450 4.2.1 later';
  await w.submit(['x@far.example']);
  await w.pass(13 * HOUR);
  const times = (await w.fates('deferred')).map(({ at }) => at / MINUTE);
  const schedule = [0, 15, 45, 105, 225, 405, 585, 765];
  assert.equal(times.length, schedule.length);
  // Each attempt adds up to a step of this simulation.
  schedule.forEach((due, n) =>
    assert.ok((times[n] ?? 0) >= due && (times[n] ?? 0) <= due + 2 * n, `${times[n]} for ${due}`),
  );
  const attempts = (await w.fates('deferred')).map(({ payload }) => payload.attempt);
  assert.deepEqual(attempts, [1, 2, 3, 4, 5, 6, 7, 8]);
});

test('E-Q-2: after five days it goes back to its sender, once', async () => {
  const w = new RelayWorld();
  w.mta.rcpt = () => '450 4.2.1 later';
  await w.submit(['x@far.example']);
  await w.pass(6 * DAY, HOUR);
  const [expired, ...more] = await w.fates('expired');
  assert.equal(more.length, 0);
  assert.ok(expired !== undefined && expired.at >= 5 * DAY && expired.at < 5 * DAY + 4 * HOUR);
  const reports = w.inside.received.filter(({ content }) => content.includes('Action: failed'));
  assert.equal(reports.length, 1);
  assert.deepEqual({ from: reports[0]?.from, to: reports[0]?.to }, { from: '', to: ['alice@example.org'] });
  assert.equal((await w.lookups.queueTotals()).messages, 0);
});

test('what has an undo window leaves when that is over, unless its sender takes it back', async () => {
  const w = new RelayWorld();
  const said = { identityId: 'i1', to: ['x@far.example'], undoUntil: START + 10_000 };
  const [kept, taken] = ['01ARZ3NDEKTSV4RRFFQ69G5FAV', '01ARZ3NDEKTSV4RRFFQ69G5FAW'] as const;
  await w.store.commit([acceptOf(kept, START, said), acceptOf(taken, START, said)]);
  await w.pass(12_000, 1000);
  const undo = { type: 'undo', identityId: 'i1', recipients: 1, now: w.clock.now(), by: 'alice' } as const;
  const ask = (messageId: string) => w.store.commit([{ ...undo, messageId }]);
  assert.deepEqual(await ask(taken), [{ type: 'undone' }]);
  assert.equal(w.mta.received.length, 0);
  await w.pass(20_000, 1000);
  const left = await w.fates('relayed');
  assert.equal(left.length, 1);
  assert.ok((left[0]?.at ?? 0) >= 13_000 && (left[0]?.at ?? 0) <= 19_000, `${left[0]?.at}`);
  assert.deepEqual(await ask(kept), [{ type: 'tooLate' }]);
  assert.equal(w.mta.received.length, 1);
});

test('E-D-3: its sender is told once that it is late, after four hours', async () => {
  const w = new RelayWorld();
  w.mta.rcpt = () => '450 4.2.1 later';
  await w.submit(['x@far.example']);
  await w.pass(2 * DAY, 30 * MINUTE);
  const notices = w.inside.received.filter(({ content }) => content.includes('Action: delayed'));
  assert.equal(notices.length, 1);
  assert.match(notices[0]?.content ?? '', /Will-Retry-Until: Sun, 29 Nov 2026 09:00:00 \+0000/);
});

test('E-Q-4 E-D-2/1 E-D-2/2 EXT-DSN-b: nobody is told about a null sender, nor who asked for nothing', async () => {
  const w = new RelayWorld();
  w.mta.rcpt = () => '550 5.1.1 nobody';
  await w.submit(['x@far.example'], { envelope: { reversePath: '', body: '7BIT', smtputf8: false } });
  await w.submit(['y@far.example'], {}, 'NEVER');
  await w.submit(['z@far.example'], {}, 'SUCCESS');
  await w.pass(HOUR);
  assert.equal((await w.fates('failed')).length, 3);
  assert.equal(w.inside.received.length, 0);
});

test('E-Q-6: a dead host is dialled by one message, not by each, and none of them bounces', async () => {
  const w = new RelayWorld();
  w.mta.up = false;
  for (let n = 0; n < 20; n += 1) await w.submit([`x${n}@far.example`]);
  assert.equal(w.mta.dials, 1);
  await w.pass(HOUR, MINUTE);
  assert.ok(w.mta.dials < 15, `${w.mta.dials} dials in an hour`);
  w.mta.up = true;
  await w.pass(4 * HOUR);
  assert.equal(w.mta.received.length, 20);
  assert.equal((await w.fates('failed')).length + (await w.fates('expired')).length, 0);
});

test('E-Q-5/5 F-NULL-2: of three recipients each meets its own fate, and there is one report', async () => {
  const w = new RelayWorld();
  w.mta.rcpt = (address) =>
    address.startsWith('bad')
      ? '550 5.1.1 nobody'
      : address.startsWith('late')
        ? '450 4.2.1 later'
        : '250 2.1.5 ok';
  await w.submit(['good@far.example', 'bad1@far.example', 'bad2@far.example', 'late@far.example']);
  await w.pass(MINUTE);
  assert.deepEqual(
    w.mta.received.map(({ to }) => to),
    [['good@far.example']],
  );
  assert.equal(w.inside.received.length, 1);
  assert.match(w.inside.received[0]?.content ?? '', /bad1@far\.example[^]*bad2@far\.example/);
  w.mta.rcpt = () => '250 ok';
  await w.pass(HOUR);
  assert.deepEqual(w.mta.received.at(-1)?.to, ['late@far.example']);
});

test('E-Q-8: what a suspended identity has queued waits, and goes when it may send again', async () => {
  const w = new RelayWorld();
  const identity = {
    id: 'i',
    login: 'alice@example.org',
    state: 'active',
    mailbox: true,
    rights: [],
    credentials: [],
    limits: {},
    revision: 1,
    createdAt: START,
  } as const;
  const write = async (state: 'active' | 'suspended', revision: number): Promise<void> => {
    const event = {
      type: 'identityChanged',
      time: w.clock.now(),
      identityId: 'i',
      payload: { by: 'test', action: state, detail: {} },
    } as const;
    const [outcome] = await w.store.commit([
      { type: 'identity', identity: { ...identity, state, revision }, expectRevision: revision - 1, event },
    ]);
    assert.equal(outcome.type, 'written');
  };
  await write('active', 1);
  w.mta.rcpt = () => '450 4.2.1 later';
  await w.submit(['x@far.example'], { identityId: 'i' });
  await write('suspended', 2);
  w.mta.rcpt = () => '250 ok';
  await w.pass(DAY, HOUR);
  assert.equal(w.mta.received.length, 0);
  await write('active', 3);
  await w.pass(HOUR);
  assert.equal(w.mta.received.length, 1);
});

test('E-Q-8 F-TX-2: whose return was lost with a line to the store sends again over the next one', async () => {
  const w = new RelayWorld();
  w.relay.identityChanged({
    type: 'identityChanged',
    identityId: 'i',
    revision: 2,
    state: 'suspended',
    gone: [],
  });
  w.relay.unsure();
  await w.submit(['x@far.example'], { identityId: 'i' });
  await w.pass(MINUTE);
  assert.equal(w.mta.received.length, 1);
});

test('BCP134-4.1-b BCP134-3.2-e: mail of role mx goes to our own domains only, whatever was decided at the door', async () => {
  const w = new RelayWorld();
  await w.submit(['x@far.example', 'alice@example.org'], {
    role: 'mx',
    envelope: { reversePath: 'stranger@far.example', body: '7BIT', smtputf8: false },
  });
  await w.pass(MINUTE);
  assert.equal(w.inside.received.length, 1);
  assert.deepEqual(
    (await w.fates('failed')).map(({ payload }) => payload.recipient),
    ['x@far.example'],
  );
});

test('E-D-5 F-NULL-2: reports about mail of strangers are capped; the trail and one summary tell of the others', async () => {
  const w = new RelayWorld({ postmaster: 'root@example.org' });
  w.inside.rcpt = (address) => (address.startsWith('alice') ? '550 5.1.1 nobody' : '250 2.1.5 ok');
  for (let n = 0; n < 50; n += 1)
    await w.submit(['alice@example.org'], {
      role: 'mx',
      envelope: { reversePath: `victim${n}@far.example`, body: '7BIT', smtputf8: false },
    });
  await w.pass(MINUTE);
  assert.equal((await w.fates('failed')).length, 50);
  assert.equal(w.mta.received.length, 10);
  const reported = (await w.fates('reported')).map(({ payload }) => payload as unknown as ReportedPayload);
  assert.equal(reported.filter(({ reportId }) => reportId !== undefined).length, 10);
  assert.equal(reported.filter(({ cause }) => /more than 10/.test(cause ?? '')).length, 40);
  assert.equal((await w.lookups.queueTotals()).messages, 0, 'and nothing of it is kept');
  await w.pass(HOUR);
  assert.equal(w.mta.received.length, 10);
  assert.deepEqual(
    w.inside.received.map(({ from, to }) => [from, ...to]),
    [['', 'root@example.org']],
  );
  assert.match(w.inside.received[0]?.content ?? '', /40 reports about mail from outside were not sent/);
  await w.submit(['alice@example.org'], {
    role: 'mx',
    envelope: { reversePath: 'later@far.example', body: '7BIT', smtputf8: false },
  });
  await w.pass(MINUTE);
  assert.equal(w.mta.received.length, 11, 'a minute later the next one is told');
});

test('E-S-2: a reply that is lost after the end defers and is counted: it may be delivered twice', async () => {
  const w = new RelayWorld();
  let first = true;
  w.mta.end = () => {
    const reply = first ? 'drop' : '250 2.0.0 kept';
    first = false;
    return reply;
  };
  await w.submit(['x@far.example']);
  await w.pass(HOUR);
  assert.equal(w.relay.stats.repliesLost, 1);
  assert.equal(w.mta.received.length, 2);
  assert.equal((await w.lookups.queueTotals()).messages, 0);
});

test('EXT-UTF8-a2 EXT-8BIT 6409-8-c/3: by a hop that takes ASCII alone the sender hears of what it could not carry', async () => {
  const w = new RelayWorld();
  w.mta.capabilities = [];
  w.inside.capabilities = [];
  const envelope = {
    reversePath: 'alice@example.org',
    body: '8BITMIME',
    smtputf8: true,
    ret: 'FULL',
  } as const;
  await w.submit(['ünal@far.example', 'plain@far.example'], { envelope });
  await w.submit(['x@far.example'], { envelope, body8bit: true });
  await w.submit(['x@far.example'], { envelope, headerUtf8: true });
  await w.pass(MINUTE);
  assert.deepEqual(
    w.mta.received.map(({ to }) => to),
    [['plain@far.example']],
  );
  const reports = w.inside.received.map(({ content }) => /^Status: (.*)\r$/m.exec(content)?.[1]);
  assert.deepEqual(reports, ['5.6.7', '5.6.3', '5.6.9']);
  assert.equal((await w.lookups.queueTotals()).messages, 0);
});

test('E-Q-8: four hundred mails that wait for a hop which says nothing do not hold up the deferred mail of others', async () => {
  const w = new RelayWorld();
  w.inside.end = () => 'stall';
  w.mta.rcpt = () => '450 4.2.1 later';
  await w.submit(['x@far.example']);
  for (let n = 0; n < 400; n += 1) await w.submit([`r${n}@example.org`]);
  w.mta.rcpt = () => '250 2.1.5 ok';
  await w.pass(15 * MINUTE + 10_000, 5_000);
  assert.equal(w.mta.received.length, 1);
  assert.ok(
    w.relay.stats.underWay <= 20,
    `${w.relay.stats.underWay} under way: what waits for a turn is in the store`,
  );
});

test('F-NULL-2 E-D-3: a message to 300 recipients comes back as one report and one delay notice', async () => {
  // In several portions: the store gives out what can start.
  const w = new RelayWorld({ connectionsMax: 50 });
  w.mta.rcpt = () => '450 4.2.1 later';
  const to = Array.from({ length: 300 }, (_, n) => `r${n}@${n % 2 === 0 ? 'far' : 'other'}.example`);
  await w.submit(to);
  await w.pass(7 * HOUR, 5_000);
  assert.equal(w.inside.received.length, 1);
  assert.equal(w.inside.received[0]?.content.match(/^Action: delayed\r$/gm)?.length, 300);
  w.mta.rcpt = () => '550 5.1.1 nobody';
  await w.pass(3 * HOUR, 5_000);
  assert.equal(w.inside.received.length, 2);
  assert.equal(w.inside.received[1]?.content.match(/^Action: failed\r$/gm)?.length, 300);
  assert.equal((await w.lookups.queueTotals()).messages, 0);
});

test('F-NULL-2: recipients of several routes are told of in one report, whichever was tried first', async () => {
  const w = new RelayWorld({ domains: ['else.example'] });
  w.mta.rcpt = () => '550 5.1.1 nobody';
  w.inside.rcpt = (address) => (address.startsWith('alice') ? '250 2.1.5 ok' : '550 5.1.1 nobody');
  await w.submit(['a@far.example', 'b@example.org']);
  await w.pass(MINUTE, 5_000);
  assert.equal(w.inside.received.length, 1);
  assert.match(w.inside.received[0]?.content ?? '', /a@far\.example[^]*b@example\.org/);
});

test('E-D-1/5: a report that is refused for good is held, and the postmaster is told; neither it nor the message vanishes', async () => {
  const w = new RelayWorld({ postmaster: 'root@example.org' });
  w.mta.rcpt = () => '550 5.1.1 nobody';
  w.inside.rcpt = (address) => (address.startsWith('root') ? '250 2.1.5 ok' : '550 5.7.1 no reports here');
  await w.submit(['x@far.example']);
  await w.pass(MINUTE);
  const [entry, ...more] = await w.lookups.queue({ held: true, from: '' }, { max: 9 });
  assert.ok(entry && entry.heldBy.length > 0 && more.length === 0);
  assert.equal(entry.delivery.recipient.forwardPath, 'alice@example.org');
  assert.deepEqual(
    w.inside.received.map(({ from, to }) => [from, ...to]),
    [['', 'root@example.org']],
  );
  const told = w.inside.received[0]?.content ?? '';
  assert.match(told, /Subject: A delivery report was refused and is held/);
  assert.match(told, new RegExp(`postern queue release ${entry.message.id}`));
  assert.match(
    told,
    /x@far\.example: failed|<x@far\.example>: failed/,
    'the report that nobody took is in it',
  );
  assert.ok(w.warnings.includes('a report was refused for good, it is held'));
  await w.pass(DAY, HOUR);
  assert.equal(w.inside.received.length, 1, 'told once');

  w.inside.rcpt = () => '250 2.1.5 ok';
  await w.store.commit([
    { type: 'queue', action: 'release', selector: { held: true }, now: w.clock.now(), by: 'root' },
  ]);
  await w.pass(MINUTE);
  assert.deepEqual(w.inside.received.at(-1)?.to, ['alice@example.org']);
  assert.equal((await w.lookups.queueTotals()).messages, 0);
});

test("E-D-1/5: a report that the postmaster himself does not get is held and told to nobody; a stranger's is not held", async () => {
  const w = new RelayWorld({ postmaster: 'alice@example.org' });
  w.mta.rcpt = () => '550 5.1.1 nobody';
  w.inside.rcpt = () => '550 5.7.1 no';
  await w.submit(['x@far.example']);
  await w.pass(HOUR);
  assert.equal(await w.lookups.queueCount({ held: true }), 1);
  const causes = (await w.fates('reported')).map(
    ({ payload }) => (payload as unknown as ReportedPayload).cause,
  );
  assert.deepEqual(causes, [undefined, 'it was to the postmaster, who would be told of it']);
  assert.ok(!w.warnings.some((line) => /nobody hears of it/.test(line)));
  await w.submit(['bob@example.org'], {
    role: 'mx',
    envelope: { reversePath: 'forged@far.example', body: '7BIT', smtputf8: false },
  });
  await w.pass(HOUR);
  assert.equal(await w.lookups.queueCount({ held: true }), 1);
  assert.equal((await w.lookups.queueTotals()).deliveries, 1);
  const lost = 'a report about mail from outside was refused for good, nobody hears of it';
  assert.ok(w.warnings.includes(lost), w.warnings.join('; '));
});

test('E-Q-7 5321-y: a report that cannot be written now is written later, and who has the message keeps it', async () => {
  const w = new RelayWorld();
  w.mta.rcpt = (address) => (address.startsWith('bad') ? '550 5.1.1 nobody' : '250 2.1.5 ok');
  const content = w.lookups.content;
  const failing = w.lookups as { content: Lookups['content'] };
  failing.content = () => Promise.reject(new Error('the lookup thread has died'));
  await w.submit(['good@far.example', 'bad@far.example']);
  await w.pass(10_000, 1_000);
  assert.deepEqual(
    w.mta.received.map(({ to }) => to),
    [['good@far.example']],
  );
  assert.equal(w.inside.received.length, 0);
  assert.ok(w.warnings.includes('a report could not be written, it is tried again'));
  failing.content = content;
  await w.pass(3 * MINUTE);
  assert.equal(w.inside.received.length, 1);
  assert.equal(w.mta.received.length, 1);
});

test("E-S-1 E-Q-6: while a smart host takes nobody's mail nothing bounces; the operator is told, and all leaves afterwards", async () => {
  for (const reply of ['530 5.7.0 Authentication required', '550 5.7.1 Access denied']) {
    const w = new RelayWorld();
    w.mta.mail = () => reply;
    for (const name of ['alice', 'bob', 'carol'])
      await w.submit(['x@far.example'], {
        envelope: { reversePath: `${name}@example.org`, body: '7BIT', smtputf8: false },
      });
    await w.pass(2 * HOUR);
    assert.equal((await w.fates('failed')).length, 0, reply);
    assert.equal(w.inside.received.length, 0);
    assert.ok(w.warnings.includes('next hop is down, its mail waits'));
    assert.ok(w.warnings.length < 3, 'told once, not at each try');
    assert.equal(w.relay.stats.downRoutes.length, 1);
    w.mta.mail = () => '250 2.1.0 ok';
    await w.pass(4 * HOUR);
    assert.equal(w.mta.received.length, 3);
    assert.equal(w.relay.stats.downRoutes.length, 0);
  }
});
