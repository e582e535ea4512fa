// Contract, part six: the trail. Found at once by every word, told in order, forgotten by age or on request without breaking
// the chain.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkText } from '../audit/chain.ts';
import { verifyTrail } from '../audit/verify.ts';
import { labelKeyOf, labelOf } from '../submission/labels.ts';
import type { TrailEvent } from '../record/events.ts';
import type { Cursor, TraceTerm } from './lookups.ts';
import type { MessageId } from '../base/message-id.ts';
import type { PurgeChange } from './forgetting.ts';
import { ticketKeyOf } from './shared-key.ts';
import type { SettleChange } from './port.ts';
import { findEventsContract } from './store.contract-find-events.ts';
import { looksContract } from './store.contract-looks.ts';
import {
  Bench,
  DAY,
  deferred,
  fateEvent,
  final,
  HOUR,
  type Open,
  type Said,
  settleOf,
  START,
  started,
} from './store.contract-fixtures.ts';

export function trailContract(name: string, open: Open): void {
  findContract(name, open);
  findEventsContract(name, open);
  looksContract(name, open);
  storyContract(name, open);
  chainContract(name, open);
  sharedKeyContract(name, open);
  purgeContract(name, open);
  purgeOfDayContract(name, open);
  purgeOutOfOrderContract(name, open);
  eraseContract(name, open);
}

/** Accepts and delivers a message, of which only the trail knows afterwards. */
export async function delivered(bench: Bench, said: Said): Promise<MessageId> {
  const { message } = await bench.accepted({ ...said, owner: 'deliverer' });
  const entries = await bench.lookups.queue({ messageId: message.id }, { max: 100 });
  const deliveries = entries.map(({ delivery }) => delivery);
  await bench.one(settleOf('deliverer', deliveries, final, bench.clock.now()));
  return message.id;
}

export const findable: Said = {
  identityId: 'i1',
  from: 'Alice+news@Example.ORG',
  to: ['bob@example.net', '"two words"@example.net', 'carla@b\u00fccher.example', 'j\u00fcrgen@example.net'],
  headerFrom: ['alice@example.org', 'info@example.org'],
  messageIdField: '<"odd\\"one"@example.org>',
  label: 'abcdefgh01234567',
};

export const findableTerms: readonly { readonly why: string; readonly term: TraceTerm }[] = [
  { why: 'reverse-path', term: { kind: 'address', address: 'alice+news@example.org' } },
  { why: 'reverse-path as written', term: { kind: 'address', address: 'Alice+news@Example.ORG' } },
  { why: 'recipient', term: { kind: 'address', address: 'bob@example.net' } },
  { why: 'quoted recipient', term: { kind: 'address', address: '"Two Words"@example.net' } },
  { why: 'international domain, A-label', term: { kind: 'address', address: 'carla@xn--bcher-kva.example' } },
  { why: 'international domain, U-label', term: { kind: 'address', address: 'carla@b\u00fccher.example' } },
  { why: 'international local part', term: { kind: 'address', address: 'J\u00dcRGEN@example.net' } },
  { why: 'decomposed local part', term: { kind: 'address', address: 'ju\u0308rgen@example.net' } },
  { why: 'header From', term: { kind: 'address', address: 'info@example.org' } },
  { why: 'Message-ID', term: { kind: 'messageIdField', value: '<"odd\\"one"@example.org>' } },
  { why: 'label', term: { kind: 'label', label: 'abcdefgh01234567' } },
  { why: 'identity', term: { kind: 'identity', identityId: 'i1' } },
];

export const unfindableTerms: readonly { readonly why: string; readonly term: TraceTerm }[] = [
  { why: 'part of an address', term: { kind: 'address', address: 'news@example.org' } },
  { why: 'the envelope id', term: { kind: 'messageIdField', value: 'env' } },
  { why: 'Message-ID in another case', term: { kind: 'messageIdField', value: '<"ODD\\"one"@example.org>' } },
  { why: 'a label as a Message-ID', term: { kind: 'messageIdField', value: 'abcdefgh01234567' } },
  { why: 'an address as an identity', term: { kind: 'identity', identityId: 'alice@example.org' } },
  { why: 'no id', term: { kind: 'id', id: 'alice@example.org' } },
];

function findContract(name: string, open: Open): void {
  test(`BCP134-3.1-h: ${name}: a message leads to its identity by every word, at once and after delivery`, async () => {
    await using bench = await Bench.open(open);
    await delivered(bench, { identityId: 'i2', from: 'mallory@example.org', to: ['x@example.net'] });
    const { message } = await bench.accepted({ ...findable, owner: 'a' });
    const all = [...findableTerms, { why: 'id', term: { kind: 'id', id: message.id } as const }];
    const expectFound = async (when: string): Promise<void> => {
      for (const { why, term } of all) {
        assert.deepEqual(await bench.findIds(term, 10), [message.id], `${when}: ${why}`);
      }
      for (const { why, term } of unfindableTerms) {
        assert.deepEqual(await bench.findIds(term, 10), [], `${when}: ${why}`);
      }
    };
    await expectFound('at once');
    const deliveries = (await bench.lookups.queue({ messageId: message.id }, { max: 9 })).map(
      ({ delivery }) => delivery,
    );
    await bench.one(settleOf('a', deliveries, final, bench.clock.now()));
    await expectFound('after delivery');
    await bench.restart();
    await expectFound('after a restart');
    const [event] = await bench.lookups.eventsOfMessage(message.id, 10);
    assert.equal(event?.identityId, 'i1');
  });

  test(`${name}: the newest messages are found first, each once, and no more than asked for`, async () => {
    await using bench = await Bench.open(open);
    const ids: MessageId[] = [];
    for (let count = 0; count < 5; count += 1) {
      ids.push(await delivered(bench, { identityId: 'i1', to: ['bob@example.net', 'bob@example.net'] }));
    }
    const term = { kind: 'address', address: 'bob@example.net' } as const;
    assert.deepEqual(await bench.findIds(term, 9), ids.toReversed());
    assert.deepEqual(await bench.findIds(term, 2), ids.toReversed().slice(0, 2));
    assert.deepEqual(await bench.findIds({ kind: 'identity', identityId: 'i1' }, 9), ids.toReversed());
  });
}

function storyContract(name: string, open: Open): void {
  test(`D-TR-7: ${name}: every fate stands beside the acceptance, with the words of the other side`, async () => {
    await using bench = await Bench.open(open);
    const { message, event } = await bench.accepted({ to: ['a@x.example', 'b@x.example'], owner: 'a' });
    await bench.accepted();
    const born = (await bench.lookups.queue({ messageId: message.id }, { max: 9 })).map(
      ({ delivery }) => delivery,
    );
    const [first, second] = born;
    assert.ok(first && second);
    const now = bench.clock.now();
    const failed = fateEvent(second, final, now, 'failed');
    const settles: readonly SettleChange[] = [
      settleOf('a', [first], deferred(now), now),
      {
        ...settleOf('a', [second], final, now),
        recipients: [{ recipientNumber: 1, attempt: 1, fate: final, event: failed }],
      },
    ];
    await bench.store.commit(settles);
    const claimed = (await bench.claim('a')).filter(({ messageId }) => messageId === message.id);
    await bench.one(settleOf('a', claimed, final, now));
    const drafts = [event, ...settles.flatMap(({ recipients }) => recipients.map((one) => one.event))];
    const expected = [...drafts, ...claimed.map((delivery) => fateEvent(delivery, final, now))];
    const events = await bench.lookups.eventsOfMessage(message.id, 9);
    assert.deepEqual(
      events.map(({ chain, sequence, ...draft }) => ({ ...draft, isAfter: chain > 0 && sequence > 0 })),
      expected.map((draft) => ({ ...draft, isAfter: true })),
    );
    assert.deepEqual(
      events.map(({ type }) => type),
      ['accepted', 'deferred', 'failed', 'relayed'],
    );
    assert.deepEqual(await bench.lookups.eventsOfMessage(message.id, 2), events.slice(0, 2));
    assert.deepEqual(await bench.lookups.eventsOfMessage(bench.nextId(), 2), []);
  });

  test(`${name}: the acceptances of several messages come at once, of those that were asked for alone`, async () => {
    await using bench = await Bench.open(open);
    const { acceptances } = bench.lookups;
    const one = await bench.accepted({ to: ['a@x.example'], identityId: 'i1' });
    await bench.accepted({ to: ['a@x.example'], messageIdField: `<${one.message.id}@x.example>` });
    const gone = await bench.accepted({ to: ['b@x.example'], owner: 'a' });
    const born = await bench.lookups.queue({ messageId: gone.message.id }, { max: 9 });
    const deliveries = born.map(({ delivery }) => delivery);
    await bench.one(settleOf('a', deliveries, final, bench.clock.now()));
    const told = await acceptances([gone.message.id, bench.nextId(), one.message.id]);
    const byId = (messageId?: string): string => messageId ?? '';
    assert.deepEqual(
      told
        .map(({ chain: _chain, sequence: _sequence, ...draft }) => draft)
        .toSorted((a, b) => byId(a.messageId).localeCompare(byId(b.messageId))),
      [one.event, gone.event],
    );
    assert.deepEqual(await acceptances([]), []);
  });
}

function chainContract(name: string, open: Open): void {
  test(`D-TR-3: ${name}: events are told in order, page by page, each linked to the one before`, async () => {
    await using bench = await Bench.open(open);
    const drafts = Array.from({ length: 7 }, (_, at) => ({ ...started(START + at), identityId: `i${at}` }));
    assert.deepEqual(await bench.one({ type: 'record', events: drafts }), { type: 'recorded' });
    const expected = drafts.map((draft, at) => ({ ...draft, chain: 1, sequence: at + 1 }));
    const pages: (readonly TrailEvent[])[] = [];
    let after: Cursor | undefined;
    const next = async () => {
      const page = await bench.lookups.events({ max: 3, ...(after === undefined ? {} : { after }) });
      after = page.at(-1)?.cursor ?? after;
      pages.push(page.map(({ cursor: _cursor, ...event }) => event as TrailEvent));
    };
    for (let count = 0; count < 4; count += 1) await next();
    assert.deepEqual(pages, [expected.slice(0, 3), expected.slice(3, 6), expected.slice(6), []]);
    await bench.one({ type: 'record', events: [started(START + 7)] });
    await next();
    assert.deepEqual(
      pages.at(-1)?.map(({ sequence }) => sequence),
      [8],
      'where a walk ended it goes on',
    );
    for (const nowhere of ['x', '', '1.5', '1 2'])
      await assert.rejects(bench.lookups.events({ max: 3, after: nowhere }), /is no place in the trail/);
  });

  test(`D-TR-3: ${name}: each event is linked to the one before, in its chain of the register`, async () => {
    await using bench = await Bench.open(open);
    const drafts = Array.from({ length: 7 }, (_, at) => ({ ...started(START + at), identityId: `i${at}` }));
    await bench.one({ type: 'record', events: drafts });
    const links = await bench.lookups.links({ max: 9 });
    assert.deepEqual(
      links.map(({ chain, sequence, time, type, identityId }) => [chain, sequence, time, type, identityId]),
      drafts.map(({ time, type, identityId }, at) => [1, at + 1, time, type, identityId]),
    );
    assert.equal(new Set(links.map(({ salt }) => salt?.join())).size, 7);
    const [, second] = links;
    assert.deepEqual(await bench.lookups.links({ max: 3, after: second?.cursor ?? '' }), links.slice(2, 5));
    assert.deepEqual(await bench.lookups.newestLinks(2), links.slice(5));
    const [chain, ...others] = await bench.lookups.chains();
    const { chainName: name } = bench;
    assert.deepEqual([chain?.chain, chain?.name, chain?.checkpoint, others], [1, name, undefined, []]);
    assert.ok((chain?.head.sequence ?? 9) <= 7);
    const { chains, broken } = await verifyTrail(bench.lookups);
    const lastLink = linkText(links[6]?.link ?? new Uint8Array());
    assert.deepEqual([chains, broken], [[{ chain: 1, name, sequence: 7, lastLink }], undefined]);
    const changed = links.with(3, { ...links[3]!, time: START });
    const found = await verifyTrail({
      ...bench.lookups,
      links: async ({ after }) => (after === undefined ? changed : []),
    });
    assert.deepEqual(found.broken?.event, { chain: 1, sequence: 4 });
  });
}

function sharedKeyContract(name: string, open: Open): void {
  test(`D-TR-4: ${name}: a label leads back to its message while the first key of its day is kept`, async () => {
    await using bench = await Bench.open(open);
    const today = labelKeyOf(bench.clock.now());
    assert.equal(await bench.lookups.sharedKey(today), undefined);
    const proposals = [1, 2].map((octet) => new Uint8Array(32).fill(octet));
    const outcomes = await bench.store.commit(
      proposals.map((proposedKey) => ({ type: 'sharedKey', ...today, proposedKey }) as const),
    );
    const first = { type: 'key', key: proposals[0] };
    assert.deepEqual(outcomes, [first, first]);
    await bench.restart();
    const key = await bench.lookups.sharedKey(today);
    assert.deepEqual(key, proposals[0]);
    assert.ok(key);
    const label = labelOf(key, 'i1');
    const { message } = await bench.accepted({ identityId: 'i1', label });
    assert.deepEqual(await bench.findIds({ kind: 'label', label }, 9), [message.id]);
    const purge = { type: 'purge', now: bench.clock.now(), max: 9 } as const;
    await bench.one({ ...purge, eventsBefore: bench.clock.now() });
    assert.deepEqual(await bench.lookups.sharedKey(today), key, 'the day is not over');
    await bench.one({ ...purge, eventsBefore: bench.clock.now() + DAY });
    assert.equal(await bench.lookups.sharedKey(today), undefined);
  });

  test(`${name}: a shared key is of its purpose and its period, and goes with the day that it is of`, async () => {
    await using bench = await Bench.open(open);
    const names = [
      { purpose: 'label', period: '2026-11-24' },
      { purpose: 'ticket', period: '2026-11-24' },
      { purpose: 'ticket', period: '2026-11-24T09' },
      { purpose: 'ticket', period: '2026-11-25' },
    ];
    const keyOf = (at: number): Uint8Array => new Uint8Array(32).fill(at);
    for (const [at, key] of names.entries())
      assert.deepEqual(await bench.one({ type: 'sharedKey', ...key, proposedKey: keyOf(at) }), {
        ...{ type: 'key', key: keyOf(at) },
      });
    const kept = () => Promise.all(names.map((key) => bench.lookups.sharedKey(key)));
    assert.deepEqual(await kept(), [0, 1, 2, 3].map(keyOf));
    const eventsBefore = Date.UTC(2026, 10, 25);
    const purged = await bench.one({ type: 'purge', now: eventsBefore, eventsBefore, max: 9 });
    assert.equal(purged.type, 'purged');
    assert.deepEqual(await kept(), [undefined, undefined, undefined, keyOf(3)]);
  });

  test(`${name}: a key of TLS tickets is forgotten an hour after its time, whatever the retention`, async () => {
    await using bench = await Bench.open(open);
    const noon = Date.UTC(2026, 10, 25, 12);
    const label = labelKeyOf(noon);
    const names = [ticketKeyOf(noon - 1), ticketKeyOf(noon), label];
    for (const key of names) await bench.one({ type: 'sharedKey', ...key, proposedKey: new Uint8Array(32) });
    const kept = async (now: number): Promise<readonly boolean[]> => {
      await bench.one({ type: 'purge', now, eventsBefore: noon - 30 * DAY, max: 9 });
      const keys = await Promise.all(names.map((key) => bench.lookups.sharedKey(key)));
      return keys.map((key) => key !== undefined);
    };
    assert.deepEqual(await kept(noon + HOUR - 1), [true, true, true]);
    assert.deepEqual(await kept(noon + HOUR), [false, true, true]);
  });
}

async function purgeAll(bench: Bench, eventsBefore: number, max: number): Promise<readonly number[]> {
  const counts: number[] = [];
  for (;;) {
    const change: PurgeChange = { type: 'purge', eventsBefore, now: bench.clock.now(), max };
    const outcome = await bench.one(change);
    assert.ok(outcome.type === 'purged');
    assert.ok(outcome.count <= max);
    counts.push(outcome.count);
    if (!outcome.more) return counts;
    assert.ok(counts.length < 100, 'a purge ends');
  }
}

async function present(bench: Bench): Promise<readonly number[]> {
  const events = await bench.events();
  return events.flatMap(({ payload, sequence, type }) =>
    payload === undefined || type === 'purged' ? [] : sequence,
  );
}

function purgeContract(name: string, open: Open): void {
  test(`${name}: what is forgotten because somebody asks for it is forgotten in their name`, async () => {
    await using bench = await Bench.open(open);
    await bench.one({ type: 'record', events: [started(bench.clock.now())] });
    bench.clock.advance(DAY);
    const now = bench.clock.now();
    await bench.one({ type: 'purge', eventsBefore: now, now, max: 9, by: 'root (command line)' });
    const last = (await bench.events()).at(-1);
    assert.equal(last?.type === 'purged' && last.payload?.by, 'root (command line)');
  });

  test(`D-GDPR-2: ${name}: what is older is forgotten, what is queued is not, and the chain still holds`, async () => {
    await using bench = await Bench.open(open);
    const id = await delivered(bench, findable);
    const queued = await bench.accepted({ to: ['still@example.net'] });
    bench.clock.advance(31 * DAY);
    const young = await delivered(bench, { to: ['young@example.net'] });
    const before = (await verifyTrail(bench.lookups)).chains;
    const [count] = await purgeAll(bench, bench.clock.now() - 30 * DAY, 100);
    assert.equal(count, 5, 'one acceptance, four fates');

    const events = await bench.events();
    assert.deepEqual(events.at(-1)?.type, 'purged');
    const detail = {
      events: 5,
      tombstones: 0,
      sharedKeys: 0,
      before: new Date(bench.clock.now() - 30 * DAY).toISOString(),
    };
    assert.deepEqual(events.at(-1)?.payload, { by: 'retention', action: 'purge', detail });
    for (const { why, term } of findableTerms) assert.deepEqual(await bench.findIds(term, 9), [], why);
    for (const address of ['still@example.net', 'young@example.net']) {
      assert.equal((await bench.findIds({ kind: 'address', address }, 9)).length, 1);
    }
    // That there was such a message is no personal data: what is left of it says so.
    const left = await bench.lookups.eventsOfMessage(id, 9);
    assert.deepEqual(
      left.map(({ type, payload }) => [type, payload]),
      [['accepted', undefined], ...Array.from({ length: 4 }, () => ['relayed', undefined])],
    );
    assert.ok((await bench.lookups.eventsOfMessage(young, 9)).every(({ payload }) => payload !== undefined));
    const [kept] = await bench.lookups.eventsOfMessage(queued.message.id, 9);
    assert.notEqual(kept?.payload, undefined);
    const links = await bench.lookups.links({ max: 5 });
    assert.deepEqual(
      links.map(({ salt, payload }) => [salt, payload]),
      Array.from({ length: 5 }, () => [undefined, undefined]),
    );
    const verified = await verifyTrail(bench.lookups);
    assert.deepEqual([verified.events, verified.forgotten, verified.broken], [events.length, 5, undefined]);
    assert.notDeepEqual(verified.chains, before);
    assert.deepEqual(await purgeAll(bench, bench.clock.now() - 30 * DAY, 100), [0], 'nothing is left to do');
  });
}

function purgeOfDayContract(name: string, open: Open): void {
  test(`${name}: what is forgotten with its whole day is found no more, what is queued is, and the chain holds from a link that was kept`, async () => {
    await using bench = await Bench.open(open);
    const gone = await delivered(bench, findable);
    const { message: queued } = await bench.accepted({ to: ['still@example.net'], identityId: 'i2' });
    await bench.endDay();
    bench.clock.advance(31 * DAY);
    const young = await delivered(bench, { to: ['young@example.net'], identityId: 'i2' });
    const [kept] = (await verifyTrail(bench.lookups)).chains;
    const before = bench.clock.now() - 30 * DAY;
    const counts = await purgeAll(bench, before, 100);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      5,
      'one acceptance, four fates',
    );
    for (const when of ['at once', 'after a restart']) {
      for (const { why, term } of findableTerms)
        assert.deepEqual(await bench.findIds(term, 9), [], `${why} ${when}`);
      const left = await bench.lookups.eventsOfMessage(gone, 9);
      assert.ok(left.every(({ payload }) => payload === undefined));
      const [acceptance] = await bench.lookups.eventsOfMessage(queued.id, 9);
      assert.equal(acceptance?.type === 'accepted' && acceptance.payload?.envelope.recipients.length, 1);
      assert.deepEqual(await bench.findIds({ kind: 'identity', identityId: 'i2' }, 9), [young, queued.id]);
      const told = (await bench.events()).findLast(({ type }) => type === 'purged');
      assert.equal(told?.type === 'purged' && told.payload?.detail['before'], new Date(before).toISOString());
      const { broken } = await verifyTrail(bench.lookups, { expect: kept?.lastLink ?? '' });
      assert.equal(broken, undefined, JSON.stringify(broken));
      await bench.restart();
    }
    const erase = { addresses: ['still@example.net'], before: bench.clock.now(), by: 'root' } as const;
    const now = bench.clock.now();
    assert.deepEqual(await bench.one({ type: 'erase', ...erase, now }), {
      type: 'erased',
      count: 0,
      kept: 1,
    });
    assert.deepEqual(await purgeAll(bench, before, 100), [0], 'nothing is left to do');
  });
}

function purgeOutOfOrderContract(name: string, open: Open): void {
  test(`D-GDPR-2: ${name}: mail that stays in the queue does not keep the events after it`, async () => {
    await using bench = await Bench.open(open);
    for (let count = 0; count < 3; count += 1) await bench.accepted();
    for (let at = 0; at < 20; at += 1) await bench.one({ type: 'record', events: [started(START + at)] });
    bench.clock.advance(31 * DAY);
    const eventsBefore = bench.clock.now() - 30 * DAY;
    const counts = await purgeAll(bench, eventsBefore, 4);
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      20,
    );
    assert.deepEqual(await present(bench), [1, 2, 3]);
    // Once the message has left the queue, the events kept for it are purged too.
    for (const delivery of await bench.claim('a'))
      await bench.one(settleOf('a', [delivery], final, bench.clock.now()));
    await purgeAll(bench, eventsBefore, 4);
    assert.equal((await present(bench)).length, 3, 'the fates are young');
    bench.clock.advance(31 * DAY);
    await purgeAll(bench, bench.clock.now() - 30 * DAY, 4);
    assert.deepEqual(await present(bench), []);
    assert.equal((await verifyTrail(bench.lookups)).broken, undefined);
  });

  test(`D-GDPR-2: ${name}: an event that was written late or dated ahead neither stays nor stops the others`, async () => {
    await using bench = await Bench.open(open);
    const ahead = bench.clock.now() + 400 * DAY;
    const times = [START + 5, START, ahead, ahead, ahead, START + 1, START + 9, START + 2];
    await bench.one({ type: 'record', events: times.map((time) => started(time)) });
    bench.clock.advance(HOUR);
    await purgeAll(bench, START + 3, 2);
    assert.deepEqual(await present(bench), [1, 3, 4, 5, 7]);
    await purgeAll(bench, START + 10, 2);
    assert.deepEqual(await present(bench), [3, 4, 5]);
    bench.clock.advance(401 * DAY);
    await purgeAll(bench, ahead + 1, 2);
    assert.deepEqual(await present(bench), []);
  });
}

function eraseContract(name: string, open: Open): void {
  const subjects: readonly {
    readonly why: string;
    readonly said: { identityId?: string; addresses: readonly string[] };
  }[] = [
    { why: 'the identity', said: { identityId: 'i1', addresses: [] } },
    { why: 'an address of the envelope', said: { addresses: ['Bob@example.net'] } },
    { why: 'an international address', said: { addresses: ['carla@b\u00fccher.example'] } },
    { why: 'an address of the header', said: { addresses: ['info@example.org'] } },
    {
      why: 'several words',
      said: { identityId: 'i1', addresses: ['bob@example.net', 'nobody@example.net'] },
    },
  ];
  for (const { why, said } of subjects) {
    test(`D-GDPR-3: ${name}: a person is forgotten, with the fates of the same mail, by ${why}`, async () => {
      await using bench = await Bench.open(open);
      const other = await delivered(bench, {
        identityId: 'i2',
        from: 'other@example.org',
        to: ['x@example.net'],
      });
      const id = await delivered(bench, findable);
      const { message: queued } = await bench.accepted({ ...findable, owner: 'a' });
      bench.clock.advance(10 * DAY);
      const before = bench.clock.now() - DAY;
      const young = await delivered(bench, findable);
      const erase = {
        type: 'erase',
        ...said,
        before,
        now: bench.clock.now(),
        by: 'root',
        because: 'asked for',
      } as const;
      const outcome = await bench.one(erase);
      assert.deepEqual(outcome, { type: 'erased', count: 5, kept: 6 });
      for (const event of await bench.lookups.eventsOfMessage(id, 9)) assert.equal(event.payload, undefined);
      for (const kept of [other, queued.id, young]) {
        for (const event of await bench.lookups.eventsOfMessage(kept, 9))
          assert.notEqual(event.payload, undefined);
      }
      for (const { term } of findableTerms) {
        assert.deepEqual(await bench.findIds(term, 9), [young, queued.id]);
      }
      const { events, forgotten, broken } = await verifyTrail(bench.lookups);
      assert.deepEqual([events, forgotten, broken], [14, 5, undefined]);
      const last = (await bench.events()).at(-1);
      const detail = { events: 5, kept: 6, before: new Date(before).toISOString(), reason: 'asked for' };
      assert.deepEqual([last?.type, last?.payload], ['erased', { by: 'root', action: 'erase', detail }]);
      assert.deepEqual(await bench.one(erase), { type: 'erased', count: 0, kept: 6 });
    });
  }
}
