// Passwords and app passwords: each change leaves its record, and none of the secrets stands in it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';

const login = 'alice@example.org';
const PASSWORD = 'correct horse battery staple';
const reason = 'ticket 4711';

async function withAlice(): Promise<ReturnType<typeof openOffice>> {
  const office = openOffice();
  await office.addAccount({ login, mailbox: true, allowReserved: true });
  return office;
}

test('setPassword', async () => {
  const office = await withAlice();
  assert.deepEqual(await office.setPassword({ login: 'alice', password: PASSWORD }), { login });
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'password', detail: { login, reason } });
  assert.ok(!JSON.stringify(await office.trail()).includes(PASSWORD));
});

test('assertCanSetPassword says no before anybody types one', async () => {
  const office = await withAlice();
  await office.assertCanSetPassword({ login });
  await office.removeAccount({ login });
  await assert.rejects(office.assertCanSetPassword({ login }), failsWith('negative', /was removed/));
  await assert.rejects(
    office.assertCanSetPassword({ login: 'carol' }),
    failsWith('negative', /there is no account carol/),
  );
});

test('addAppPassword, for a time', async () => {
  const office = await withAlice();
  const added = await office.addAppPassword({ login: 'alice', label: 'phone', lifetimeMs: 1000 });
  assert.deepEqual([added.login, added.expiresAt], [login, office.clock.now() + 1000]);
  const detail = { login, credential: added.id, label: 'phone', reason };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'app-password add', detail });
  assert.ok(!JSON.stringify(await office.trail()).includes(added.appPassword.slice(9)));
});

test('revokeAppPassword says by whom, in the account and in the trail', async () => {
  const office = await withAlice();
  const { id } = await office.addAppPassword({ login, label: 'phone' });
  const revoked = await office.revokeAppPassword({ login, which: 'phone' });
  assert.deepEqual(revoked, { login, id, label: 'phone', kind: 'appPassword' });
  const { account } = await office.showAccount({ login });
  assert.equal(account.credentials.find((one) => one.id === id)?.disabled?.by, BY_ROOT);
  const detail = { login, credential: id, label: 'phone', reason };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'app-password revoke', detail });
  await assert.rejects(
    office.revokeAppPassword({ login, which: 'phone' }),
    failsWith('negative', /was revoked already, .* by root/),
  );
});
