// An account is removed: what that means is told before, changes nothing, and is what happens.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';
import { acceptOf, DAY } from '../store/store.contract-fixtures.ts';

const [alice, bob, sales] = ['alice@example.org', 'bob@example.org', 'sales@example.org'] as const;

test('removalMeans, removeAccount and restoreAccount', async () => {
  const office = openOffice({ extra: ['audit: { retention: 60d }'] });
  const { id } = await office.addAccount({ login: alice, mailbox: true, allowReserved: true });
  await office.addAccount({ login: bob, mailbox: true, allowReserved: true });
  for (const login of [alice, bob]) await office.changeRight({ login, action: 'add', right: sales });
  const now = office.clock.now();
  await office.ports.store.commit([acceptOf('01ARZ3NDEKTSV4RRFFQ69G5FAV', now, { identityId: id })]);
  const before = await office.trail();

  const means = await office.removalMeans({ login: 'alice' });
  assert.deepEqual(means, {
    ...{ login: alice, credentials: 1, queued: 1, restorableUntil: now + 60 * DAY },
    addresses: [{ address: sales, others: [bob] }],
  });
  assert.deepEqual(await office.trail(), before, 'nothing was done');

  const removed = await office.removeAccount({ login: alice });
  assert.deepEqual(removed, { ...means, state: 'removed' });
  const detail = { login: alice, reason: 'ticket 4711' };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'remove', detail });
  await assert.rejects(office.removeAccount({ login: alice }), failsWith('negative', /was removed/));

  const restored = await office.restoreAccount({ login: alice });
  assert.deepEqual([restored.state, restored.addresses], ['active', means.addresses]);
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'restore', detail });
});
