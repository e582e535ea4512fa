// Suspended, resumed, limited: what is told is what is stored, and each leaves its record.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';

const login = 'alice@example.org';
const reason = 'ticket 4711';

test('suspendAccount and resumeAccount', async () => {
  const office = openOffice();
  await office.addAccount({ login, mailbox: true, allowReserved: true });
  for (const [change, action, state] of [
    ['suspendAccount', 'suspend', 'suspended'],
    ['resumeAccount', 'resume', 'active'],
  ] as const) {
    assert.deepEqual(await office[change]({ login: 'alice' }), { login, state });
    assert.deepEqual(await office.newest(), { by: BY_ROOT, action, detail: { login, reason } });
  }
  await assert.rejects(office.resumeAccount({ login }), failsWith('negative', /is active/));
});

test('a change is made again on what somebody else wrote meanwhile', async () => {
  const office = openOffice();
  await office.addAccount({ login, mailbox: true, allowReserved: true });
  const [first, second] = await Promise.all([
    office.limitAccount({ login, name: 'messagesPerHour', value: 1 }),
    office.limitAccount({ login, name: 'recipientsPerHour', value: 2 }),
  ]);
  const { account } = await office.showAccount({ login });
  assert.deepEqual(account.limits, { messagesPerHour: 1, recipientsPerHour: 2 });
  assert.ok([first, second].some(({ limits }) => Object.keys(limits).length === 2));
});

test('a change that is stale each time it is written is given up, in words', async () => {
  const { ports, ...office } = openOffice();
  await office.addAccount({ login, mailbox: true, allowReserved: true });
  const alice = await ports.lookups.identityByLogin(login);
  assert.ok(alice !== undefined);
  const never = async () => ({ ...alice, revision: alice.revision + 1 });
  const other = openOffice({ ...ports, lookups: { ...ports.lookups, identityByLogin: never } });
  await assert.rejects(
    other.suspendAccount({ login }),
    failsWith('trouble', /alice@example.org was changed by somebody else each time: try again/),
  );
});

test('limitAccount', async () => {
  const office = openOffice();
  await office.addAccount({ login, mailbox: true, allowReserved: true });
  const asked = { login: 'alice', name: 'messagesPerHour' };
  assert.deepEqual(await office.limitAccount({ ...asked, value: 20 }), {
    login,
    limits: { messagesPerHour: 20 },
  });
  const detail = { login, name: 'messagesPerHour', value: '20', reason };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'limit', detail });
  assert.deepEqual((await office.limitAccount({ ...asked, value: 'default' })).limits, {});
  for (const value of [-1, 1.5, NaN, 1e308, 'abc', undefined, { a: 1 }])
    await assert.rejects(
      office.limitAccount({ ...asked, value: value as number }),
      failsWith('negative', /messagesPerHour is a whole number, none or default/),
    );
  await assert.rejects(
    office.limitAccount({ login, name: 'perHour', value: 1 }),
    failsWith('usage', /there is no limit perHour: it is one of messagesPerHour/),
  );
});
