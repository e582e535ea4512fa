// Contract, part two and a half: doubt. The answer to a change was lost: before it was done, while it was being done, or after. Who goes on asks again, and it
// is done once; who gives an accept up takes it back, and it is as if it had not been asked.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, Outcome } from './port.ts';
import {
  acceptOf,
  Bench,
  deferred,
  final,
  identityOf,
  type Open,
  type Said,
  settleOf,
} from './store.contract-fixtures.ts';
import type { WithdrawChange } from './withdrawals.ts';

/** Where it stood when its answer was lost. `inside`: it is done while its asker asks again already. */
const moments = ['before', 'inside', 'after'] as const;
type Moment = (typeof moments)[number];

/** Asks a change whose answer its asker does not hear. Gives what became of it in the end; undefined: it was not asked. */
async function doubt(
  bench: Bench,
  moment: Moment,
  change: Change,
): Promise<() => Promise<Outcome['type'] | undefined>> {
  if (moment === 'before') return async () => undefined;
  const late = bench.store.commit([change]).then(([{ type }]) => type);
  if (moment === 'after') await late;
  return () => late;
}

const withdrawal = (messageId: string, bench: Bench, owner = 'a'): WithdrawChange => ({
  ...{ type: 'withdraw', messageId, owner, now: bench.clock.now(), by: 'server: no answer in time' },
});

export function doubtContract(name: string, open: Open): void {
  for (const moment of moments) {
    againContract(name, open, moment);
    takenBackContract(name, open, moment);
  }
  withdrawContract(name, open);

  test(`${name}: asked again later, a message that has been delivered does not come back, and another that was never asked is accepted`, async () => {
    await using bench = await Bench.open(open);
    const gone = await bench.accepted({ owner: 'a' });
    const entries = await bench.lookups.queue({}, { max: 9 });
    const deliveries = entries.map(({ delivery }) => delivery);
    await bench.one(settleOf('a', deliveries, final, bench.clock.now()));
    for (const when of ['in the same life', 'in another']) {
      assert.deepEqual(await bench.one({ ...gone, again: true }), { type: 'accepted' }, when);
      assert.deepEqual(await bench.queued(), [], when);
      await bench.restart();
    }
    const fresh = acceptOf(bench.nextId(), bench.clock.now(), { owner: 'a' });
    assert.deepEqual(await bench.one({ ...fresh, again: true }), { type: 'accepted' });
    assert.deepEqual(await bench.eventTypes(), ['accepted', 'relayed', 'accepted']);
  });
}

function againContract(name: string, open: Open, moment: Moment): void {
  test(`5321-y: ${name}: asked again after doubt ${moment} the commit, an acceptance is done once`, async () => {
    await using bench = await Bench.open(open);
    const limits = { messagesPerHour: 2 };
    const said = { owner: 'a', identityId: 'i1', charge: { identityId: 'i1', limits } };
    const change = acceptOf(bench.nextId(), bench.clock.now(), said);
    await doubt(bench, moment, change);
    assert.deepEqual(await bench.one({ ...change, again: true }), { type: 'accepted' });
    assert.deepEqual(await bench.queued(), [`${change.message.id}/0`]);
    assert.deepEqual(await bench.eventTypes(), ['accepted']);
    await bench.accepted(said);
    const third = await bench.one(acceptOf(bench.nextId(), bench.clock.now(), said));
    assert.equal(third.type, 'limited', 'it was counted once');
  });

  test(`5321-y: ${name}: asked again after doubt ${moment} the commit, an attempt is settled once, and a claim gives the same`, async () => {
    await using bench = await Bench.open(open);
    await bench.accepted({ to: ['b@x.example', 'c@x.example'] });
    const now = bench.clock.now();
    const claim = { type: 'claim', owner: 'a', token: 't', shares: [{ max: 1 }] } as const;
    await doubt(bench, moment, claim);
    const claimed = await bench.one(claim);
    assert.ok(claimed.type === 'claimed');
    assert.deepEqual(
      claimed.deliveries.map(({ recipientNumber, attempt }) => [recipientNumber, attempt]),
      [[0, 1]],
    );
    const settle = settleOf('a', claimed.deliveries, deferred(now + 1), now);
    await doubt(bench, moment, settle);
    const settled = await bench.one({ ...settle, again: true });
    assert.deepEqual(
      settled,
      moment === 'before' ? { type: 'settled', messageDone: false } : { type: 'stale', again: true },
    );
    assert.deepEqual(await bench.one(settle), { type: 'stale' });
    assert.deepEqual(await bench.eventTypes(), ['accepted', 'deferred']);
    const [first] = await bench.lookups.queue({}, { max: 1 });
    assert.deepEqual([first?.active, first?.dueAt], [false, now + 1]);
  });
}

function takenBackContract(name: string, open: Open, moment: Moment): void {
  for (const staged of [false, true])
    test(`5321-y: ${name}: after doubt ${moment} the commit a message${staged ? ' with a staged body' : ''} is taken back, and comes no more`, async () => {
      await using bench = await Bench.open(open);
      const to = ['b@x.example', 'c@y.example'];
      const change = acceptOf(bench.nextId(), bench.clock.now(), { owner: 'a', to, staged });
      const { id } = change.message;
      if (staged) await (await bench.store.stage(id)).finish();
      const inTheEnd = await doubt(bench, moment, change);
      const withdrawn = await bench.one(withdrawal(id, bench));
      // Where it goes another way it may come before what it takes back: then that is refused.
      const wasAccepted = (await inTheEnd()) === 'accepted';
      if (moment === 'after') assert.ok(wasAccepted);
      assert.deepEqual(withdrawn, { type: 'withdrawn', count: wasAccepted ? 2 : 0 });
      assert.deepEqual(await bench.queued(), []);
      assert.deepEqual((await bench.lookups.queueTotals()).messages, 0);
      assert.equal(await bench.lookups.content(id), undefined);
      const told = wasAccepted ? ['accepted', 'dropped', 'dropped'] : [];
      assert.deepEqual(await bench.eventTypes(), told);
      for (const late of [change, { ...change, again: true } as const])
        assert.equal((await bench.one(late)).type, 'failed');
      const repeated = await bench.one(withdrawal(id, bench));
      assert.deepEqual(repeated, { type: 'withdrawn', count: 0 });
      assert.deepEqual(await bench.queued(), []);
      assert.deepEqual(await bench.eventTypes(), told);
    });
}

interface WithdrawVector {
  readonly why: string;
  readonly said: Said;
  /** What became of it before it was taken back. */
  readonly meanwhile?: (bench: Bench, id: string) => Promise<unknown>;
  readonly count: number;
  /** Recipients that stay. */
  readonly left: readonly number[];
}

const to = ['b@x.example', 'c@y.example'];

async function settleFirst(bench: Bench): Promise<void> {
  const [first] = await bench.lookups.queue({}, { max: 1 });
  assert.ok(first);
  await bench.one(settleOf('a', [first.delivery], final, bench.clock.now()));
}

const withdrawVectors: readonly WithdrawVector[] = [
  { why: 'in hand where it was accepted', said: { to, owner: 'a' }, count: 2, left: [] },
  { why: 'due for whoever claims', said: { to }, count: 2, left: [] },
  { why: 'in hand elsewhere', said: { to, owner: 'other' }, count: 0, left: [0, 1] },
  { why: 'half delivered', said: { to, owner: 'a' }, meanwhile: settleFirst, count: 1, left: [] },
  {
    why: 'half claimed elsewhere',
    said: { to },
    meanwhile: (bench) => bench.claim('other', { shares: [{ max: 1 }] }),
    count: 1,
    left: [0],
  },
  {
    why: 'given back',
    said: { to, owner: 'a' },
    meanwhile: (bench) => bench.one({ type: 'free', ownerPrefix: 'a', dueAt: bench.clock.now() }),
    count: 2,
    left: [],
  },
  {
    why: 'held, its identity may not send',
    said: { to, owner: 'a', identityId: 'id-bot' },
    meanwhile: (bench) => bench.written(identityOf('bot', { state: 'suspended' })),
    count: 2,
    left: [],
  },
];

function withdrawContract(name: string, open: Open): void {
  for (const { why, said, meanwhile, count, left } of withdrawVectors)
    test(`5321-y: ${name}: a message is taken back that is ${why}`, async () => {
      await using bench = await Bench.open(open);
      const { message } = await bench.accepted(said);
      await meanwhile?.(bench, message.id);
      const now = bench.clock.now();
      assert.deepEqual(await bench.one(withdrawal(message.id, bench)), { type: 'withdrawn', count });
      assert.deepEqual(
        await bench.queued(),
        left.map((number) => `${message.id}/${number}`),
      );
      const events = await bench.lookups.eventsOfMessage(message.id, 99);
      const dropped = events.filter(({ type }) => type === 'dropped');
      assert.equal(dropped.length, count);
      for (const { payload, time } of dropped)
        assert.deepEqual(
          [time, (payload as { diagnostic: string }).diagnostic],
          [now, 'dropped by server: no answer in time'],
        );
    });

  test(`${name}: what was taken back long ago is forgotten`, async () => {
    await using bench = await Bench.open(open);
    const change = acceptOf(bench.nextId(), bench.clock.now(), {});
    await bench.one(withdrawal(change.message.id, bench));
    assert.equal((await bench.one(change)).type, 'failed');
    bench.clock.advance(600_000);
    await bench.one(withdrawal(bench.nextId(), bench));
    assert.deepEqual(await bench.one(change), { type: 'accepted' });
  });
}
