// Passwords and app passwords: each change leaves its record, and none of the secrets stands in it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';
import { administrationOf } from './use-cases.ts';
import { DAY, identityChange, identityOf } from '../store/store.contract-fixtures.ts';

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

const unfitPasswords = [
  { why: 'none', password: '', says: /at least 8 characters/ },
  { why: 'one character too few', password: 'seven77', says: /at least 8 characters/ },
  { why: 'one octet more than is ever verified', password: 'x'.repeat(1025), says: /at most 1024 octets/ },
  { why: 'too many octets, not characters', password: 'ö'.repeat(513), says: /at most 1024 octets/ },
  { why: 'not read as UTF-8', password: 'h\ufffdrse staple', says: /no valid UTF-8/ },
];

for (const { why, password, says } of unfitPasswords)
  test(`a password that nobody sets, whoever he is: ${why}`, async () => {
    const office = await withAlice();
    const { id: identityId } = (await office.showAccount({ login })).account;
    const me = administrationOf(office.ports, { who: login, through: 'console', role: 'user', identityId });
    const before = await office.trail();
    const carol = { login: 'carol@example.org', mailbox: true, allowReserved: true };
    await assert.rejects(office.setPassword({ login, password }), failsWith('usage', says));
    await assert.rejects(office.addAccount({ ...carol, password }), failsWith('usage', says));
    await assert.rejects(me.changeMyPassword({ password, provenAt: 1 }), failsWith('usage', says));
    assert.deepEqual(await office.trail(), before);
  });

for (const lifetimeMs of [0, -1000, Number.NaN, 999_999_999 * DAY])
  test(`nothing is made that is over at once, or ends when no calendar ends: ${lifetimeMs} ms`, async () => {
    const office = await withAlice();
    const before = await office.trail();
    const refused = failsWith('usage', /over at once, or never: say how long it counts/);
    await assert.rejects(office.addAppPassword({ login, label: 'phone', lifetimeMs }), refused);
    const token = { login, label: 'ci', scopes: ['trace'] as const, lifetimeMs };
    await assert.rejects(office.addToken(token), refused);
    assert.deepEqual(await office.trail(), before);
  });

test('the shortest password and the longest are set', async () => {
  const office = await withAlice();
  for (const password of ['eight888', 'x'.repeat(1024)])
    assert.deepEqual(await office.setPassword({ login, password }), { login });
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

test('whoever another directory keeps gets app passwords here, and the password there', async () => {
  const { ports, ...office } = openOffice();
  const eve = identityOf('eve@example.org', { origin: { directory: 'staff', key: '7' } });
  await ports.store.commit([identityChange(eve, 0, office.clock.now())]);
  const refused = failsWith(
    'negative',
    /^the password of eve@example\.org is kept in the directory "staff", .* change it there/,
  );
  await assert.rejects(office.assertCanSetPassword({ login: eve.login }), refused);
  await assert.rejects(office.setPassword({ login: eve.login, password: PASSWORD }), refused);
  const { id } = await office.addAppPassword({ login: eve.login, label: 'phone' });
  await office.revokeAppPassword({ login: eve.login, which: id });
  const { account } = await office.showAccount({ login: eve.login });
  assert.deepEqual(account.origin, { directory: 'staff', key: '7' });
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

test('all app passwords are revoked in one act, told by their ids; none left is told too', async () => {
  const office = openOffice();
  const login = 'alice@example.org';
  await office.addAccount({ login, mailbox: true, allowReserved: true });
  await office.setPassword({ login, password: 'correct horse battery staple' });
  await office.addAppPassword({ login, label: 'phone' });
  const { revoked } = await office.revokeAppPasswords({ login });
  assert.deepEqual(revoked.map(({ label }) => label).toSorted(), ['first', 'phone']);
  const { account } = await office.showAccount({ login });
  assert.deepEqual(
    account.credentials.flatMap(({ kind, disabled }) => (disabled === undefined ? [kind] : [])),
    ['password'],
  );
  const credentials = revoked.map(({ id }) => id);
  assert.deepEqual(await office.newest(), {
    ...{ by: BY_ROOT, action: 'app-password revoke all' },
    detail: { login, credentials, reason: 'ticket 4711' },
  });
  await assert.rejects(office.revokeAppPasswords({ login }), failsWith('negative', /has no app password/));
  await office.revokePassword({ login });
  await assert.rejects(office.revokePassword({ login }), failsWith('negative', /was revoked already/));
});
