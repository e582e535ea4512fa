import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import type { Lookups } from '../store/lookups.ts';
import type { Store } from '../store/port.ts';
import type { Bounced } from './bounce.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** One message to two recipients; `meanwhile` happens after the first look at the queue. */
async function bounced(meanwhile: 'an attempt begins' | 'the disk is full' | 'nothing') {
  const { clock, ports } = openOffice();
  const { store, lookups } = ports;
  await store.commit([acceptOf(id, clock.now(), { to: ['one@far.example', 'two@far.example'] })]);
  let isFirst = true;
  const watched: Lookups = {
    ...lookups,
    async queue(...question) {
      const seen = await lookups.queue(...question);
      if (isFirst && meanwhile === 'an attempt begins')
        await store.commit([{ type: 'claim', owner: 'a', token: 't', shares: [{ max: 1 }] }]);
      isFirst = false;
      return seen;
    },
  };
  const full: Pick<Store, 'commit'> = {
    // Only new mail gives way.
    commit: (changes) =>
      changes.some(({ type }) => type === 'accept')
        ? Promise.reject(new Error('no space'))
        : store.commit(changes),
  };
  const office = openOffice({
    ...ports,
    ...{ store: meanwhile === 'the disk is full' ? full : store, lookups: watched },
  });
  const bounce = office.bounceQueue({ part: { id } });
  const count = await bounce.then(({ count: given }) => given).catch((error: unknown) => String(error));
  const entries = await lookups.queue({}, { max: 9 });
  const reports = entries.filter(({ message }) => message.id !== id);
  const parts: string[] = [];
  for await (const bytes of (await lookups.content(reports[0]?.message.id ?? '')) ?? [])
    parts.push(Buffer.from(bytes).toString());
  return {
    ...{ count, reports: reports.length },
    told: [...parts.join('').matchAll(/^Final-Recipient: rfc822; *(\S+)\r$/gm)].map(([, to]) => to),
    left: entries.filter(({ message }) => message.id === id),
  };
}

test('what is bounced is gone, and one report tells of it', async () => {
  const { count, reports, told, left } = await bounced('nothing');
  assert.deepEqual([count, reports, left.length], [2, 1, 0]);
  assert.deepEqual(told, ['one@far.example', 'two@far.example']);
});

test('no report tells of a recipient whose attempt began meanwhile, and it is not left held', async () => {
  const { count, reports, told, left } = await bounced('an attempt begins');
  assert.deepEqual([count, reports, left.length], [1, 1, 1]);
  const to = left[0]?.delivery.recipient.forwardPath;
  assert.deepEqual([left[0]?.active, left[0]?.heldBy], [true, []]);
  assert.equal(told.length, 1);
  assert.notEqual(told[0], to);
});

test('what could not be reported stays, and is not left held', async () => {
  const { count, reports, left } = await bounced('the disk is full');
  assert.match(String(count), /no space/);
  assert.equal(reports, 0);
  assert.deepEqual(
    left.map(({ heldBy, active }) => [heldBy, active]),
    [
      [[], false],
      [[], false],
    ],
  );
});

test("a message that can't be given up ends a slice that has given up others, and the next slice says why", async () => {
  const { clock, ports } = openOffice();
  const ids = [id, '01ARZ3NDEKTSV4RRFFQ69G5FAW', '01ARZ3NDEKTSV4RRFFQ69G5FAX'];
  for (const one of ids) await ports.store.commit([acceptOf(one, clock.now(), {})]);
  let reports = 0;
  const full: Pick<Store, 'commit'> = {
    commit: (changes) => {
      if (changes.some(({ type }) => type === 'accept')) reports += 1;
      return reports > 2 ? Promise.reject(new Error('no space')) : ports.store.commit(changes);
    },
  };
  const office = openOffice({ ...ports, store: full });
  const { count, next } = await office.bounceQueue({ part: { to: 'bob@example.net' } });
  assert.deepEqual([count, next?.messageId], [2, ids[1]]);
  assert.ok(next !== undefined);
  await assert.rejects(office.bounceQueue({ part: { to: 'bob@example.net' }, after: next }), /no space/);
});

test('a large part goes in slices, each message whole', async () => {
  const office = openOffice();
  const ids = [id, '01ARZ3NDEKTSV4RRFFQ69G5FAW', '01ARZ3NDEKTSV4RRFFQ69G5FAX'];
  const far = (count: number): readonly string[] =>
    Array.from({ length: count }, (_, at) => `u${at}@far.example`);
  for (const [at, one] of ids.entries())
    await office.ports.store.commit([acceptOf(one, office.clock.now(), { to: far([400, 600, 1][at] ?? 0) })]);
  const counts: number[] = [];
  let after: Bounced['next'];
  do {
    const slice = await office.bounceQueue({
      ...{ part: { domain: 'far.example' } },
      ...(after === undefined ? {} : { after }),
    });
    counts.push(slice.count);
    after = slice.next;
  } while (after !== undefined);
  assert.deepEqual(counts, [400, 601]);
  assert.equal(await office.countQueue({ part: { domain: 'far.example' } }), 0);
});

test('the reports of the first slices are not given up by the next', async () => {
  const office = openOffice();
  for (const one of [id, '01ARZ3NDEKTSV4RRFFQ69G5FAW'])
    await office.ports.store.commit([
      acceptOf(one, office.clock.now(), {
        to: Array.from({ length: 300 }, (_, at) => `u${at}@far.example`),
      }),
    ]);
  let slice = await office.bounceQueue({ part: {} });
  office.clock.advance(1);
  while (slice.next !== undefined) slice = await office.bounceQueue({ part: {}, after: slice.next });
  const left = await office.ports.lookups.queue({}, { max: 9 });
  assert.deepEqual(
    left.map(({ message }) => message.envelope.reversePath),
    ['', ''],
  );
});
