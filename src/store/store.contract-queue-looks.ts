// Contract of the queue as it is seen and acted on at a glance: by next hop, by age, by identity; how often a recipient was put off, and what the last hop said.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventDraft } from '../record/events.ts';
import { DEFERRALS_EXAMINED } from './ended-attempts.ts';
import type { HopDomains } from './hop-domains.ts';
import type { QueueChange, QueuePosition } from './queue-change.ts';
import {
  Bench,
  DAY,
  deferred,
  HOUR,
  identityOf,
  type Open,
  settleOf,
  START,
} from './store.contract-fixtures.ts';

export function queueLooksContract(name: string, open: Open): void {
  nextHopContract(name, open);
  ageContract(name, open);
  byIdentityContract(name, open);
  endedAttemptsContract(name, open);
  manyAttemptsContract(name, open);
}

const lab: HopDomains = { name: 'lmtp lab:24', domains: ['x.example', 'y.example'], takes: 'these' };
const usual: HopDomains = { ...lab, name: 'smtp mta:25', takes: 'others' };

function nextHopContract(name: string, open: Open): void {
  test(`${name}: a command by next hop means what goes there and nothing else, under way or not, and its record names the hop`, async () => {
    await using bench = await Bench.open(open);
    const said = { identityId: 'i1', to: ['a@x.example', 'b@far.example', 'c@y.example'] };
    const filed = await bench.accepted(said);
    const underWay = await bench.accepted({ ...said, owner: 'a' });
    await bench.accepted({ to: ['d@far.example'], owner: 'a' });
    const act = (action: QueueChange['action'], nextHop: HopDomains) =>
      bench.one({ type: 'queue', action, selector: { nextHop }, now: bench.clock.now(), by: 'root' });
    const [one, two] = [filed.message.id, underWay.message.id];
    assert.deepEqual(await act('hold', lab), { type: 'changed', count: 4 });
    assert.deepEqual(await bench.queued({ held: true }), [`${one}/0`, `${one}/2`, `${two}/0`, `${two}/2`]);
    assert.equal(await bench.lookups.queueCount({ nextHop: lab }), 4);
    assert.equal(await bench.lookups.queueCount({ nextHop: usual }), 3);
    assert.deepEqual(await act('release', lab), { type: 'changed', count: 4 });
    assert.deepEqual(await act('hold', usual), { type: 'changed', count: 3 });
    await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: bench.clock.now() });
    assert.deepEqual(await act('drop', usual), { type: 'changed', count: 3 });
    assert.deepEqual(await act('retry', usual), { type: 'changed', count: 0 });
    assert.deepEqual(await act('retry', lab), { type: 'changed', count: 4 });
    const records = (await bench.events()).flatMap(({ type, payload }) =>
      type === 'held' || type === 'released' ? [[type, payload?.detail]] : [],
    );
    assert.deepEqual(records, [
      ['held', { nextHop: 'lmtp lab:24' }],
      ['released', { nextHop: 'lmtp lab:24' }],
      ['held', { nextHop: 'smtp mta:25' }],
    ]);
  });
}

function ageContract(name: string, open: Open): void {
  test(`${name}: what waits is listed, counted and changed by when it was accepted, with slices that end where it ends`, async () => {
    await using bench = await Bench.open(open);
    const keys: string[] = [];
    for (const hours of [0, 1, 2, 3]) {
      const owner = hours === 1 ? { owner: 'a' } : {};
      const to = ['a@x.example', 'b@y.example'];
      const { message } = await bench.accepted({ identityId: `i${hours % 2}`, to, ...owner });
      keys.push(`${message.id}/0`, `${message.id}/1`);
      bench.clock.advance(HOUR);
    }
    const at = (hours: number): number => START + hours * HOUR;
    const table = [
      { why: 'the beginning counts', selector: { acceptedSince: at(1) }, from: 2, to: 8 },
      { why: 'the end does not', selector: { acceptedBefore: at(1) }, from: 0, to: 2 },
      { why: 'both', selector: { acceptedSince: at(1), acceptedBefore: at(3) }, from: 2, to: 6 },
      { why: 'before all', selector: { acceptedBefore: at(0) }, from: 0, to: 0 },
      { why: 'before there was time', selector: { acceptedBefore: -1 }, from: 0, to: 0 },
      { why: 'of one identity', selector: { acceptedSince: at(2), identityId: 'i1' }, from: 6, to: 8 },
    ];
    for (const { why, selector, from, to } of table) {
      assert.deepEqual(await bench.queued(selector), keys.slice(from, to), why);
      assert.equal(await bench.lookups.queueCount(selector), to - from, why);
      assert.equal(await bench.lookups.queueCount(selector, 3), Math.min(3, to - from), why);
    }
    const selector = { acceptedSince: at(1), acceptedBefore: at(3) };
    const counts: number[] = [];
    for (let after: QueuePosition | undefined; ;) {
      const hold = { type: 'queue', action: 'hold', selector, now: at(9), by: 'root', max: 3 } as const;
      const outcome = await bench.one({ ...hold, ...(after === undefined ? {} : { after }) });
      assert.equal(outcome.type, 'changed');
      counts.push(outcome.count);
      if (outcome.next === undefined) break;
      after = outcome.next;
    }
    assert.deepEqual(counts, [3, 1]);
    assert.deepEqual(await bench.queued({ held: true }), keys.slice(2, 6));
  });
}

function byIdentityContract(name: string, open: Open): void {
  test(`${name}: whose mail waits, the most first, with its oldest, under way or not, and by domain of the login`, async () => {
    await using bench = await Bench.open(open);
    const begin = bench.clock.now();
    for (const [id, login] of [
      ['i1', 'alice@example.org'],
      ['i2', 'bob@other.example'],
      ['i3', 'printer'],
    ] as const)
      await bench.written(identityOf(login, { id }));
    const to = ['a@x.example', 'b@x.example'];
    await bench.accepted({ identityId: 'i1', to: ['a@x.example'], owner: 'a' });
    bench.clock.advance(HOUR);
    await bench.accepted({ identityId: 'i1', to });
    await bench.accepted({ identityId: 'i2', to });
    await bench.accepted({ identityId: 'i2', to: [...to, 'c@x.example'], owner: 'a' });
    await bench.accepted({ identityId: 'i3', to: ['a@x.example'], owner: 'a' });
    await bench.accepted({ identityId: 'gone', to: ['a@x.example'] });
    await bench.accepted({ from: '', to: ['nobody@x.example'] });
    const [alice, bob, printer, gone] = [
      { identityId: 'i1', login: 'alice@example.org', deliveries: 3, oldestAcceptedAt: begin },
      { identityId: 'i2', login: 'bob@other.example', deliveries: 5, oldestAcceptedAt: begin + HOUR },
      { identityId: 'i3', login: 'printer', deliveries: 1, oldestAcceptedAt: begin + HOUR },
      { identityId: 'gone', deliveries: 1, oldestAcceptedAt: begin + HOUR },
    ];
    const of = (page: { max: number; domains?: readonly string[] }) => bench.lookups.queueByIdentity(page);
    assert.deepEqual(await of({ max: 9 }), [bob, alice, gone, printer]);
    assert.deepEqual(await of({ max: 1 }), [bob]);
    assert.deepEqual(await of({ max: 9, domains: ['example.org'] }), [alice]);
    assert.deepEqual(await of({ max: 1, domains: ['example.org', 'other.example'] }), [bob]);
    assert.deepEqual(await of({ max: 9, domains: [] }), []);
    await bench.one({ type: 'free', ownerPrefix: 'a', dueAt: bench.clock.now() });
    assert.deepEqual(await of({ max: 9 }), [bob, alice, gone, printer], 'filed');
    await bench.restart();
    await bench.idle();
    const selector = { to: 'a@x.example' };
    await bench.one({ type: 'queue', action: 'drop', selector, now: begin, by: 'root' });
    assert.deepEqual(await of({ max: 9 }), [
      { ...bob, deliveries: 3 },
      { ...alice, deliveries: 1, oldestAcceptedAt: begin + HOUR },
    ]);
  });
}

function endedAttemptsContract(name: string, open: Open): void {
  test(`${name}: of each recipient that is asked about, how often it was put off and what was said last`, async () => {
    await using bench = await Bench.open(open);
    const both = await bench.accepted({ to: ['a@x.example', 'b@y.example'] });
    const other = await bench.accepted({ to: ['c@x.example'] });
    await bench.accepted({ to: ['d@z.example'], dueAt: START + DAY });
    const putOff = async (hours: number, domains: readonly string[]): Promise<void> => {
      const now = bench.clock.now();
      const shares = [{ max: 9, domains }];
      for (const delivery of await bench.claim('a', { shares }))
        await bench.one(settleOf('a', [delivery], deferred(now), now));
      bench.clock.advance(hours * HOUR);
    };
    await putOff(1, ['x.example', 'y.example']);
    await putOff(1, ['x.example']);
    const [id, otherId] = [both.message.id, other.message.id];
    const last = (hours: number) => ({
      ...{ at: START + hours * HOUR, status: '4.2.1', reply: '450 4.2.1 come back later' },
      remote: 'mx.example.net',
    });
    const places = await placesOf(bench);
    for (const when of ['at once', 'when it is indexed, after a restart']) {
      const ended = await bench.lookups.endedAttempts(places);
      assert.deepEqual(
        ended.toSorted((one, two) => (keyOf(one) < keyOf(two) ? -1 : 1)),
        [
          { messageId: id, recipientNumber: 0, attempts: 2, last: last(1) },
          { messageId: id, recipientNumber: 1, attempts: 1, last: last(0) },
          { messageId: otherId, recipientNumber: 0, attempts: 2, last: last(1) },
        ],
        when,
      );
      const one = await bench.lookups.endedAttempts([{ messageId: id, recipientNumber: 1 }]);
      assert.deepEqual(one.map(keyOf), [`${id}/1`], `${when}: one alone`);
      await bench.idle();
      await bench.restart();
    }
    const none = [{ messageId: 'x', recipientNumber: 0 }];
    assert.deepEqual(await bench.lookups.endedAttempts(none), []);
    assert.deepEqual(await bench.lookups.endedAttempts([]), []);
  });
}

const keyOf = (one: { readonly messageId: string; readonly recipientNumber: number }): string =>
  `${one.messageId}/${one.recipientNumber}`;

async function placesOf({ lookups }: Bench) {
  const entries = await lookups.queue({}, { max: 99 });
  return entries.map(({ message, delivery: { recipientNumber } }) => ({
    ...{ messageId: message.id, recipientNumber },
  }));
}

function manyAttemptsContract(name: string, open: Open): void {
  test(`${name}: of one message no more deferrals are looked at than a look-up examines, the newest; those of another are looked at all the same`, async () => {
    await using bench = await Bench.open(open);
    const { message } = await bench.accepted({ to: ['a@x.example', 'b@x.example'] });
    const other = await bench.accepted({ to: ['c@x.example'] });
    const event = (recipientNumber: number, at: number, messageId = message.id): EventDraft => ({
      ...{ type: 'deferred', time: START + at, messageId },
      payload: {
        ...{ recipient: 'a@x.example', recipientNumber, attempt: at },
        ...{ status: '4.2.1', diagnostic: `try ${at}` },
      },
    });
    const record = async (events: readonly EventDraft[]): Promise<void> =>
      assert.deepEqual(await bench.one({ type: 'record', events }), { type: 'recorded' });
    await record([event(1, 1), event(0, 1, other.message.id)]);
    const count = 2 * DEFERRALS_EXAMINED;
    for (let at = 0; at < count; at += 500)
      await record(Array.from({ length: 500 }, (_, more) => event(0, 2 + at + more)));
    const asked = await placesOf(bench);
    assert.equal(asked.length, 3);
    for (const when of ['at once', 'when it is indexed, after a restart']) {
      const ended = await bench.lookups.endedAttempts(asked);
      assert.deepEqual(
        ended
          .toSorted((one, two) => (keyOf(one) < keyOf(two) ? -1 : 1))
          .map((one) => [keyOf(one), one.attempts, one.last.reply]),
        [
          [`${message.id}/0`, DEFERRALS_EXAMINED, `try ${count + 1}`],
          [`${other.message.id}/0`, 1, 'try 1'],
        ],
        when,
      );
      for (let at = 0; at <= count; at += 500) await bench.idle();
      await bench.restart();
    }
  });
}
