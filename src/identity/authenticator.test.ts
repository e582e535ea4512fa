import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityOf, START, virtualClock } from '../store/store.contract-fixtures.ts';
import { createAuthenticator } from './authenticator.ts';

const alice = identityOf('alice@example.org', {
  credentials: [
    {
      ...{ id: 'c1', kind: 'password', label: 'password', createdAt: START },
      verifiers: [{ type: 'argon2id', phc: 'of alice' }],
    },
  ],
});

function gathering() {
  const hashed: string[] = [];
  const authenticator = createAuthenticator({
    lookups: {
      identityByLogin: async (login) => (login === alice.login ? alice : undefined),
      identityById: async () => undefined,
      credentialUses: async () => [],
    },
    clock: virtualClock(),
    entropy: { bytes: (length) => new Uint8Array(length) },
    settings: { domains: () => new Set(['example.org']) },
    note: () => undefined,
    async verify(phc, password) {
      hashed.push(`${phc} ${password}`);
      await new Promise((resolve) => setImmediate(resolve));
      return phc === 'of alice' && password === 'right';
    },
  });
  const logIn = (authenticationIdentity: string, password: string): Promise<string> =>
    authenticator
      .authenticate(
        { mechanism: 'PLAIN', authorizationIdentity: '', authenticationIdentity, password },
        { address: '192.0.2.1', sessionId: 's' },
      )
      .then(({ type }) => type);
  return { hashed, logIn };
}

const cases = [
  { why: 'right', login: alice.login, password: 'right', outcome: 'authenticated', hash: 'of alice right' },
  { why: 'wrong', login: alice.login, password: 'wrong', outcome: 'refused', hash: 'of alice wrong' },
  { why: 'nobody’s', login: 'no@example.org', password: 'x', outcome: 'refused', hash: 'undefined x' },
] as const;

for (const { why, login, password, outcome, hash } of cases) {
  test(`F-AUTH-3: many connections that log in at once with the same credentials cost one hash: ${why}`, async () => {
    const { hashed, logIn } = gathering();
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => logIn(login, password)));
    assert.deepEqual(
      outcomes,
      Array.from({ length: 5 }, () => outcome),
    );
    assert.deepEqual(hashed, [hash]);
  });
}

test('F-AUTH-3: other credentials at the same time are judged by themselves', async () => {
  const { hashed, logIn } = gathering();
  const outcomes = await Promise.all([
    logIn(alice.login, 'right'),
    logIn(alice.login, 'wrong'),
    logIn('bob@example.org', 'right'),
  ]);
  assert.deepEqual(outcomes, ['authenticated', 'refused', 'refused']);
  assert.deepEqual(hashed, ['of alice right', 'of alice wrong', 'undefined right']);
});
