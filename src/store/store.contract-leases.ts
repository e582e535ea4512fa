// Contract, part two: claims with tokens, and leases given back without an attempt.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ClaimChange, Delivery } from './port.ts';
import { createRound } from './round.ts';
import {
  Bench,
  changed,
  final,
  HOUR,
  identityOf,
  keyOf,
  MINUTE,
  type Open,
  settleOf,
} from './store.contract-fixtures.ts';

export function leaseContract(name: string, open: Open): void {
  claimContract(name, open);
  claimAgainContract(name, open);
  claimOfSuspendedContract(name, open);
  shareContract(name, open);
  roundContract(name, open);
  freeContract(name, open);
  freeOnlyContract(name, open);
}

const firstTwo = { type: 'claim', owner: 'a', token: 't1', shares: [{ max: 2 }] } as const;

function claimContract(name: string, open: Open): void {
  test(`${name}: a claim leases what is due, and leaves the rest alone`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    const later = await bench.accepted({ dueAt: now + 1 });
    const second = await bench.accepted({ to: ['b@two.example', 'b@dead.example'], dueAt: now });
    const third = await bench.accepted({ dueAt: now });
    const first = await bench.accepted({ dueAt: now - MINUTE });
    await bench.accepted({ owner: 'b', dueAt: now - HOUR });
    const held = await bench.accepted({ from: 'held@example.org', dueAt: now - HOUR });
    const hold = {
      type: 'queue',
      action: 'hold',
      selector: { from: 'held@example.org' },
      now,
      by: 'root',
    } as const;
    assert.deepEqual(await bench.one(hold), { type: 'changed', count: 1 });

    const claim = {
      type: 'claim',
      owner: 'a',
      token: 't1',
      shares: [{ max: 2 }, { domains: ['dead.example'], max: 0 }],
    } as const;
    const outcome = await bench.one(claim);
    assert.ok(outcome.type === 'claimed');
    assert.deepEqual(outcome.messages, [first.message, second.message]);
    const delivery = { attempt: 1, delayReported: false, recipientNumber: 0 };
    assert.deepEqual(outcome.deliveries, [
      {
        ...delivery,
        messageId: first.message.id,
        recipient: { forwardPath: 'bob@example.net' },
        domain: 'example.net',
      },
      {
        ...delivery,
        messageId: second.message.id,
        recipient: { forwardPath: 'b@two.example' },
        domain: 'two.example',
      },
    ]);
    const rest = await bench.claim('b', {
      shares: [{ max: 9 }, { domains: ['dead.example', 'elsewhere.example'], max: 0 }],
    });
    assert.deepEqual(rest.map(keyOf), [`${third.message.id}/0`]);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${second.message.id}/1`]);
    assert.deepEqual(await bench.claim('b'), []);
    bench.clock.advance(1);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${later.message.id}/0`]);
    assert.deepEqual(await bench.queued({ held: true }), [`${held.message.id}/0`]);
  });

  test(`${name}: each message of a claim comes once, however many of its recipients do`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example', 'c@y.example'] });
    const claim = { owner: 'a', token: 't', shares: [{ max: 9 }] } as const;
    const outcome = await bench.one({ type: 'claim', ...claim });
    assert.ok(outcome.type === 'claimed');
    assert.deepEqual(outcome.messages, [message]);
    assert.deepEqual(
      outcome.deliveries.map(({ recipientNumber }) => recipientNumber),
      [0, 1, 2],
    );
  });
}

function claimAgainContract(name: string, open: Open): void {
  test(`${name}: a claim asked again with its token gives the same, with another token something else`, async () => {
    await using bench = await Bench.open(open);
    for (let count = 0; count < 4; count += 1) await bench.accepted();
    const claim = firstTwo;
    const [once, twice] = await bench.store.commit([claim, claim]);
    assert.ok(once.type === 'claimed');
    assert.equal(once.deliveries.length, 2);
    const same = { ...once, more: true };
    delete same.next;
    assert.deepEqual(twice, same);
    await bench.restart();
    assert.deepEqual(await bench.one(claim), same);
    // The same word of another owner is another claim.
    const other = await bench.one({ ...claim, owner: 'b' });
    assert.ok(other.type === 'claimed');
    const taken = [...once.deliveries, ...other.deliveries].map(keyOf);
    assert.deepEqual(taken, await bench.queued());
    // A delivery that was settled since is not given out again.
    const [first, second] = once.deliveries;
    assert.ok(first && second);
    await bench.one(settleOf('a', [first], final, bench.clock.now()));
    assert.deepEqual(await bench.one(claim), {
      ...same,
      deliveries: [second],
      messages: once.messages.slice(1),
    });
    assert.deepEqual(await bench.claim('a'), []);
  });

  test(`${name}: a claim that found nothing looks again`, async () => {
    await using bench = await Bench.open(open);
    const claim = firstTwo;
    assert.deepEqual(await bench.one(claim), { type: 'claimed', deliveries: [], messages: [], more: false });
    const { message } = await bench.accepted();
    const outcome = await bench.one(claim);
    assert.ok(outcome.type === 'claimed');
    assert.deepEqual(outcome.messages, [message]);
  });
}

function shareContract(name: string, open: Open): void {
  test(`${name}: of what is due every domain gets as much as the others before one gets more, and the round goes on where it was`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    for (let n = 0; n < 30; n += 1) await bench.accepted({ to: ['x@much.example'], dueAt: now - HOUR });
    for (const name of ['a', 'b', 'y', 'z'])
      for (let n = 0; n < 3; n += 1) await bench.accepted({ to: [`x@${name}.example`], dueAt: now - n });
    await bench.accepted({ to: ['x@later.example'], dueAt: now + 1 });
    let number = 0;
    let after: string | undefined;
    const domains = async (change: Partial<ClaimChange>): Promise<string> => {
      const outcome = await bench.one({
        type: 'claim',
        owner: 'o',
        token: `t${(number += 1)}`,
        shares: [],
        ...change,
      });
      assert.ok(outcome.type === 'claimed');
      after = outcome.next;
      return outcome.deliveries.map(({ domain }) => domain.replace('.example', '')).join(' ');
    };
    assert.equal(await domains({ shares: [{ max: 3 }] }), 'a b much');
    assert.equal(await domains({ shares: [{ max: 3 }], ...(after === undefined ? {} : { after }) }), 'y z a');
    assert.equal(
      await domains({ shares: [{ max: 10 }] }),
      'a b b much much y y z z much',
      'two each, then what is left',
    );
    assert.equal(await domains({ shares: [{ max: 4 }] }), 'much much much much', 'alone it gets all');
    const named = { domains: ['much.example'], max: 2 };
    assert.equal(
      await domains({ shares: [named, { max: 9 }] }),
      'much much',
      'nobody else takes what is named',
    );
    assert.equal(await domains({ shares: [{ ...named, max: 0 }, { max: 9 }] }), '');
  });
}

function roundContract(name: string, open: Open): void {
  test(`E-Q-8: ${name}: 600 lanes are gone through in two claims, and nothing is asked again when none of them has something due`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    const domains = Array.from({ length: 600 }, (_, n) => `d${String(n).padStart(3, '0')}.example`);
    const to = domains.map((domain) => `x@${domain}`);
    await bench.accepted({ to, dueAt: now + MINUTE });
    const round = createRound();
    let token = 0;
    /** So many claims until nothing is left to ask for, and the domains they found. */
    const goRound = async (): Promise<readonly [claims: number, found: readonly string[]]> => {
      const found: string[] = [];
      for (let claims = 1; ; claims += 1) {
        const { after } = round;
        const outcome = await bench.one({
          ...{ type: 'claim', owner: 'a', token: `t${(token += 1)}`, shares: [{ max: 9 }] },
          ...(after === undefined ? {} : { after }),
        });
        assert.ok(outcome.type === 'claimed' && claims < 9, `claim ${claims}`);
        found.push(...outcome.deliveries.map(({ domain }) => domain));
        if (!round.took(outcome)) return [claims, found];
      }
    };
    assert.deepEqual(await goRound(), [2, []]);
    for (let n = 0; n < 5; n += 1) {
      const [claims, found] = await goRound();
      assert.deepEqual(found, []);
      assert.ok(claims <= 3, `${claims} claims for one round`);
    }
    const late = ['d010.example', 'd550.example', 'd599.example'];
    for (const domain of late) await bench.accepted({ to: [`y@${domain}`], dueAt: now });
    const [, found] = await goRound();
    assert.deepEqual(found.toSorted(), late);
  });
}

function freeContract(name: string, open: Open): void {
  test(`${name}: times are whole milliseconds: a fraction fails its change and nothing else`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    await bench.accepted({ owner: 'a', dueAt: now });
    const broken = await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: now + 0.5 });
    assert.equal(broken.type, 'failed');
    const whole = await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: now });
    assert.deepEqual(whole, { type: 'freed', count: 1 });
  });

  test(`${name}: leases are given back by prefix, claims with them`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    const mine = await bench.accepted({ owner: 'node1/7/front1' });
    const others = await bench.accepted({ owner: 'node1/8/front1' });
    await bench.accepted({ dueAt: now - MINUTE });
    const claim = { owner: 'node1/7/front2', token: 't1', shares: [{ max: 9 }] } as const;
    await bench.one({ type: 'claim', ...claim });
    const dueAt = now + MINUTE;
    bench.notices.length = 0;
    assert.deepEqual(await bench.one({ type: 'free', ownerPrefix: 'node1/7/', dueAt }), {
      type: 'freed',
      count: 2,
    });
    assert.deepEqual(bench.notices, [{ type: 'due' }]);
    const entries = await bench.lookups.queue({}, { max: 9 });
    const active = entries.filter((entry) => entry.active).map(({ message }) => message.id);
    assert.deepEqual(active, [others.message.id]);
    assert.deepEqual(
      entries.filter((entry) => !entry.active).map((entry) => entry.dueAt),
      [dueAt, dueAt],
    );
    assert.deepEqual(await bench.one({ type: 'claim', ...claim }), {
      type: 'claimed',
      deliveries: [],
      messages: [],
      more: false,
    });
    bench.clock.advance(MINUTE);
    const again = await bench.one({ type: 'claim', ...claim });
    assert.ok(again.type === 'claimed');
    assert.deepEqual(
      again.deliveries
        .map(({ messageId, attempt }) => [messageId, attempt])
        .find(([id]) => id === mine.message.id),
      [mine.message.id, 2],
    );
    assert.deepEqual(await bench.one({ type: 'free', ownerPrefix: '', dueAt: now }), {
      type: 'freed',
      count: 3,
    });
    bench.notices.length = 0;
    assert.deepEqual(await bench.one({ type: 'free', ownerPrefix: '', dueAt: now }), {
      type: 'freed',
      count: 0,
    });
    assert.deepEqual(bench.notices, []);
  });
}

function claimOfSuspendedContract(name: string, open: Open): void {
  test(`BCP134-3.1-f E-Q-7: ${name}: a claim that is asked again does not give mail whose identity was suspended since`, async () => {
    await using bench = await Bench.open(open);
    const bot = identityOf('bot', {});
    await bench.written(bot);
    const suspect = await bench.accepted({ identityId: bot.id });
    const other = await bench.accepted({});
    const ids = (deliveries: readonly Delivery[]) => deliveries.map(({ messageId }) => messageId);
    assert.deepEqual(ids(await bench.claim('a', { token: 't' })), [suspect.message.id, other.message.id]);
    await bench.written(changed(bot, { state: 'suspended' }));
    assert.deepEqual(ids(await bench.claim('a', { token: 't' })), [other.message.id]);
    const [entry] = await bench.lookups.queue({ messageId: suspect.message.id }, { max: 1 });
    assert.equal(entry?.active, false, 'it is leased to nobody');
    assert.deepEqual(await bench.claim('b'), []);
    await bench.written(changed(changed(bot, {}), { state: 'active' }));
    assert.deepEqual(
      (await bench.claim('b')).map(({ messageId, attempt }) => [messageId, attempt]),
      [[suspect.message.id, 2]],
    );
  });
}

function freeOnlyContract(name: string, open: Open): void {
  test(`${name}: single deliveries are given back by exactly their owner only`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example'], owner: 'front1' });
    const dueAt = bench.clock.now() + 5;
    const only = [
      { messageId: message.id, recipientNumber: 1, attempt: 1 },
      { messageId: bench.nextId(), recipientNumber: 0, attempt: 1 },
      { messageId: 'none', recipientNumber: 0, attempt: 1 },
    ];
    const none = await bench.one({ type: 'free', ownerPrefix: 'front', only, dueAt });
    assert.deepEqual(none, { type: 'freed', count: 0 });
    const one = await bench.one({ type: 'free', ownerPrefix: 'front1', only, dueAt });
    assert.deepEqual(one, { type: 'freed', count: 1 });
    const entries = await bench.lookups.queue({}, { max: 9 });
    assert.deepEqual(
      entries.map(({ active, dueAt: at }) => [active, at]),
      [
        [true, dueAt - 5],
        [false, dueAt],
      ],
    );
  });

  test(`E-Q-7: ${name}: asked twice to give an attempt back, it leaves alone what its owner has claimed since`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ owner: 'a' });
    const only = [{ messageId: message.id, recipientNumber: 0, attempt: 1 }];
    const free = { type: 'free', ownerPrefix: 'a', only, dueAt: bench.clock.now() } as const;
    assert.deepEqual(await bench.one(free), { type: 'freed', count: 1 });
    const deliveries = await bench.claim('a');
    assert.equal(deliveries.length, 1);
    assert.deepEqual(await bench.one(free), { type: 'freed', count: 0 });
    const settled = await bench.one(settleOf('a', deliveries, final, bench.clock.now()));
    assert.deepEqual(settled, { type: 'settled', messageDone: true });
  });
}
