// What a list shows where there is nothing to list, and where there is more than one page of it.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import type { QueueTotals } from '../store/lookups.ts';
import { acceptOf, deferred, settleOf } from '../store/store.contract-fixtures.ts';
import { type ListOptions, listQueue } from './queue-list.ts';

for (const [unreported, told] of [
  [undefined, /^the queue is empty\n$/],
  [2, /^2 messages, done but for the report to the sender; /],
] as const)
  test(`queue list tells of ${unreported ?? 'no'} messages whose report is still to be written`, async (t) => {
    const totals: QueueTotals = {
      ...{ messages: unreported ?? 0, deliveries: 0, held: 0, byDomain: [] },
      ...(unreported === undefined ? {} : { unreported }),
    };
    const administration = () => ({
      listQueue: () => Promise.resolve({ entries: [], deliveries: 0 }),
      queueTotals: () => Promise.resolve(totals),
    });
    assert.match(await said(t, { administration, now: 0 }, {}), told);
  });

test('queue list goes on page after page, with the reason of each message, up to --max', async (t) => {
  const office = openOffice();
  const now = office.clock.now();
  const ids = Array.from({ length: 502 }, (_, at) => `01ARZ3NDEKTSV4RRFFQ6900${String(at).padStart(3, '0')}`);
  await office.ports.store.commit(ids.map((id) => acceptOf(id, now, { owner: 'a' })));
  const entries = await office.ports.lookups.queue({}, { max: 502 });
  for (const { delivery } of entries)
    await office.ports.store.commit([settleOf('a', [delivery], deferred(now + 1), now)]);
  const context = { administration: () => office, now };
  const all = (await said(t, context, { max: '600' }))
    .split('\n')
    .filter((line) => line.includes(' deferred '));
  assert.deepEqual(
    all.map((line) => line.slice(0, 26)),
    ids,
  );
  for (const line of all) assert.match(line, / deferred +1 .* 450 4\.2\.1 come back later$/);
  assert.match(await said(t, context, { max: '501' }), /\n… 1 more: say --max N, or select\n$/);
});

test('queue list --totals tells by domain and next hop, by age and by account', async (t) => {
  const office = openOffice();
  const { id } = await office.addAccount({ login: 'alice@example.org', mailbox: true, allowReserved: true });
  const now = office.clock.now();
  const to = ['a@far.example', 'b@far.example'];
  await office.ports.store.commit([acceptOf('01ARZ3NDEKTSV4RRFFQ69G5FAV', now, { identityId: id, to })]);
  const context = { administration: () => office, now };
  const text = await said(t, context, { totals: true });
  assert.match(text, /far\.example +2 +files\n/);
  assert.match(text, /WAITING FOR +RECIPIENTS\nless than 10 minutes +0\n[^]*1 day or longer +2\n/);
  assert.match(text, /ACCOUNT +RECIPIENTS +OLDEST\nalice@example\.org +2 +less than a minute\n/);
  const json: unknown = JSON.parse(await said(t, context, { totals: true, json: true }));
  assert.deepEqual(json && typeof json === 'object' && 'byAge' in json && json.byAge, [
    { youngerThan: '10m', deliveries: 0, isCut: false },
    { olderThan: '10m', youngerThan: '1h', deliveries: 0, isCut: false },
    { olderThan: '1h', youngerThan: '4h', deliveries: 0, isCut: false },
    { olderThan: '4h', youngerThan: '1d', deliveries: 0, isCut: false },
    { olderThan: '1d', deliveries: 2, isCut: false },
  ]);
});

for (const [options, told] of [
  [{ nextHop: 'mta' }, /^the configuration has no next hop "mta"; it has "files"$/],
  [{ olderThan: '4' }, /^--older-than is a number with its unit, such as 10m, 4h or 2d, not "4"$/],
  [{ youngerThan: 'soon' }, /^--younger-than is a number with its unit/],
] as const)
  test(`queue list by ${Object.keys(options).join()} that is none is refused`, async (t) => {
    const context = { administration: () => openOffice(), now: 0 };
    await assert.rejects(said(t, context, options), { message: told });
  });

/** What `queue list` prints. */
async function said(t: TestContext, context: object, options: ListOptions): Promise<string> {
  let text = '';
  t.mock.method(process.stdout, 'write', (more: string) => {
    text += more;
    return true;
  });
  await listQueue(context as never, undefined, options);
  t.mock.restoreAll();
  return text;
}
