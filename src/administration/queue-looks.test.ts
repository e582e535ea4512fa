// What waits, and why, leaves no record: it shows no content. A message of it, header or whole, does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice, textOf } from '../../test/fakes/administration.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const TEXT = 'From: alice@example.org\r\nSubject: secret\r\n\r\nHello.\r\n';

async function withMessage(options: Parameters<typeof openOffice>[0] = {}) {
  const office = openOffice(options);
  await office.ports.store.commit([
    acceptOf(ID, office.clock.now(), { text: TEXT, to: ['one@far.example', 'two@far.example'] }),
  ]);
  return office;
}

test('listQueue and queueTotals', async () => {
  const office = await withMessage();
  const before = await office.trail();
  const { entries, deliveries } = await office.listQueue({ part: {}, max: 1 });
  assert.deepEqual([entries.length, deliveries], [1, 2]);
  assert.equal(entries[0]?.waiting?.why, 'not tried yet');
  assert.equal((await office.queueTotals()).deliveries, 2);
  const some = await office.listQueue({ part: { to: 'one@far.example' }, max: 9 });
  assert.deepEqual([some.entries.length, some.deliveries], [1, 1]);
  assert.deepEqual(await office.trail(), before);
});

test('showQueued and queuedContent are recorded before anything is shown', async () => {
  const office = await withMessage();
  const detail = { message: ID, reason: 'ticket 4711' };
  const { header, entries } = await office.showQueued({ id: ID.toLowerCase() });
  assert.deepEqual(header, ['From: alice@example.org', 'Subject: secret']);
  assert.equal(entries.length, 2);
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'queue show', detail });
  assert.equal(await textOf(await office.queuedContent({ id: ID })), TEXT);
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'queue show --content', detail });
});

test('a message that is gone is no look', async () => {
  const office = openOffice();
  for (const look of ['showQueued', 'queuedContent'] as const)
    await assert.rejects(office[look]({ id: ID }), failsWith('negative', /not in the queue; `postern trace/));
  assert.deepEqual(await office.trail(), []);
});
