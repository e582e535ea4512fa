// An account is made, listed and shown; what verifies its secrets is told to nobody.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';

const ALICE = { login: 'alice@example.org', mailbox: true, allowReserved: true };

test('addAccount makes an app password, and its record names the credential and who did it', async () => {
  const office = openOffice();
  const { id, login, appPassword = '' } = await office.addAccount({ ...ALICE, displayName: 'Alice' });
  assert.equal(login, 'alice@example.org');
  const [credential = ''] = appPassword.split('-');
  const detail = { login, credential, label: 'first', reason: 'ticket 4711' };
  const [event, ...others] = await office.trail();
  assert.deepEqual(others, []);
  assert.equal(event?.identityId, id);
  assert.deepEqual(event?.payload, { by: BY_ROOT, action: 'add', detail });
  const [listed] = (await office.pageAccounts({ max: 10 })).accounts;
  assert.deepEqual([listed?.login, listed?.displayName, listed?.state], [login, 'Alice', 'active']);
  assert.ok(!JSON.stringify(listed).includes('verifiers'));
});

test('a name that can’t be shown, or is too long, is no name, whoever gives it', async () => {
  const office = openOffice();
  for (const displayName of ['', ' ', 'a\nb', 'x'.repeat(201)])
    await assert.rejects(
      office.addAccount({ ...ALICE, displayName }),
      failsWith('negative', /a name for people has 1 to 200 visible characters/),
      JSON.stringify(displayName),
    );
  assert.deepEqual(await office.trail(), []);
});

test('addAccount with a password makes no app password', async () => {
  const office = openOffice();
  const added = await office.addAccount({ ...ALICE, password: 'correct horse battery staple' });
  assert.equal(added.appPassword, undefined);
  const { account } = await office.showAccount(ALICE);
  assert.deepEqual(
    account.credentials.map(({ kind }) => kind),
    ['password'],
  );
});

test('assertCanAddAccount says no before anybody types a password, and writes nothing', async () => {
  const office = openOffice();
  await office.assertCanAddAccount(ALICE);
  assert.deepEqual((await office.pageAccounts({ max: 10 })).accounts, []);
  await office.addAccount(ALICE);
  await assert.rejects(
    office.assertCanAddAccount(ALICE),
    failsWith('negative', /is the login of an account/),
  );
  const elsewhere = { ...ALICE, login: 'alice@example.net' };
  await assert.rejects(office.assertCanAddAccount(elsewhere), failsWith('negative', /not in `domains`/));
  await office.removeAccount(ALICE);
  await assert.rejects(office.addAccount(ALICE), failsWith('negative', /was removed .*restore/));
});

test('showAccount: its own limits, and the configured ones where it has none', async () => {
  const office = openOffice({ extra: ['limits: { identity: { messagesPerHour: 7 } }'] });
  await office.addAccount(ALICE);
  await office.limitAccount({ ...ALICE, name: 'recipientsPerHour', value: 3 });
  const { limits, uses } = await office.showAccount({ login: 'alice' });
  assert.deepEqual([limits['messagesPerHour'], limits['recipientsPerHour'], uses], [7, 3, []]);
  await assert.rejects(office.showAccount({ login: 'carol' }), failsWith('negative', /no account carol/));
});
