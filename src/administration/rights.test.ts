// Sender rights: who may send as whom, and who else has the address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';

const [alice, bob, sales] = ['alice@example.org', 'bob@example.org', 'sales@example.org'] as const;

test('changeRight tells who shares the address, and accountRights lists it', async () => {
  const office = openOffice();
  for (const login of [alice, bob]) await office.addAccount({ login, mailbox: true, allowReserved: true });
  await office.changeRight({ login: bob, action: 'add', right: sales });
  const { shared, rights } = await office.changeRight({ login: 'alice', action: 'add', right: sales });
  assert.deepEqual(shared, { address: sales, others: [bob], removed: [], isMailbox: true });
  assert.deepEqual((await office.accountRights({ login: alice })).rights, rights);
  const detail = { login: alice, right: sales, reason: 'ticket 4711' };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'rights add', detail });

  for (const login of [alice, bob]) await office.changeRight({ login, action: 'remove', right: sales });
  const { shared: gone } = await office.changeRight({ login: alice, action: 'add', right: '@example.org' });
  assert.equal(gone, undefined, 'a domain is nobody’s address');
});

test('a right to what is not ours is refused, and nothing is written', async () => {
  const office = openOffice();
  await office.addAccount({ login: alice, mailbox: true, allowReserved: true });
  await assert.rejects(
    office.changeRight({ login: alice, action: 'add', right: 'ceo@example.net' }),
    failsWith('negative', /not in `domains`/),
  );
  assert.equal((await office.trail()).length, 1);
});
