// Passkeys beside an authenticator app: who adds one, and that an answer counts for the challenge, the name and the account that it was given for, and once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failsWith, openOffice } from '../../test/fakes/administration.ts';
import { newAuthenticator, newKey } from '../../test/fakes/passkey.ts';
import { setUpTotp, STEP_MS } from '../../test/fakes/second-factor.ts';
import { withCredentials } from '../store/shown-identity.ts';
import { type Challenge, passkeyRequest, relyingPartyOf, usePasskey } from './passkeys.ts';
import { secondFactorsOf } from './second-factor.ts';
import { administrationOf } from './use-cases.ts';

const login = 'alice@example.org';
const party = { id: 'mail.example.org', origin: 'https://mail.example.org:8588' };
let asked = 0;
const challengeOf = (): Challenge => ({
  ...party,
  challenge: Buffer.from(`challenge ${(asked += 1)}`).toString('base64url'),
});

async function open() {
  const office = openOffice();
  const { id } = await office.addAccount({ login, mailbox: true, allowReserved: true });
  const alice = administrationOf(office.ports, {
    ...{ who: login, through: 'console', role: 'user', identityId: id },
  });
  const identity = async () =>
    withCredentials((await office.ports.lookups.identityById(id)) ?? assert.fail());
  return {
    ...{ office, id, alice, identity },
    use: (answer: string, challenge: Challenge) => usePasskey(office.ports, id, { answer, challenge }),
    request: (challenge: Challenge) => passkeyRequest(office.ports, id, { challenge, timeoutMs: 300_000 }),
  };
}

/** With an app and a passkey beside it. */
async function openWithPasskey() {
  const at = await open();
  const { recoveryCodes, code } = await setUpTotp(at.office.ports, login);
  const device = newAuthenticator();
  const challenge = challengeOf();
  const added = await at.alice.addPasskey({
    ...{ label: 'phone', answer: device.create(challenge), challenge },
    proof: recoveryCodes[0] ?? '',
  });
  return { ...at, device, added, code, codes: recoveryCodes };
}

test('passkeys are for a name with TLS, or localhost, and not for an address', () => {
  for (const [origin, id] of [
    ['https://console.example.org', 'console.example.org'],
    ['https://console.example.org:8588', 'console.example.org'],
    ['http://localhost:8588', 'localhost'],
    ['http://console.example.org', undefined],
    ['http://127.0.0.1:8588', undefined],
    ['https://192.0.2.1', undefined],
    ['https://[2001:db8::1]', undefined],
  ] as const)
    assert.equal(relyingPartyOf(origin)?.id, id, origin);
});

test('a passkey is added beside an app, with a code of it, and is used at sign-in', async () => {
  const at = await openWithPasskey();
  assert.deepEqual(secondFactorsOf(await at.identity()), ['totp', 'passkey', 'recoveryCode']);
  assert.deepEqual((await at.alice.mySecondFactor()).passkeys, [
    { id: at.added.id, label: 'phone', since: at.office.clock.now() },
  ]);
  const challenge = challengeOf();
  assert.deepEqual(await at.request(challenge), {
    ...{ rpId: party.id, challenge: challenge.challenge, timeout: 300_000, userVerification: 'preferred' },
    allowCredentials: [{ type: 'public-key', id: at.device.id, transports: ['internal'] }],
  });
  assert.equal(await at.use(at.device.get(challenge), challenge), 'right');
  assert.deepEqual(await at.office.newest(), {
    ...{ by: `${login} (console)`, action: 'second-factor use' },
    detail: { login, credential: at.added.id },
  });
});

test('what the browser is asked to make names the console, the account, and what there is already', async () => {
  const at = await openWithPasskey();
  const made = (await at.alice.beginPasskey({ challenge: challengeOf(), timeoutMs: 1 })) as {
    readonly rp: object;
    readonly user: { readonly name: string };
    readonly excludeCredentials: readonly { readonly id: string }[];
  };
  assert.deepEqual(made.rp, { id: party.id, name: party.id });
  assert.equal(made.user.name, login);
  assert.deepEqual(
    made.excludeCredentials.map(({ id }) => id),
    [at.device.id],
  );
});

test('an answer that is not for this challenge, name or account, or not of this key, counts nothing', async () => {
  const at = await openWithPasskey();
  const challenge = challengeOf();
  const used = at.device.get(challenge);
  assert.equal(await at.use(used, challenge), 'right');
  assert.equal(await at.use(used, challengeOf()), 'wrong', 'seen on its way, and sent again');
  assert.equal(await at.use(used, challenge), 'wrong', 'its counter was used');
  const other = newAuthenticator();
  for (const [why, answer] of [
    [
      'a page that copies ours',
      at.device.get(challenge, { origin: 'https://mail.example.org.evil.example' }),
    ],
    ['another name', at.device.get(challenge, { id: 'evil.example' })],
    ['another key', at.device.get(challenge, { key: newKey() })],
    ['a copy that lags behind', at.device.get(challenge, { counter: 1 })],
    ['a passkey of somebody else', other.get(challenge)],
    ['one that calls itself as ours', other.get(challenge, { as: at.device.id })],
    ['a new one', at.device.create(challenge)],
    ['no JSON', '{'],
    ['nothing', ''],
    ['null', 'null'],
    ['no answer', JSON.stringify({ as: at.device.id })],
    ['far too much', `{"id":"${at.device.id}","x":"${'x'.repeat(20_000)}"}`],
  ] as const)
    assert.equal(await at.use(answer, challenge), 'wrong', why);
  const bob = await at.office.addAccount({ login: 'bob@example.org', mailbox: true, allowReserved: true });
  const asBob = { answer: at.device.get(challenge), challenge };
  assert.equal(await usePasskey(at.office.ports, bob.id, asBob), 'wrong');
  assert.equal(await passkeyRequest(at.office.ports, bob.id, { challenge, timeoutMs: 1 }), undefined);
  await at.office.suspendAccount({ login });
  assert.equal(await at.use(at.device.get(challenge), challenge), 'wrong');
});

test('the same answer many times at once is right once', async () => {
  const at = await openWithPasskey();
  const challenge = challengeOf();
  const answer = at.device.get(challenge);
  const all = await Promise.all(Array.from({ length: 4 }, () => at.use(answer, challenge)));
  assert.deepEqual(all.sort(), ['right', 'wrong', 'wrong', 'wrong']);
});

test('none is added without an app, without a code, twice, for another challenge, or without a name', async () => {
  const bare = await open();
  const challenge = challengeOf();
  const device = newAuthenticator();
  const given = { label: 'phone', answer: device.create(challenge), challenge, proof: '' };
  await assert.rejects(bare.alice.addPasskey(given), failsWith('negative', /no authenticator app/));
  const at = await openWithPasskey();
  const [, proof = ''] = at.codes;
  await assert.rejects(
    at.alice.addPasskey(given),
    failsWith('negative', /present second factor is not right/),
  );
  for (const [changed, words] of [
    [{ challenge: challengeOf() }, /no passkey of this console: /],
    [
      { answer: device.create(challenge, { origin: 'https://evil.example' }) },
      /no passkey of this console: /,
    ],
    [{ answer: '{' }, /is no answer of a browser/],
  ] as const)
    await assert.rejects(at.alice.addPasskey({ ...given, proof, ...changed }), failsWith('usage', words));
  await assert.rejects(
    at.alice.addPasskey({ ...given, proof, label: ' ' }),
    failsWith('negative', /a label has/),
  );
  const again = { ...given, proof, answer: at.device.create(challenge) };
  await assert.rejects(at.alice.addPasskey(again), failsWith('negative', /has this passkey already/));
  assert.equal((await at.alice.addPasskey({ ...given, proof })).label, 'phone');
});

test('beside an app there are ten at most', async () => {
  const at = await openWithPasskey();
  const add = async () => {
    const challenge = challengeOf();
    at.office.clock.advance(STEP_MS);
    const answer = newAuthenticator().create(challenge);
    return at.alice.addPasskey({ label: 'key', answer, challenge, proof: at.code() });
  };
  for (let count = 2; count <= 10; count += 1) await add();
  await assert.rejects(add(), failsWith('negative', /at most 10 passkeys; remove one first/));
  assert.equal((await at.alice.mySecondFactor()).passkeys.length, 10);
});

test('a passkey is removed by a code, and with the app go all', async () => {
  const at = await openWithPasskey();
  const [, second = '', third = ''] = at.codes;
  await assert.rejects(
    at.alice.removeSecondFactor({ which: at.added.id, proof: '' }),
    failsWith('negative', /is not right/),
  );
  await at.alice.removeSecondFactor({ which: at.added.id, proof: second });
  assert.deepEqual(secondFactorsOf(await at.identity()), ['totp', 'recoveryCode']);
  at.office.clock.advance(STEP_MS);
  const challenge = challengeOf();
  await at.alice.addPasskey({
    ...{ label: 'key', answer: newAuthenticator().create(challenge), challenge, proof: third },
  });
  await at.alice.removeSecondFactor({ which: 'totp', proof: at.codes[3] ?? '' });
  assert.deepEqual(secondFactorsOf(await at.identity()), []);
});
