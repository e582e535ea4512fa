// Contract: two who work on one store at once, as two fronts do, or two nodes. What each may do it may do once; what one does the other hears of.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageIdSource } from '../base/message-id.ts';
import type { ClaimChange, Delivery, OutcomeOf, StoreNotice } from './port.ts';
import {
  acceptOf,
  Bench,
  changed,
  deferred,
  final,
  identityChange,
  identityOf,
  keyOf,
  type Open,
  settleOf,
} from './store.contract-fixtures.ts';

const owners = ['node1/1/1.1', 'node2/1/1.1'] as const;

const claimOf = (owner: string, round: number, max: number): ClaimChange => ({
  ...{ type: 'claim', owner, token: `${owner} ${round}`, shares: [{ max }] },
});

function deliveriesOf(outcome: OutcomeOf<ClaimChange>): readonly Delivery[] {
  assert.ok(outcome.type === 'claimed');
  return outcome.deliveries;
}

export function twoContract(name: string, open: Open): void {
  messagesOfTwoContract(name, open);
  endsOfTwoContract(name, open);
  accountsOfTwoContract(name, open);
}

function messagesOfTwoContract(name: string, open: Open): void {
  test(`5321-y: ${name}: two accept in the same millisecond, and each message is there once`, async () => {
    await using bench = await Bench.open(open);
    const both = await bench.both();
    const sources = both.map(() => messageIdSource((length) => bench.entropy.bytes(length)));
    const now = bench.clock.now();
    const changes = Array.from({ length: 40 }, (_, at) =>
      acceptOf(sources[at % 2]?.next(now) ?? '', now, { owner: owners[at % 2] ?? '' }),
    );
    const outcomes = await Promise.all(
      changes.map((change, at) => both[at % 2 === 0 ? 0 : 1].commit([change])),
    );
    assert.ok(outcomes.every(([{ type }]) => type === 'accepted'));
    const ids = changes.map(({ message }) => `${message.id}/0`);
    assert.deepEqual(await bench.queued(), ids.toSorted());
    assert.equal((await bench.events()).length, 40);
  });

  test(`E-Q-2: ${name}: two claim at once, and no delivery is given to both`, async () => {
    await using bench = await Bench.open(open);
    const both = await bench.both();
    for (let count = 0; count < 30; count += 1)
      await bench.accepted({ to: [`a@x${count % 3}.example`, `b@x${count % 4}.example`] });
    const taken: string[] = [];
    // Of two who look at the same moment one may find all of it taken.
    for (let round = 0; taken.length < 60 && round < 60; round += 1) {
      const claims = await Promise.all(
        both.map((store, at) => store.commit([claimOf(owners[at] ?? '', round, 5)])),
      );
      for (const [outcome] of claims) taken.push(...deliveriesOf(outcome).map(keyOf));
    }
    assert.equal(taken.length, 60);
    assert.deepEqual(taken.toSorted(), await bench.queued());
  });
}

function endsOfTwoContract(name: string, open: Open): void {
  test(`5321-y: ${name}: two settle recipients of one message at once, and it ends once, with the last`, async () => {
    await using bench = await Bench.open(open);
    const both = await bench.both();
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@y.example'] });
    const claims: (readonly Delivery[])[] = [];
    for (const [at, store] of both.entries()) {
      const [claimed] = await store.commit([claimOf(owners[at] ?? '', 0, 1)]);
      claims.push(deliveriesOf(claimed));
    }
    const now = bench.clock.now();
    const settles = claims.map((deliveries, at) => settleOf(owners[at] ?? '', deliveries, final, now));
    const outcomes = await Promise.all(settles.map((settle, at) => both[at === 0 ? 0 : 1].commit([settle])));
    const done = outcomes.map(([outcome]) => outcome);
    assert.ok(done.every(({ type }) => type === 'settled'));
    assert.equal(done.filter((outcome) => outcome.type === 'settled' && outcome.messageDone).length, 1);
    assert.equal(await bench.lookups.message(message.id), undefined);
    // Neither may end what was the other's.
    const [again] = await both[0].commit([settleOf(owners[0], claims[1] ?? [], deferred(now), now)]);
    assert.deepEqual(again, { type: 'stale' });
  });

  test(`E-Q-7: ${name}: a node that starts again gives back what its earlier lives held, and nothing of another node`, async () => {
    await using bench = await Bench.open(open);
    for (const owner of ['node1/1/1.1', 'node1/2/1.1', 'node10/1/1.1', 'node2/1/1.1'])
      await bench.accepted({ owner });
    const freed = await bench.one({ type: 'free', ownerPrefix: 'node1/', dueAt: bench.clock.now() });
    assert.deepEqual(freed, { type: 'freed', count: 2 });
    assert.equal((await bench.claim('node2/1/1.2')).length, 2);
  });
}

function accountsOfTwoContract(name: string, open: Open): void {
  test(`D-OUT-1: ${name}: two charge one account at once, and no more is accepted than may`, async () => {
    await using bench = await Bench.open(open);
    const both = await bench.both();
    const now = bench.clock.now();
    const said = { identityId: 'i1', charge: { identityId: 'i1', limits: { messagesPerHour: 7 } } };
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        both[at % 2 === 0 ? 0 : 1].commit([acceptOf(bench.nextId(), now, said)]),
      ),
    );
    const types = outcomes.map(([{ type }]) => type);
    const count = types.filter((type) => type === 'accepted').length;
    assert.ok(bench.countsLag ? count >= 7 && count <= 14 : count === 7, `${count}`);
    assert.equal((await bench.queued()).length, count);
    await bench.counted();
    for (const store of both) {
      const [{ type }] = await store.commit([acceptOf(bench.nextId(), bench.clock.now(), said)]);
      assert.equal(type, 'limited', 'a pulse later each knows what the other has accepted');
    }
  });

  test(`F-TX-2: ${name}: two change one account at once, one of them is told that it was late; both hear of it`, async () => {
    await using bench = await Bench.open(open);
    const both = await bench.both();
    const heard = both.map((store) => {
      const notices: StoreNotice[] = [];
      store.subscribe((notice) => notices.push(notice));
      return notices;
    });
    const alice = identityOf('alice@example.org');
    await bench.written(alice);
    const now = bench.clock.now();
    const next = changed(alice, { state: 'suspended' });
    const outcomes = await Promise.all(both.map((store) => store.commit([identityChange(next, 1, now)])));
    assert.deepEqual(outcomes.map(([{ type }]) => type).toSorted(), ['stale', 'written']);
    const late = acceptOf(bench.nextId(), now, { identityId: alice.id, owner: owners[1] });
    assert.deepEqual(await both[1].commit([late]), [{ type: 'accepted', held: true }]);
    await bench.hear();
    for (const notices of heard) {
      const revisions = notices.flatMap((notice) =>
        notice.type === 'identityChanged' && notice.state === 'suspended' ? [notice.revision] : [],
      );
      assert.ok(revisions.includes(2), 'once at least');
    }
  });

  test(`D-TR-4: ${name}: two propose a shared key at once, and both get the same`, async () => {
    await using bench = await Bench.open(open);
    const both = await bench.both();
    const name = { purpose: 'label', period: '2026-11-24' };
    const keys = await Promise.all(
      both.map((store, at) =>
        store.commit([{ type: 'sharedKey', ...name, proposedKey: new Uint8Array(32).fill(at) }]),
      ),
    );
    const [[first], [second]] = keys as [(typeof keys)[0], (typeof keys)[0]];
    assert.equal(first.type, 'key');
    assert.deepEqual(first, second);
  });
}
