// A person's own account: what he sees of it and does to it, whatever his role, and to nobody else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';
import type { Role } from '../record/identity.ts';
import { acceptOf, DAY, HOUR } from '../store/store.contract-fixtures.ts';
import { administrationOf } from './use-cases.ts';

const ALICE = 'alice@example.org';
const CAROL = 'carol@example.org';
const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

async function begin(role: Role = 'user') {
  const office = openOffice({ extra: ['limits: { identity: { messagesPerHour: 10 } }'] });
  const named = { mailbox: true, allowReserved: false };
  const { id: identityId } = await office.addAccount({ ...named, login: ALICE });
  await office.addAccount({ ...named, login: CAROL });
  const actor = { who: ALICE, through: 'console', role, identityId } as const;
  return { ...office, identityId, me: administrationOf(office.ports, actor) };
}

test('an app password is made for a device, with its end, and shown once', async () => {
  const { me, newest, clock } = await begin();
  const made = await me.addMyAppPassword({ label: ' phone ', lifetimeMs: DAY });
  assert.match(made.appPassword, /^[a-z0-9]/i);
  assert.deepEqual([made.login, made.label, made.expiresAt], [ALICE, 'phone', clock.now() + DAY]);
  assert.deepEqual(await newest(), {
    ...{ by: `${ALICE} (console)`, action: 'app-password add' },
    detail: { login: ALICE, credential: made.id, label: 'phone' },
  });
  const { devices } = await me.myAccount();
  assert.deepEqual(
    devices.map(({ label }) => label),
    ['first', 'phone'],
  );
  assert.ok(!JSON.stringify(await me.myAccount()).includes(made.appPassword));
  await assert.rejects(
    me.addMyAppPassword({ label: 'phone' }),
    failsWith('negative', /an app password for phone already/),
  );
});

test('a form that is sent twice at once makes one app password', async () => {
  const { me } = await begin();
  const both = await Promise.allSettled([
    me.addMyAppPassword({ label: 'phone' }),
    me.addMyAppPassword({ label: 'phone ' }),
  ]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
  const { devices } = await me.myAccount();
  assert.deepEqual(devices.map(({ label }) => label).toSorted(), ['first', 'phone']);
});

test('who makes no credentials of others makes his own: desk and auditor too', async () => {
  for (const role of ['desk', 'auditor'] as const) {
    const { me, identityId } = await begin(role);
    const made = await me.addMyAppPassword({ label: 'phone' });
    assert.equal(made.login, ALICE);
    assert.ok(identityId !== '');
    await assert.rejects(me.addAppPassword({ login: ALICE, label: 'x' }), failsWith('denied', /not for/));
  }
});

test('a device is revoked by its id, and says by whom: by oneself, or by an operator', async () => {
  const { me, revokeAppPassword } = await begin();
  const phone = await me.addMyAppPassword({ label: 'phone' });
  await me.addMyAppPassword({ label: 'tablet' });
  assert.deepEqual(await me.revokeMine({ credential: phone.id }), {
    ...{ id: phone.id, label: 'phone', kind: 'appPassword' },
  });
  await revokeAppPassword({ login: ALICE, which: 'tablet' });
  const { devices } = await me.myAccount();
  assert.deepEqual(
    devices.map(({ label, revoked }) => [label, revoked?.by]),
    [
      ['first', undefined],
      ['phone', 'you'],
      ['tablet', 'an operator'],
    ],
  );
  assert.doesNotMatch(JSON.stringify(devices), /root/);
  await assert.rejects(me.revokeMine({ credential: phone.id }), failsWith('negative', /revoked already/));
});

test('a user is not told which operator revoked a credential, by the looks at an account or a refusal either', async () => {
  const { me, addToken, revokeToken, revokeAppPassword, showAccount } = await begin();
  const phone = await me.addMyAppPassword({ label: 'phone' });
  await me.revokeMine({ credential: phone.id });
  await addToken({ login: ALICE, label: 'ci', scopes: ['trace'] });
  await revokeToken({ login: ALICE, which: 'ci' });
  await revokeAppPassword({ login: ALICE, which: 'first' });
  const { account } = await me.showAccount({ login: ALICE });
  const { tokens } = await me.listTokens({ login: ALICE });
  const ci = ['ci', 'an operator'];
  assert.deepEqual(
    account.credentials.map(({ label, disabled }) => [label, disabled?.by]),
    [['first', 'an operator'], ['phone', `${ALICE} (console)`], ci],
  );
  assert.deepEqual(
    tokens.map(({ label, disabled }) => [label, disabled?.by]),
    [ci],
  );
  const again = failsWith('negative', /was revoked already, \S+ by an operator$/);
  await assert.rejects(me.revokeAppPassword({ login: ALICE, which: 'first' }), again);
  await assert.rejects(me.revokeToken({ login: ALICE, which: 'ci' }), again);
  const shown = await showAccount({ login: ALICE });
  assert.ok(shown.account.credentials.some(({ disabled }) => disabled?.by === BY_ROOT));
});

test('what is no device of oneself is not revoked: of another, by a label, the password', async () => {
  for (const role of ['user', 'admin'] as const) {
    const { me, showAccount, setPassword } = await begin(role);
    await setPassword({ login: ALICE, password: 'correct horse battery staple' });
    const [other] = (await showAccount({ login: CAROL })).account.credentials;
    for (const credential of [other?.id ?? '', 'first', 'password', ''])
      await assert.rejects(me.revokeMine({ credential }), failsWith('negative', /no such app password/));
    const { account } = await showAccount({ login: CAROL });
    assert.ok(account.credentials.every(({ disabled }) => disabled === undefined));
  }
});

test('limits tell what is used of each, by own values before the configured ones', async () => {
  const { me, ports, clock, identityId, limitAccount } = await begin();
  await limitAccount({ login: ALICE, name: 'recipientsPerHour', value: 'none' });
  const charge = { identityId, limits: {} };
  const to = ['bob@example.net', 'dan@example.net'];
  await ports.store.commit([acceptOf(ID, clock.now(), { from: ALICE, identityId, to, charge })]);
  const { limits } = await me.myAccount();
  const by = Object.fromEntries(limits.map(({ name, ...use }) => [name, use]));
  assert.deepEqual(by['messagesPerHour'], { used: 1, limit: 10 });
  assert.deepEqual(by['messagesPerDay'], { used: 1, limit: 40 });
  assert.deepEqual(by['recipientsPerHour'], { used: 2 });
  clock.advance(3 * HOUR);
  assert.equal((await me.myAccount()).limits[0]?.used, 0);
});

test('who stops his account sends nothing any more, and does not let it go on himself', async () => {
  for (const role of ['user', 'admin'] as const) {
    const { me, newest, resumeAccount, ports } = await begin(role);
    assert.deepEqual(await me.suspendMyself(), { login: ALICE, state: 'suspended' });
    assert.deepEqual(await newest(), {
      ...{ by: `${ALICE} (console)`, action: 'suspend', detail: { login: ALICE } },
    });
    assert.equal((await ports.lookups.identityByLogin(CAROL))?.state, 'active');
    await assert.rejects(me.suspendMyself(), failsWith('negative', /suspended already/));
    if (role === 'user')
      await assert.rejects(me.resumeAccount({ login: ALICE }), failsWith('denied', /not for the role user/));
    assert.equal((await resumeAccount({ login: ALICE })).state, 'active');
  }
});

test('the settings for a mail program hold no password, and files that a program reads', async () => {
  const { me } = await begin();
  const settings = await me.mySettings();
  assert.match(settings.sheet.title, /alice@example\.org/);
  assert.match(settings.autoconfig ?? '', /<hostname>msa\.example\.org<\/hostname>/);
  assert.equal(settings.mobileconfig, undefined, 'there is no server for incoming mail');
  const names = settings.programs.map(({ program }) => program);
  assert.ok(['Thunderbird', 'Outlook'].every((name) => names.includes(name)));
  const file = settings.programs.find(({ file: one }) => one !== undefined)?.file;
  assert.deepEqual(file?.lines.slice(0, 5), [
    ...['account default', 'host msa.example.org', 'port 465', 'tls on', 'tls_starttls off'],
  ]);
});

test('a password that was proved is not written over one that was set in the meantime', async () => {
  const { me, setPassword, ports, identityId, trail } = await begin();
  const revision = async () => (await ports.lookups.identityById(identityId))?.revision ?? assert.fail();
  const provenAt = await revision();
  await setPassword({ login: ALICE, password: 'of the owner, and new' });
  const before = await trail();
  await assert.rejects(
    me.changeMyPassword({ password: 'of who knows the old one', provenAt }),
    failsWith('negative', /changed in the meantime/),
  );
  assert.deepEqual(await trail(), before);
  await me.changeMyPassword({ password: 'of the owner, newer still', provenAt: await revision() });
});
