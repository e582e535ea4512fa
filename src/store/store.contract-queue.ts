// Contract, part four: the queue as it is looked at, and the commands of the operator.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { QueueSelector } from './selector.ts';
import type { QueueChange, QueuePosition } from './queue-change.ts';
import {
  Bench,
  deferred,
  final,
  HOUR,
  identityOf,
  keyOf,
  type Open,
  settleOf,
} from './store.contract-fixtures.ts';

const count = (changed: number) => ({ type: 'changed', count: changed });

export function queueContract(name: string, open: Open): void {
  commandContract(name, open);
  dropContract(name, open);
  sliceContract(name, open);
  brokenOffContract(name, open);
  reasonsContract(name, open);
  credentialContract(name, open);
  listContract(name, open);
  pagesAndTotalsContract(name, open);
}

function command(bench: Bench, action: 'hold' | 'release' | 'retry' | 'drop', selector: QueueSelector = {}) {
  return bench.one({ type: 'queue', action, selector, now: bench.clock.now(), by: 'root' });
}

function commandContract(name: string, open: Open): void {
  test(`${name}: hold and release, each told once; what is leased is held when its attempt ends`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example'], identityId: 'i1' });
    const [leased] = await bench.claim('a', { shares: [{ max: 1 }] });
    assert.ok(leased);
    assert.deepEqual(await command(bench, 'hold'), count(2));
    assert.deepEqual(await command(bench, 'hold'), count(0));
    assert.deepEqual(await bench.claim('b'), []);
    await bench.one(settleOf('a', [leased], deferred(bench.clock.now()), bench.clock.now()));
    bench.clock.advance(HOUR);
    assert.deepEqual(await bench.claim('b'), []);
    const totals = await bench.lookups.queueTotals();
    assert.equal(totals.held, 2);

    bench.notices.length = 0;
    assert.deepEqual(await command(bench, 'release', { to: 'a@x.example' }), count(1));
    assert.deepEqual(await command(bench, 'release', { to: 'a@x.example' }), count(0));
    assert.deepEqual(bench.notices, [{ type: 'due' }]);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${message.id}/0`]);
    await command(bench, 'release', { messageId: message.id.toLowerCase() });
    assert.deepEqual(await actsOf(bench), [
      [undefined, undefined, { by: 'root', action: 'hold', detail: {} }],
      [undefined, undefined, { by: 'root', action: 'release', detail: { to: 'a@x.example' } }],
      [message.id, 'i1', { by: 'root', action: 'release', detail: {} }],
    ]);
  });

  test(`${name}: retry of what is due too late leaves the rest as it is`, async () => {
    await using bench = await Bench.open(open);
    const now = bench.clock.now();
    await bench.accepted({ dueAt: now + HOUR });
    const late = await bench.accepted({ dueAt: now + HOUR + 1 });
    assert.deepEqual(await command(bench, 'retry', { dueAfter: now + HOUR }), count(1));
    assert.deepEqual((await bench.claim('a')).map(keyOf), [`${late.message.id}/0`]);
  });

  test(`${name}: retry makes due at once what is neither leased nor, for that, released`, async () => {
    await using bench = await Bench.open(open);
    const far = bench.clock.now() + 4 * HOUR;
    const waiting = await bench.accepted({ dueAt: far });
    await bench.accepted({ dueAt: far, to: ['held@x.example'] });
    await bench.accepted({ owner: 'a', dueAt: far });
    await command(bench, 'hold', { to: 'held@x.example' });
    bench.notices.length = 0;
    assert.deepEqual(await command(bench, 'retry'), count(2));
    assert.deepEqual(bench.notices, [{ type: 'due' }]);
    assert.deepEqual((await bench.claim('b')).map(keyOf), [`${waiting.message.id}/0`]);
    assert.deepEqual(await command(bench, 'retry', { domain: 'nowhere.example' }), count(0));
    assert.equal(bench.notices.length, 1);
  });
}

function dropContract(name: string, open: Open): void {
  test(`${name}: drop takes out what is not leased, with its content when it was the last, and says so`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example'], identityId: 'i1' });
    const [leased] = await bench.claim('a', { shares: [{ max: 1 }] });
    assert.ok(leased);
    assert.deepEqual(await command(bench, 'drop'), count(1));
    assert.deepEqual(await bench.queued(), [keyOf(leased)]);
    const settled = await bench.one(settleOf('a', [leased], deferred(bench.clock.now()), bench.clock.now()));
    assert.deepEqual(settled, { type: 'settled', messageDone: false });
    assert.deepEqual(await command(bench, 'drop'), count(1));
    assert.equal(await bench.lookups.message(message.id), undefined);
    assert.equal(await bench.lookups.content(message.id), undefined);
    const dropped = (await bench.lookups.eventsOfMessage(message.id, 9)).filter(
      ({ type }) => type === 'dropped',
    );
    const fate = { status: '5.0.0', diagnostic: 'dropped by root' };
    assert.deepEqual(
      dropped.map(({ payload }) => payload),
      [
        { recipient: 'b@x.example', recipientNumber: 1, attempt: 0, ...fate },
        { recipient: 'a@x.example', recipientNumber: 0, attempt: 1, ...fate },
      ],
    );
    const late = await bench.one(settleOf('a', [leased], final, bench.clock.now()));
    assert.deepEqual(late, { type: 'stale' });
  });
}

/** Holds and releases in the trail. */
async function actsOf({ lookups }: Bench): Promise<readonly unknown[]> {
  const events = await lookups.events({ max: 1000 });
  return events
    .filter(({ type }) => type === 'held' || type === 'released')
    .map(({ messageId, identityId, payload }) => [messageId, identityId, payload]);
}

const toTwo = { to: ['a@x.example', 'b@x.example'], identityId: 'i1' } as const;

function slice(bench: Bench, action: QueueChange['action'], after: QueuePosition | undefined, max = 2) {
  return bench.one({
    ...{ type: 'queue', action, selector: { identityId: 'i1' }, now: bench.clock.now(), by: 'root', max },
    ...(after === undefined ? {} : { after }),
  });
}

/** Counts of all slices. */
async function slices(bench: Bench, action: QueueChange['action'], max?: number): Promise<readonly number[]> {
  const counts: number[] = [];
  for (let after: QueuePosition | undefined; ;) {
    const outcome = await slice(bench, action, after, max);
    assert.equal(outcome.type, 'changed');
    counts.push(outcome.count);
    if (outcome.next === undefined) return counts;
    after = outcome.next;
  }
}

function sliceContract(name: string, open: Open): void {
  test(`E-Q-8: ${name}: a queue command goes in slices, each where the one before ended, and a hold and a release are told once`, async () => {
    await using bench = await Bench.open(open);
    await bench.accepted({ ...toTwo, identityId: 'i2' });
    for (let count = 0; count < 3; count += 1) await bench.accepted({ ...toTwo, owner: 'a' });
    await bench.accepted({ ...toTwo, to: ['c@x.example'] });
    assert.deepEqual(await slices(bench, 'hold', 3), [3, 3, 1]);
    assert.equal((await bench.queued({ held: true })).length, 7);
    assert.deepEqual(await slices(bench, 'release', 7), [7, 0], 'what may be left is asked for');
    assert.deepEqual(await bench.queued({ held: true }), []);
    await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: bench.clock.now() });
    assert.deepEqual(await slices(bench, 'drop'), [2, 2, 2, 1]);
    assert.equal((await bench.queued()).length, 2, 'of others');
    const detail = { identityId: 'i1' };
    assert.deepEqual(await actsOf(bench), [
      [undefined, 'i1', { by: 'root', action: 'hold', detail }],
      [undefined, 'i1', { by: 'root', action: 'release', detail }],
    ]);
    const acts = { max: 20, types: ['held', 'released'] } as const;
    const { events } = await bench.lookups.findEvents([{ kind: 'identity', identityId: 'i1' }], acts);
    assert.deepEqual(
      events.slice(0, 2).map(({ type }) => type),
      ['released', 'held'],
      'found by whose mail it was',
    );
  });
}

function brokenOffContract(name: string, open: Open): void {
  test(`E-Q-8: ${name}: a queue command that broke off does the rest when it is given again`, async () => {
    await using bench = await Bench.open(open);
    for (let count = 0; count < 3; count += 1) await bench.accepted(toTwo);
    assert.equal((await slice(bench, 'hold', undefined)).type, 'changed');
    await bench.restart();
    assert.deepEqual(await bench.queued({ held: true }), (await bench.queued()).slice(0, 2));
    assert.deepEqual(await slices(bench, 'hold'), [2, 2, 0], 'what is left of it');
    assert.deepEqual(await bench.queued({ held: true }), await bench.queued());
    assert.deepEqual(await bench.eventTypes(), [
      ...Array.from({ length: 3 }, () => 'accepted'),
      'held',
      'held',
    ]);
    await slice(bench, 'drop', undefined);
    assert.equal((await bench.queued()).length, 4);
    assert.deepEqual(await slices(bench, 'drop'), [2, 2, 0]);
    assert.deepEqual(await bench.queued(), []);
  });

  test(`E-Q-8: ${name}: what comes while a command goes on is not waited for, and what a message id names is one slice`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted(toTwo);
    await bench.accepted(toTwo);
    const first = await slice(bench, 'hold', undefined);
    assert.ok(first.type === 'changed' && first.next !== undefined);
    await bench.one({ ...{ type: 'queue', action: 'drop', selector: {} }, now: 0, by: 'root', max: 4 });
    const late = await bench.accepted(toTwo);
    const inHand = await bench.accepted({ ...toTwo, owner: 'a' });
    await bench.accepted({ ...toTwo, identityId: 'i2' });
    assert.deepEqual(
      await slice(bench, 'hold', first.next),
      { type: 'changed', count: 0 },
      'its place is gone',
    );
    const held = await bench.queued({ held: true });
    assert.deepEqual(held, [], [late, inHand].map(({ message: { id } }) => id).join());
    const named = await bench.accepted(toTwo);
    const selector = { messageId: named.message.id };
    const dropped = await bench.one({
      ...{ type: 'queue', action: 'drop', selector },
      now: 0,
      by: 'root',
      max: 1,
    });
    assert.deepEqual(dropped, { type: 'changed', count: 2 });
    assert.equal(await bench.lookups.message(message.id), undefined);
  });
}

function reasonsContract(name: string, open: Open): void {
  test(`${name}: why it is held, let go and dropped stands in the trail, in the words of who did it`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example'] });
    const who = { now: bench.clock.now(), by: 'root', because: 'ticket 4711' };
    for (const action of ['hold', 'release', 'drop'] as const)
      await bench.one({ type: 'queue', action, selector: { messageId: message.id }, ...who });
    const events = await bench.lookups.eventsOfMessage(message.id, 9);
    assert.deepEqual(
      events.slice(-3).map(({ type, payload }) => [type, payload]),
      [
        ['held', { by: 'root', action: 'hold', detail: { reason: 'ticket 4711' } }],
        ['released', { by: 'root', action: 'release', detail: { reason: 'ticket 4711' } }],
        [
          'dropped',
          {
            ...{ recipient: 'a@x.example', recipientNumber: 0, attempt: 0, status: '5.0.0' },
            diagnostic: 'dropped by root: ticket 4711',
          },
        ],
      ],
    );
  });

  test(`${name}: a delivery is held while a reason is left`, async () => {
    await using bench = await Bench.open(open);
    await bench.written(identityOf('bot'));
    await bench.accepted({ identityId: 'id-bot', to: ['a@x.example'] });
    const command = (action: 'hold' | 'release', reason?: 'operator' | 'review') =>
      bench.one({
        ...{ type: 'queue', action, selector: {}, now: bench.clock.now(), by: 'root' },
        ...(reason === undefined ? {} : { reason }),
      });
    const reasons = async () => {
      const [entry] = await bench.lookups.queue({}, { max: 1 });
      const { held } = await bench.lookups.queueTotals();
      assert.equal(held, entry?.heldBy.length === 0 ? 0 : 1);
      assert.equal(await bench.lookups.queueCount({ held: true }), held);
      assert.equal(await bench.lookups.queueCount({ held: false }), 1 - held);
      assert.equal(await bench.lookups.queueCount({ held: true, domain: 'x.example' }), held);
      for (const one of [true, false])
        assert.equal(
          await bench.lookups.queueCount({ held: one, identityId: 'id-bot' }),
          one ? held : 1 - held,
        );
      return entry?.heldBy;
    };
    const suspend = (state: 'active' | 'suspended', revision: number) =>
      bench.written(identityOf('bot', { state, revision }));
    assert.deepEqual(await command('hold', 'review'), count(1));
    assert.deepEqual(await reasons(), ['review']);
    assert.deepEqual(await command('hold', 'review'), count(0));
    await suspend('suspended', 2);
    assert.deepEqual(await command('hold'), count(1));
    assert.deepEqual(await reasons(), ['operator', 'identity', 'review']);
    assert.deepEqual(await command('release'), count(1));
    assert.deepEqual(await command('release', 'operator'), count(0));
    assert.deepEqual(await reasons(), ['identity', 'review']);
    await suspend('active', 3);
    assert.deepEqual(await reasons(), ['review']);
    assert.deepEqual(await bench.claim('a'), []);
    await bench.restart();
    assert.deepEqual(await command('release', 'review'), count(1));
    assert.deepEqual(await reasons(), []);
    assert.equal((await bench.claim('a')).length, 1);
  });
}

function credentialContract(name: string, open: Open): void {
  test(`BCP134-3.1-f: ${name}: what came with one credential is held, wherever it is`, async () => {
    await using bench = await Bench.open(open);
    const said = { identityId: 'i1', to: ['bob@one.example'] } as const;
    const ofPhone = await bench.accepted({ ...said, credentialId: 'k7', owner: 'a' });
    const waiting = await bench.accepted({ ...said, credentialId: 'k7' });
    await bench.accepted({ ...said, credentialId: 'password', owner: 'a' });
    await bench.accepted(said);
    await bench.restart();
    const hold = { type: 'queue', action: 'hold', now: bench.clock.now(), by: 'root' } as const;
    const outcome = await bench.one({ ...hold, selector: { credentialId: 'k7' } });
    assert.deepEqual(outcome, { type: 'changed', count: 2 });
    assert.deepEqual(
      await bench.queued({ held: true }),
      [ofPhone, waiting].map(({ message }) => `${message.id}/0`),
    );
    assert.equal((await bench.lookups.message(waiting.message.id))?.credentialId, 'k7');
  });
}

const selectors: readonly {
  readonly why: string;
  readonly selector: QueueSelector;
  readonly finds: string;
}[] = [
  { why: 'everything', selector: {}, finds: '1/0 1/1 2/0 3/0' },
  { why: 'sender', selector: { from: 'alice@example.org' }, finds: '1/0 1/1' },
  { why: 'the null sender', selector: { from: '' }, finds: '3/0' },
  { why: 'recipient', selector: { to: 'bob@one.example' }, finds: '1/0 3/0' },
  { why: 'recipient, exactly', selector: { to: 'BOB@one.example' }, finds: '' },
  { why: 'number of the recipient', selector: { recipientNumber: 1 }, finds: '1/1' },
  { why: 'domain, however written', selector: { domain: 'Two.Example' }, finds: '1/1 2/0' },
  {
    why: 'an international domain by its A-label',
    selector: { domain: 'xn--bcher-kva.example' },
    finds: '',
  },
  {
    why: 'the domains of a next hop',
    selector: { nextHop: { name: 'mta', domains: ['two.example', 'none.example'], takes: 'these' } },
    finds: '1/1 2/0',
  },
  {
    why: 'a next hop that takes all other domains',
    selector: { nextHop: { name: 'mta', domains: ['two.example', 'none.example'], takes: 'others' } },
    finds: '1/0 3/0',
  },
  {
    why: 'a next hop that takes everything',
    selector: { nextHop: { name: 'mta', domains: [], takes: 'others' } },
    finds: '1/0 1/1 2/0 3/0',
  },
  {
    why: 'a next hop with others',
    selector: { nextHop: { name: 'mta', domains: ['two.example'], takes: 'these' }, held: true },
    finds: '2/0',
  },
  { why: 'identity', selector: { identityId: 'i2' }, finds: '2/0' },
  { why: 'credential', selector: { credentialId: 'k7' }, finds: '1/0 1/1' },
  { why: 'held', selector: { held: true }, finds: '2/0' },
  { why: 'not held', selector: { held: false }, finds: '1/0 1/1 3/0' },
  { why: 'all must match', selector: { domain: 'one.example', from: '' }, finds: '3/0' },
  { why: 'none does', selector: { held: true, from: '' }, finds: '' },
  { why: 'no message id', selector: { messageId: 'x' }, finds: '' },
];

function listContract(name: string, open: Open): void {
  test(`${name}: the queue is listed and counted by what every given field says`, async () => {
    await using bench = await Bench.open(open);
    const messages = [
      await bench.accepted({
        ...{ to: ['bob@one.example', 'bob@two.example'], identityId: 'i1', credentialId: 'k7' },
      }),
      await bench.accepted({ from: 'carol@example.org', to: ['bob@two.example'], identityId: 'i2' }),
      await bench.accepted({ from: '', to: ['bob@one.example'] }),
    ];
    await bench.written(identityOf('carol@example.org', { id: 'i2', state: 'suspended' }));
    const keys = (finds: string): readonly string[] =>
      finds.split(' ').flatMap((key) => {
        const [at, number] = key.split('/');
        return number === undefined ? [] : [`${messages[Number(at) - 1]?.message.id}/${number}`];
      });
    for (const { why, selector, finds } of selectors) {
      assert.deepEqual(await bench.queued(selector), keys(finds), why);
      assert.equal(await bench.lookups.queueCount(selector), keys(finds).length, why);
      assert.equal(await bench.lookups.queueCount(selector, 2), Math.min(2, keys(finds).length), why);
    }
    const second = messages[1]?.message.id ?? '';
    assert.deepEqual(await bench.queued({ messageId: second }), [`${second}/0`]);
    assert.deepEqual(await bench.queued({ messageId: second.toLowerCase() }), [`${second}/0`]);
    assert.equal((await bench.lookups.message(second.toLowerCase()))?.id, second);
  });
}

function pagesAndTotalsContract(name: string, open: Open): void {
  test(`${name}: the queue is paged in the order of ids`, async () => {
    await using bench = await Bench.open(open);
    for (let count = 0; count < 4; count += 1) await bench.accepted({ to: ['a@x.example', 'b@x.example'] });
    const all = await bench.queued();
    assert.deepEqual(all, [...all].sort());
    const paged: string[] = [];
    for (;;) {
      const last = paged.at(-1)?.split('/');
      const after =
        last === undefined ? {} : { after: { messageId: last[0] ?? '', recipientNumber: Number(last[1]) } };
      const page = await bench.lookups.queue({}, { max: 3, ...after });
      paged.push(...page.map(({ delivery }) => keyOf(delivery)));
      if (page.length < 3) break;
    }
    assert.deepEqual(paged, all);
    assert.equal(all.length, 8);
  });

  test(`${name}: totals name the oldest, the held and the largest domains`, async () => {
    await using bench = await Bench.open(open);
    const oldest = bench.clock.now();
    await bench.accepted({ to: ['a@x.example', 'b@x.example', 'c@y.example', 'postmaster'] });
    bench.clock.advance(HOUR);
    await bench.accepted({ to: ['a@b\u00fccher.example', 'a@y.example', 'a@[192.0.2.1]'], owner: 'a' });
    await bench.one({
      type: 'queue',
      action: 'hold',
      selector: { domain: 'y.example' },
      now: oldest,
      by: 'root',
    });
    assert.deepEqual(await bench.lookups.queueTotals(), {
      messages: 2,
      deliveries: 7,
      held: 2,
      oldestAcceptedAt: oldest,
      byDomain: [
        { domain: 'x.example', deliveries: 2 },
        { domain: 'y.example', deliveries: 2 },
        { domain: '', deliveries: 1 },
        { domain: '[192.0.2.1]', deliveries: 1 },
        { domain: 'xn--bcher-kva.example', deliveries: 1 },
      ],
    });
    assert.equal(await bench.lookups.queueCount({ domain: 'xn--bcher-kva.example' }), 1);
    await bench.accepted({ to: Array.from({ length: 60 }, (_, at) => `a@d${at}.example`) });
    assert.equal((await bench.lookups.queueTotals()).byDomain.length, 50);
  });
}
