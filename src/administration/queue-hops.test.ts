// What waits, put together by the next hop that each domain has now.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, openOffice, ROOT } from '../../test/fakes/administration.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';

test('what waits is put together by the hop that each domain has now, the largest first', async () => {
  const office = openOffice({ hopOf: (domain) => (domain === 'any.example' ? 'files' : 'lmtp far:24') });
  await office.ports.store.commit([
    acceptOf('01ARZ3NDEKTSV4RRFFQ69G5FAV', office.clock.now(), {
      to: ['a@far.example', 'b@far.example', 'c@near.example', 'd@any.example'],
    }),
  ]);
  const { byHop, deliveries } = await office.queueTotals();
  assert.equal(deliveries, 4);
  assert.deepEqual(byHop, [
    {
      ...{ hop: 'lmtp far:24', deliveries: 3 },
      domains: [
        { domain: 'far.example', deliveries: 2 },
        { domain: 'near.example', deliveries: 1 },
      ],
    },
    { hop: 'files', deliveries: 1, domains: [{ domain: 'any.example', deliveries: 1 }] },
  ]);
});

test('who sees accounts of his domains alone is told nothing of all', async () => {
  const office = openOffice({ actor: { ...ROOT, role: 'domainAdmin', domains: ['example.org'] } });
  await assert.rejects(office.queueTotals(), failsWith('denied', /not for the role/));
});
