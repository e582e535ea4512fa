// Tokens of an account: made within its role, shown once, listed with their last use, revoked; each with its record.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice, ROOT } from '../../test/fakes/administration.ts';
import { administrationOf } from './use-cases.ts';

const login = 'alice@example.org';
const DAY_MS = 86_400_000;

async function withAlice(): Promise<ReturnType<typeof openOffice>> {
  const office = openOffice();
  await office.addAccount({ login, mailbox: true, allowReserved: true });
  return office;
}

test('a token from its first day to its last', async () => {
  const office = await withAlice();
  const now = office.clock.now();
  const made = await office.addToken({ login, label: 'ci', scopes: ['trace', 'trace'], lifetimeMs: DAY_MS });
  const { id, token } = made;
  assert.deepEqual(made, { login, id, label: 'ci', scopes: ['trace'], expiresAt: now + DAY_MS, token });
  const detail = { login, credential: id, label: 'ci', scopes: ['trace'], reason: 'ticket 4711' };
  assert.deepEqual(await office.newest(), { by: BY_ROOT, action: 'token add', detail });
  const { account } = await office.showAccount({ login });
  await office.ports.store.commit([
    { type: 'credentialUsed', identityId: account.id, credentialId: id, at: now + 1, address: '192.0.2.7' },
  ]);
  const kept = { id, label: 'ci', scopes: ['trace'], createdAt: now, expiresAt: now + DAY_MS };
  const lastUse = { at: now + 1, address: '192.0.2.7' };
  assert.deepEqual(await office.listTokens({ login }), { login, tokens: [{ ...kept, lastUse }] });
  assert.deepEqual(await office.revokeToken({ login, which: 'ci' }), { login, id, label: 'ci' });
  assert.deepEqual((await office.listTokens({ login })).tokens[0]?.disabled, { at: now, by: BY_ROOT });
  await assert.rejects(
    office.revokeToken({ login, which: id }),
    failsWith('negative', /was revoked already/),
  );
  assert.ok(!JSON.stringify(await office.trail()).includes(token.slice(-26)));
});

test('tokens and app passwords of one label are told apart by the command', async () => {
  const office = await withAlice();
  await office.addToken({ login, label: 'first', scopes: ['trace'] });
  const revoked = await office.revokeAppPassword({ login, which: 'first' });
  assert.equal(revoked.kind, 'appPassword');
  await assert.rejects(
    office.revokeAppPassword({ login, which: 'first' }),
    failsWith('negative', /was revoked already/),
  );
  assert.equal((await office.revokeToken({ login, which: 'first' })).label, 'first');
});

test('a scope that the role has no use for is refused, with those it has', async () => {
  const office = await withAlice();
  await assert.rejects(
    office.addToken({ login, label: 'ci', scopes: ['trace', 'reports'] }),
    failsWith(
      'usage',
      /has the role user, which may do nothing with the scope reports: take trace, contain, queue, accounts/,
    ),
  );
  await assert.rejects(
    office.addToken({ login, label: 'ci', scopes: [] }),
    failsWith('usage', /say what the token is for: one or more of trace/),
  );
  await office.setRole({ login, role: 'auditor', domains: [] });
  await office.addToken({ login, label: 'ci', scopes: ['reports'] });
});

test('a label, and no more tokens than anybody can keep track of', async () => {
  const office = await withAlice();
  await assert.rejects(
    office.addToken({ login, label: '\u0007', scopes: ['trace'] }),
    failsWith('negative', /a label has 1 to 100 visible characters, e\.g\. the name of the program/),
  );
  for (let n = 0; n < 20; n += 1) await office.addToken({ login, label: `n${n}`, scopes: ['trace'] });
  const more = { login, label: 'more', scopes: ['trace'] } as const;
  await assert.rejects(office.addToken(more), failsWith('negative', /at most 20 tokens; revoke one first/));
  await office.revokeToken({ login, which: 'n7' });
  await office.addToken(more);
});

test('a domain admin gives no secrets to colleagues of a higher role, and no more than is configured', async () => {
  const office = await withAlice();
  const dora = { ...ROOT, role: 'domainAdmin', domains: ['example.org'], identityId: 'dora' } as const;
  const as = administrationOf(office.ports, dora);
  await as.addAppPassword({ login, label: 'phone' });
  await as.limitAccount({ login, name: 'messagesPerHour', value: 500 });
  for (const value of [501, 'none'] as const)
    await assert.rejects(
      as.limitAccount({ login, name: 'messagesPerHour', value }),
      failsWith('denied', /messagesPerHour is at most 500, as configured/),
    );
  await office.setRole({ login, role: 'auditor', domains: [] });
  for (const asked of [
    () => as.addAppPassword({ login, label: 'tablet' }),
    () => as.setPassword({ login, password: 'correct horse battery' }),
    () => as.addToken({ login, label: 'ci', scopes: ['reports'] }),
    () => as.suspendAccount({ login }),
    () => as.removeAccount({ login }),
    () => as.endSession({ login, session: 'x' }),
  ])
    await assert.rejects(asked(), failsWith('denied', /has the role auditor: only an admin changes it/));
});

test('a domain admin changes nobody who may send for other domains, but may stop him', async () => {
  const office = openOffice({ domains: ['example.org', 'other.example'] });
  await office.addAccount({ login, mailbox: true, allowReserved: true });
  const dora = { ...ROOT, role: 'domainAdmin', domains: ['example.org'], identityId: 'dora' } as const;
  const as = administrationOf(office.ports, dora);
  await as.setPassword({ login, password: 'correct horse battery' });
  await office.changeRight({ login, action: 'add', right: '@other.example' });
  for (const asked of [
    () => as.addAppPassword({ login, label: 'tablet' }),
    () => as.setPassword({ login, password: 'correct horse battery' }),
    () => as.addToken({ login, label: 'ci', scopes: ['trace'] }),
    () => as.changeRight({ login, action: 'add', right: 'sales@example.org' }),
  ])
    await assert.rejects(asked(), failsWith('denied', /may send as somebody outside of your domains/));
  assert.equal((await as.suspendAccount({ login })).state, 'suspended');
  await assert.rejects(as.resumeAccount({ login }), failsWith('denied', /outside of your domains/));
});
