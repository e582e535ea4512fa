// The second factor of an account: each code counts once, whoever tries it at once with others; guessing is slowed; nobody takes it away without a code of it but who may reset it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, openOffice, ROOT } from '../../test/fakes/administration.ts';
import { type App, codeFor, setUpTotp, STEP_MS } from '../../test/fakes/second-factor.ts';
import { proofOf, standingOf } from '../identity/standing.ts';
import { credentialsGone } from '../record/identity.ts';
import { withCredentials } from '../store/shown-identity.ts';
import type { Actor } from './actor.ts';
import { secondFactorsOf, useSecondFactor } from './second-factor.ts';
import { administrationOf } from './use-cases.ts';

const login = 'alice@example.org';

async function open() {
  const office = openOffice();
  const { id } = await office.addAccount({ login, mailbox: true, allowReserved: true });
  const provedAt = office.clock.now();
  const actor: Actor = { who: login, through: 'console', role: 'user', identityId: id, provedAt };
  const alice = administrationOf(office.ports, actor);
  let app: App | undefined;
  return {
    ...{ office, id, alice, actor },
    code: (steps = 0) => (app ?? assert.fail()).code(steps),
    use: (code: string) => useSecondFactor(office.ports, id, code),
    next: () => office.clock.advance(STEP_MS),
    /** Sets it up, and gives the recovery codes. */
    async enrol(): Promise<readonly string[]> {
      app = await setUpTotp(office.ports, login);
      return app.recoveryCodes;
    },
    async factors() {
      const shown = await office.ports.lookups.identityById(id);
      return secondFactorsOf(withCredentials(shown ?? assert.fail()));
    },
  };
}

test('an authenticator app counts from its first right code on, and brings ten recovery codes', async () => {
  const at = await open();
  assert.deepEqual(await at.alice.mySecondFactor(), { login, passkeys: [], recoveryCodes: 0 });
  const { secret, uri } = await at.alice.beginTotp({});
  assert.match(uri, /^otpauth:\/\/totp\/msa\.example\.org:alice%40example\.org\?/);
  assert.deepEqual(await at.factors(), [], 'nothing is kept before it is confirmed');
  await assert.rejects(
    at.alice.confirmTotp({ secret, code: '000000' }),
    failsWith('negative', /is not right: .*clocks/),
  );
  await assert.rejects(
    at.alice.confirmTotp({ secret: 'AB', code: '000000' }),
    failsWith('usage', /begin again/),
  );
  assert.deepEqual(await at.factors(), []);
  const codes = await at.enrol();
  assert.equal(new Set(codes).size, 10);
  assert.deepEqual(await at.factors(), ['totp', 'recoveryCode']);
  assert.deepEqual(await at.office.showSecondFactor({ login }), {
    ...{ login, passkeys: [], recoveryCodes: 10 },
    totp: { since: at.office.clock.now() },
  });
});

test('neither the secret nor a recovery code stands in the trail, nor in what is shown of the account', async () => {
  const at = await open();
  const codes = await at.enrol();
  const shown = withCredentials((await at.office.ports.lookups.identityById(at.id)) ?? assert.fail());
  const kept = shown.credentials.flatMap(({ verifiers }) => verifiers);
  const told = JSON.stringify([
    await at.office.trail(),
    await at.office.showAccount({ login }),
    await at.office.pageAccounts({ max: 10 }),
    await at.office.showSecondFactor({ login }),
  ]);
  assert.equal(kept.length, 1 + 1 + 10);
  for (const secret of [...kept.flatMap((one) => Object.values(one)), ...codes])
    if (String(secret).length > 6 && secret !== 'sha256') assert.ok(!told.includes(String(secret)));
  assert.ok(!JSON.stringify(shown).includes(codes[0] ?? ''));
});

test('a code of the app counts once, and none before it does any more', async () => {
  const at = await open();
  await at.enrol();
  assert.equal(await at.use(at.code()), 'wrong', 'the one that confirmed it was used by that');
  at.next();
  const before = at.code(-1);
  assert.equal(await at.use(at.code()), 'code');
  for (const code of [at.code(), before]) assert.equal(await at.use(code), 'wrong');
  assert.equal(await at.use(at.code(1)), 'code', 'the clock of the telephone may be fast');
  at.next();
  assert.equal(await at.use(at.code()), 'wrong', 'then it was used before its time');
  const actions = (await at.office.trail()).flatMap(({ type, payload }) =>
    type === 'identityChanged' && payload !== undefined ? [[payload.by, payload.action]] : [],
  );
  assert.deepEqual(actions.at(-2), [`${login} (console)`, 'second-factor use']);
  assert.deepEqual(actions.at(-1), [`${login} (console)`, 'second-factor wrong']);
});

test('what is used up ends no session of mail, and lets nobody in by mail', async () => {
  const at = await open();
  const seen = async () =>
    withCredentials((await at.office.ports.lookups.identityById(at.id)) ?? assert.fail());
  await at.enrol();
  const before = await seen();
  at.next();
  assert.equal(await at.use(at.code()), 'code');
  const after = await seen();
  assert.ok(after.revision > before.revision);
  assert.deepEqual(credentialsGone(before, after), []);
  for (const credential of after.credentials.filter(({ kind }) => kind !== 'appPassword'))
    assert.equal(standingOf(after, proofOf(credential), at.office.clock.now()).state, 'credentialRevoked');
  await assert.rejects(
    at.office.revokeAppPassword({ login, which: 'totp' }),
    failsWith('negative', /has no app password totp/),
  );
});

for (const kind of ['code', 'recovery code'] as const)
  test(`a ${kind} that is tried many times at once is right once`, async () => {
    const at = await open();
    const [recovery = ''] = await at.enrol();
    at.next();
    const code = kind === 'recovery code' ? recovery.toLowerCase().replaceAll('-', ' ') : at.code();
    const answers = await Promise.all(Array.from({ length: 4 }, () => at.use(code)));
    assert.deepEqual(answers.sort(), [kind, 'wrong', 'wrong', 'wrong']);
    assert.equal(await at.use(code), 'wrong');
  });

test('who guesses waits longer each time, on all nodes, and a recovery code goes on', async () => {
  const at = await open();
  const [first = '', second = ''] = await at.enrol();
  at.next();
  for (let tries = 0; tries < 5; tries += 1) assert.equal(await at.use('000000'), 'wrong');
  assert.equal(await at.use(at.code()), 'tooMany');
  assert.equal(await at.use(first), 'recovery code');
  assert.equal(await at.use(at.code()), 'tooMany');
  at.office.clock.advance(60_000);
  assert.equal(await at.use('000000'), 'wrong');
  at.office.clock.advance(60_000);
  assert.equal(await at.use(at.code()), 'tooMany', 'twice as long');
  await assert.rejects(
    at.alice.removeSecondFactor({ which: 'totp', proof: at.code() }),
    failsWith('negative', /wait 1 minutes, or take a recovery code/),
  );
  at.office.clock.advance(60_000);
  assert.equal(await at.use(at.code()), 'code');
  assert.equal(await at.use('000000'), 'wrong', 'then it begins anew');
  assert.equal(await at.use(second), 'recovery code');
});

test('a code of another person, of nobody, or of who may not act counts nothing', async () => {
  const at = await open();
  const [recovery = ''] = await at.enrol();
  at.next();
  const bob = await at.office.addAccount({ login: 'bob@example.org', mailbox: true, allowReserved: true });
  for (const code of [at.code(), recovery, ''])
    for (const id of [bob.id, 'nobody'])
      assert.equal(await useSecondFactor(at.office.ports, id, code), 'wrong');
  await at.office.suspendAccount({ login });
  assert.equal(await at.use(at.code()), 'wrong');
  await at.office.resumeAccount({ login });
  assert.equal(await at.use(at.code()), 'code');
});

test('without a fresh code nothing of a second factor is changed', async () => {
  const at = await open();
  const [recovery = ''] = await at.enrol();
  const { secret } = await at.alice.beginTotp({});
  const code = codeFor(secret, at.office.clock.now());
  for (const proof of ['', '000000', at.code()]) {
    const refused = failsWith('negative', /your present second factor is not right, or was used already/);
    await assert.rejects(at.alice.removeSecondFactor({ which: 'totp', proof }), refused);
    if (proof !== '') continue;
    await assert.rejects(at.alice.makeRecoveryCodes({ proof }), refused);
    await assert.rejects(at.alice.confirmTotp({ secret, code, proof }), refused);
  }
  assert.deepEqual((await at.alice.mySecondFactor()).recoveryCodes, 10);
  const fresh = await at.alice.makeRecoveryCodes({ proof: recovery });
  assert.equal(fresh.recoveryCodes.length, 10);
  assert.equal(await at.use(recovery), 'wrong', 'those before count no more');
  const [other = '', last = ''] = fresh.recoveryCodes;
  assert.deepEqual(await at.alice.confirmTotp({ secret, code, proof: other }), { login });
  assert.equal((await at.alice.mySecondFactor()).recoveryCodes, 9);
  await at.alice.removeSecondFactor({ which: 'totp', proof: last });
  assert.deepEqual(await at.factors(), [], 'recovery codes go with it');
  await assert.rejects(
    at.alice.makeRecoveryCodes({ proof: '' }),
    failsWith('negative', /no authenticator app/),
  );
});

test('what is proven for a change that can not be made is not used up', async () => {
  const at = await open();
  await at.enrol();
  at.next();
  await assert.rejects(
    at.alice.removeSecondFactor({ which: 'password', proof: at.code() }),
    failsWith('negative', /no second factor password/),
  );
  assert.equal(await at.use(at.code()), 'code');
});

test('a reset takes all away and says so in the trail; it is of others alone, and a token resets users alone', async () => {
  const at = await open();
  await at.enrol();
  const own = administrationOf(at.office.ports, { ...at.actor, role: 'admin' });
  await assert.rejects(
    own.resetSecondFactor({ login }),
    failsWith('denied', /your own second factor with a code/),
  );
  await at.office.setRole({ login, role: 'desk', domains: [] });
  const token = { id: '4Q7WJ2ZM', scopes: ['accounts'] } as const;
  const byToken = administrationOf(at.office.ports, { ...ROOT, through: 'API', token });
  await assert.rejects(byToken.resetSecondFactor({ login }), failsWith('denied', /role desk.* by a person/));
  const dora: Actor = {
    ...{ ...ROOT, through: 'console', role: 'domainAdmin', domains: ['example.org'] },
    provedAt: at.office.clock.now(),
  };
  const byDora = administrationOf(at.office.ports, dora);
  await assert.rejects(byDora.resetSecondFactor({ login }), failsWith('denied', /only an admin/));
  assert.equal((await at.factors()).length, 2);
  await at.office.setRole({ login, role: 'user', domains: [] });
  assert.deepEqual(await byDora.resetSecondFactor({ login }), { login, removed: ['totp', 'recovery'] });
  assert.deepEqual(await at.factors(), []);
  assert.deepEqual(await at.office.newest(), {
    ...{ by: 'root (console)', action: 'second-factor reset' },
    detail: { login, credentials: ['totp', 'recovery'], reason: 'ticket 4711' },
  });
  await assert.rejects(byToken.resetSecondFactor({ login }), failsWith('negative', /has no second factor/));
});

test('the first second factor takes the password of just this account as it is, or a fresh proof', async () => {
  const { office, actor } = await open();
  await office.setPassword({ login, password: 'correct horse battery' });
  const { provedAt: _provedAt, ...stale } = actor;
  const alice = administrationOf(office.ports, stale);
  const { secret, takes } = await alice.beginTotp({});
  assert.equal(takes, 'password');
  const confirm = (provenAt?: number) =>
    alice.confirmTotp({
      ...{ secret, code: codeFor(secret, office.clock.now()) },
      ...(provenAt === undefined ? {} : { provenAt }),
    });
  const { revision = 0 } = (await office.ports.lookups.identityByLogin(login)) ?? {};
  await assert.rejects(confirm(), failsWith('negative', /your password is wanted/));
  for (const other of [revision - 1, revision + 1])
    await assert.rejects(confirm(other), failsWith('negative', /was changed in the meantime/));
  assert.equal((await confirm(revision)).recoveryCodes?.length, 10);
});

test('who has neither password nor fresh proof is asked for such a proof', async () => {
  const { office, actor } = await open();
  const { provedAt: _provedAt, ...stale } = actor;
  const alice = administrationOf(office.ports, stale);
  const { secret, takes } = await alice.beginTotp({});
  assert.equal(takes, 'freshProof');
  await assert.rejects(
    alice.confirmTotp({ secret, code: codeFor(secret, office.clock.now()) }),
    failsWith('denied', /not older than ten minutes/),
  );
});

test('who has no account here has no second factor', async () => {
  const { office } = await open();
  await assert.rejects(office.beginTotp({}), failsWith('negative', /an account of his own/));
});

test('a domain admin whose own login is elsewhere sets up his', async () => {
  const at = await open();
  const elsewhere = administrationOf(at.office.ports, {
    ...at.actor,
    ...{ role: 'domainAdmin', domains: ['other.example'] },
  });
  const { secret } = await elsewhere.beginTotp({});
  const code = codeFor(secret, at.office.clock.now());
  assert.equal((await elsewhere.confirmTotp({ secret, code })).login, login);
});
