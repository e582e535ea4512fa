// What a secret costs and proves: no hash for a right app password and for what was remembered, one for everything else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countedEntropy, identityOf, START, virtualClock } from '../store/store.contract-fixtures.ts';
import type { Credential, Identity } from '../record/identity.ts';
import { createAppPassword } from './app-password.ts';
import { CredentialCheck } from './credential-check.ts';
import { accounts } from './directory/accounts.ts';
import type { JudgedPassword } from './directory/directory.ts';
import type { Asker, Hashing } from './hashing.ts';
import { proofOf } from './standing.ts';

const device = createAppPassword({ label: 'phone', now: START }, countedEntropy());
const human: Credential = {
  ...{ id: 'c1', kind: 'password', label: 'password', createdAt: START },
  verifiers: [{ type: 'argon2id', phc: 'of alice' }],
};
const alice = identityOf('alice@example.org', { credentials: [human, device.credential] });
const disabled = { at: START, by: 'root' };

function checking(hasRoom = true) {
  let hashed = 0;
  let charged = 0;
  const hashing: Pick<Hashing, 'verify'> = {
    async verify(_asker, phc, password) {
      hashed += 1;
      charged += 1;
      await new Promise(setImmediate);
      if (!hasRoom) return 'busy';
      return { isRight: phc === 'of alice' && password === 'right', paysOff: () => void (charged -= 1) };
    },
  };
  const clock = virtualClock();
  const noLookups = { identityByLogin: async () => undefined, identityByAddress: async () => undefined };
  const directory = accounts({ lookups: noLookups, hashing });
  const check = new CredentialCheck(clock, 60_000);
  const ask = (identity: Identity | undefined, password: string, o: Asked = {}): Promise<JudgedPassword> =>
    check.check(
      { identity, directory },
      {
        evidence: {
          ...{ kind: 'password', mechanism: 'PLAIN', authorizationIdentity: '' },
          ...{ authenticationIdentity: o.name ?? alice.login, password },
        },
        ...{ fingerprint: `print of ${password}`, mayActAs: o.mayActAs ?? true },
        personally: o.personally ?? false,
      },
      askerOf(o),
    );
  return { check, ask, costs: () => [hashed, charged] };
}

interface Asked {
  readonly name?: string;
  readonly mayActAs?: boolean;
  readonly personally?: boolean;
  readonly network?: string;
  readonly account?: string;
}

const askerOf = ({ network = 'n1', account }: Asked): Asker => ({
  ...{ networks: [{ network, factor: 1 }], shared: false, own: [] },
  ...(account === undefined ? {} : { account }),
});

const withOnly = (credential: Credential): Identity => ({ ...alice, credentials: [credential] });

/** `cost`: hashes, and those of them that stay charged. */
const secrets: readonly {
  readonly why: string;
  readonly of: Identity | undefined;
  readonly password: string;
  readonly asked?: Asked;
  readonly told: string;
  readonly cost: readonly [hashes: number, charged: number];
}[] = [
  { why: 'the password', of: alice, password: 'right', told: 'c1', cost: [1, 0] },
  { why: 'an app password', of: alice, password: device.text, told: device.credential.id, cost: [0, 0] },
  { why: 'a wrong one', of: alice, password: 'wrong', told: 'wrong secret', cost: [1, 1] },
  { why: 'nobody’s', of: undefined, password: 'right', told: 'unknown login', cost: [1, 1] },
  {
    why: 'the password of who may not log in',
    of: { ...alice, state: 'suspended' },
    password: 'right',
    told: 'the identity is suspended',
    cost: [1, 1],
  },
  {
    why: 'the app password of who may not log in',
    of: { ...alice, state: 'suspended' },
    password: device.text,
    told: 'the identity is suspended',
    cost: [1, 1],
  },
  {
    why: 'a revoked app password',
    of: withOnly({ ...device.credential, disabled }),
    password: device.text,
    told: 'the credential of the login was revoked',
    cost: [1, 1],
  },
  {
    why: 'an expired password',
    of: withOnly({ ...human, expiresAt: START }),
    password: 'right',
    told: 'the credential of the login has expired',
    cost: [1, 1],
  },
  {
    why: 'the password of an account that has none',
    of: withOnly(device.credential),
    password: 'right',
    told: 'wrong secret',
    cost: [1, 1],
  },
  {
    why: 'the right password for another authorization identity',
    of: alice,
    password: 'right',
    asked: { mayActAs: false },
    told: 'authorization identity is not the login',
    cost: [1, 1],
  },
];

const inWords = (checked: JudgedPassword): string =>
  checked.type === 'right' ? checked.proof.id : checked.type === 'wrong' ? checked.cause : 'busy';

for (const { why, of, password, asked, told, cost } of secrets)
  test(`a secret is checked: ${why}`, async () => {
    const { ask, costs } = checking();
    assert.equal(inWords(await ask(of, password, asked)), told);
    assert.deepEqual(costs(), cost);
  });

test('where there is no room to hash, nothing is said of the secret', async () => {
  for (const [of, password] of [
    [alice, 'right'],
    [undefined, 'x'],
    [withOnly({ ...device.credential, disabled }), device.text],
  ] as const)
    assert.equal(inWords(await checking(false).ask(of, password)), 'busy');
});

test('what is remembered costs nothing, under the same revision alone and until it is forgotten', async () => {
  const { check, ask, costs } = checking();
  check.remember('print of right', alice, proofOf(human));
  assert.equal(inWords(await ask(alice, 'right')), 'c1');
  assert.deepEqual(costs(), [0, 0]);
  await ask({ ...alice, revision: alice.revision + 1 }, 'right');
  assert.deepEqual(costs(), [1, 0]);
  check.remember('print of right', alice, proofOf(human));
  check.forget(alice.id);
  await ask(alice, 'right');
  assert.deepEqual(costs(), [2, 0]);
});

const together: readonly { readonly why: string; readonly second: Asked; readonly hashes: number }[] = [
  { why: 'the same', second: {}, hashes: 1 },
  { why: 'from another network', second: { network: 'n2' }, hashes: 2 },
  { why: 'for an account that is known there', second: { account: alice.id }, hashes: 2 },
  { why: 'another spelling of the login', second: { name: 'ALICE@example.org' }, hashes: 2 },
];

for (const { why, second, hashes } of together)
  test(`two that ask at once cost ${hashes === 1 ? 'one hash' : 'one each'}: ${why}`, async () => {
    const { ask, costs } = checking();
    const both = await Promise.all([ask(alice, 'right'), ask(alice, 'right', second)]);
    assert.deepEqual(both.map(inWords), ['c1', 'c1']);
    assert.deepEqual(costs(), [hashes, 0]);
  });

test('where the person is asked, an app password costs a hash and is wrong, remembered or not, alone or beside one that may', async () => {
  const { check, ask, costs } = checking();
  const asked = { personally: true };
  assert.deepEqual(await ask(alice, device.text, asked), {
    ...{ type: 'wrong', cause: 'an app password, where the person is asked' },
  });
  assert.deepEqual(costs(), [1, 1]);
  const both = await Promise.all([ask(alice, device.text, asked), ask(alice, device.text)]);
  assert.deepEqual(
    both.map(({ type }) => type),
    ['wrong', 'right'],
  );
  check.remember(`print of ${device.text}`, alice, proofOf(device.credential));
  assert.equal((await ask(alice, device.text, asked)).type, 'wrong');
  assert.equal((await ask(alice, 'right', asked)).type, 'right');
});
