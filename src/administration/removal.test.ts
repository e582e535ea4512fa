// An account is removed: what that means is told before, changes nothing, and is what happens.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice, ROOT } from '../../test/fakes/administration.ts';
import { acceptOf, DAY, identityChange, identityOf } from '../store/store.contract-fixtures.ts';
import { administrationOf } from './use-cases.ts';

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

test('who may not remove an account is told so before anything is handed over', async () => {
  const office = openOffice();
  const now = office.clock.now();
  const owned = [alice, sales].map((address) => ({ kind: 'address', address }) as const);
  await office.ports.store.commit([
    identityChange(identityOf(alice, { role: 'admin', rights: owned }), 0, now),
  ]);
  const granted = [
    { kind: 'address', address: bob },
    { kind: 'granted', address: sales },
  ] as const;
  await office.ports.store.commit([identityChange(identityOf(bob, { rights: granted }), 0, now)]);
  const dora = { ...ROOT, role: 'domainAdmin', domains: ['example.org'] } as const;
  const byDora = administrationOf(office.ports, dora);
  await assert.rejects(byDora.removalMeans({ login: alice }), failsWith('denied', /only an admin/));
  await assert.rejects(byDora.removeAccount({ login: alice }), failsWith('denied', /only an admin/));
  assert.deepEqual((await office.accountRights({ login: bob })).rights, granted);
});
