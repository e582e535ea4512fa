import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  HOUR,
  identityOf,
  START,
  virtualClock,
  type VirtualClock,
} from '../store/store.contract-fixtures.ts';
import type { Identity } from '../record/identity.ts';
import { createAuthenticator } from './authenticator.ts';

const alice = identityOf('alice@example.org', {
  credentials: [
    {
      ...{ id: 'c1', kind: 'password', label: 'password', createdAt: START },
      verifiers: [{ type: 'argon2id', phc: 'of alice' }],
    },
  ],
});

interface Situation {
  readonly of?: Identity;
  /** While a hash is under way. */
  readonly hashing?: (clock: VirtualClock) => Promise<void>;
}

const service = identityOf('backup');

function gathering({ of = alice, hashing = async () => undefined }: Situation = {}) {
  const hashed: string[] = [];
  const clock = virtualClock();
  let steppedMs = 0;
  const authenticator = createAuthenticator({
    lookups: {
      identityByLogin: async (login) => (login === of.login ? of : undefined),
      identityById: async () => undefined,
      credentialUses: async () => [],
    },
    clock: { ...clock, now: () => clock.now() + steppedMs },
    entropy: { bytes: (length) => new Uint8Array(length) },
    settings: { domains: () => new Set(['example.org']) },
    note: () => undefined,
    async verify(phc, password) {
      hashed.push(`${phc} ${password}`);
      await new Promise((resolve) => setImmediate(resolve));
      await hashing(clock);
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
  return { hashed, logIn, clock, step: (ms: number) => void (steppedMs += ms) };
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

const owners = [
  { why: 'nobody’s', of: identityOf('somebody@example.org') },
  { why: 'an account’s', of: identityOf('backup@example.org') },
  { why: 'a service’s', of: service },
];

for (const { why, of } of owners) {
  test(`F-AUTH-3: two spellings of a login cost as much at once, whoever’s they are: ${why}`, async () => {
    const { hashed, logIn } = gathering({ of });
    await Promise.all(['backup', 'backup@example.org', 'backup'].map((spelled) => logIn(spelled, 'wrong')));
    assert.equal(hashed.length, 2);
  });
}

test('a password that expires while it is verified is not good any more', async () => {
  const credentials = alice.credentials.map((one) => ({ ...one, expiresAt: START + 10 }));
  const { logIn } = gathering({
    of: { ...alice, credentials },
    hashing: async (clock) => clock.advance(11),
  });
  assert.deepEqual(await Promise.all([logIn(alice.login, 'right'), logIn(alice.login, 'right')]), [
    'refused',
    'refused',
  ]);
});

test('F-AUTH-1: a clock that steps back locks nobody out for longer', async () => {
  const { logIn, clock, step } = gathering();
  for (let n = 0; n < 20; n += 1) await logIn(alice.login, `wrong ${n}`);
  assert.equal(await logIn(alice.login, 'right'), 'refused', 'too many from here for this account');
  step(-3 * HOUR);
  clock.advance(HOUR);
  assert.equal(await logIn(alice.login, 'right'), 'authenticated');
});
