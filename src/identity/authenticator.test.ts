import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  HOUR,
  MINUTE,
  identityOf,
  START,
  virtualClock,
  type VirtualClock,
} from '../store/store.contract-fixtures.ts';
import type { Identity } from '../record/identity.ts';
import type { ShownIdentity } from '../store/shown-identity.ts';
import { createAuthenticator } from './authenticator.ts';
import { accounts } from './directory/accounts.ts';
import { inTurn } from './directory/directories.ts';
import { createHashing } from './hashing.ts';

const alice = identityOf('alice@example.org', {
  credentials: [
    {
      ...{ id: 'c1', kind: 'password', label: 'password', createdAt: START },
      verifiers: [{ type: 'argon2id', phc: 'of alice' }],
    },
  ],
});

const SHARED = '192.0.2.200';

interface Situation {
  /** What the directory holds now; instead of `of`. */
  readonly stored?: { identity: ShownIdentity };
  readonly domains?: readonly string[];
  /** Where credentials have been used from, as the store knows it. */
  readonly uses?: readonly string[];
  readonly of?: Identity;
  /** The directory cannot be asked. */
  readonly away?: () => boolean;
  /** While a hash is under way. */
  readonly hashing?: (clock: VirtualClock) => Promise<void>;
}

const service = identityOf('backup');

function gathering({
  of = alice,
  hashing = async () => undefined,
  domains = ['example.org'],
  uses = [],
  stored = { identity: of },
  away = () => false,
}: Situation = {}) {
  const hashed: string[] = [];
  const clock = virtualClock();
  let steppedMs = 0;
  const stepping = { ...clock, now: () => clock.now() + steppedMs };
  const counted = createHashing({
    clock: stepping,
    async verify(phc, password) {
      hashed.push(`${phc} ${password}`);
      await new Promise((resolve) => setImmediate(resolve));
      await hashing(clock);
      return phc === 'of alice' && password === 'right';
    },
  });
  const lookups = {
    async identityByLogin(login: string) {
      if (away()) throw new Error('away');
      return login === stored.identity.login ? stored.identity : undefined;
    },
    identityByAddress: async () => undefined,
    credentialUses: async () => uses.map((address) => ({ credentialId: 'c1', at: START, address })),
  };
  const authenticator = createAuthenticator({
    ...{ lookups, clock: stepping, hashing: counted },
    directories: inTurn([accounts({ lookups, hashing: counted })]),
    entropy: { bytes: (length) => new Uint8Array(length) },
    settings: { domains: () => new Set(domains), isShared: (address) => address === SHARED },
    note: () => undefined,
  });
  const ask = (
    authenticationIdentity: string,
    password: string,
    address = '192.0.2.1',
    authorizationIdentity = '',
  ) =>
    authenticator.authenticate(
      { kind: 'password', mechanism: 'PLAIN', authorizationIdentity, authenticationIdentity, password },
      { address },
    );
  const logIn = (login: string, password: string, address?: string): Promise<string> =>
    ask(login, password, address).then(({ type }) => type);
  return { hashed, ask, logIn, clock, step: (ms: number) => void (steppedMs += ms) };
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

test('D-OUT-4 F-AUTH-1: a network that many users share is never locked; each name there counts by itself', async () => {
  const { logIn, ask } = gathering();
  for (let n = 0; n < 330; n += 1) await logIn(`nobody${n}@example.org`, `wrong ${n}`, SHARED);
  assert.equal(await logIn(alice.login, 'right', SHARED), 'authenticated');
  for (let n = 0; n < 20; n += 1) await logIn('bob@example.org', `wrong ${n}`, SHARED);
  const over = await ask('bob@example.org', 'another', SHARED);
  assert.ok(over.type === 'refused' && over.cause.includes('this network for this account'));
});

test('F-AUTH-1: made-up names with one fixed wrong secret count each, also those that can be nobody’s', async () => {
  const { ask, hashed } = gathering({ domains: ['example.org', 'example.net'] });
  const delays: number[] = [];
  for (let n = 0; n < 40; n += 1) {
    const outcome = await ask(`made up\u0000${n}`, 'Summer2026');
    assert.ok(outcome.type === 'refused');
    delays.push(outcome.notBeforeMs);
  }
  assert.equal(hashed.length, 20, 'then that heading is refused without a hash');
  assert.equal(Math.max(...delays), 20_000);
  const named = gathering();
  for (let n = 0; n < 43; n += 1) await named.logIn(`user${n}@elsewhere.test`, 'Summer2026');
  const next = await named.ask('one.more@elsewhere.test', 'Summer2026');
  assert.ok(next.type === 'refused' && next.refusal.name === 'authTemporary', 'and each hash is charged');
  named.clock.advance(10_000);
  const later = await named.ask('one.more@elsewhere.test', 'Summer2026');
  assert.ok(later.type === 'refused' && later.notBeforeMs >= 500, 'the network as a whole is slowed down');
});

test('F-AUTH-6/3: whoever closes instead of waiting pays for each hash all the same, and others do not wait for it', async () => {
  const { hashed, ask, logIn, clock } = gathering();
  for (let n = 0; n < 500; n += 1) void ask('x@example.org', 'the same', `192.0.2.${n % 250}`);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(await logIn(alice.login, 'right', '198.51.100.9'), 'authenticated');
  for (let n = 0; n < 500; n += 1) await ask('x@example.org', 'the same');
  assert.ok(hashed.length <= 44, `${hashed.length} hashes`);
  const busy = await ask(alice.login, 'wrong');
  assert.ok(busy.type === 'refused' && busy.refusal.name === 'authTemporary', 'no verdict without a hash');
  clock.advance(6 * MINUTE);
  assert.equal(await logIn(alice.login, 'right'), 'authenticated', 'and no lock-out');
});

test('where credentials are hidden a login is put off, for the reason that they are, and is no guess', async () => {
  const stored: { identity: ShownIdentity } = {
    identity: { ...alice, credentials: { because: 'no right to see them' } },
  };
  const { ask, logIn, hashed } = gathering({ stored });
  for (let n = 0; n < 100; n += 1) {
    const outcome = await ask(alice.login, `wrong ${n}`);
    assert.ok(outcome.type === 'refused');
    assert.equal(outcome.refusal.name, 'authTemporary');
    assert.match(outcome.cause, /no right to see them/);
  }
  assert.deepEqual(hashed, []);
  stored.identity = alice;
  assert.equal(await logIn(alice.login, 'right'), 'authenticated');
});

test('F-AUTH-1: repeating wrong guesses while there is no room to hash, or no directory, takes back nothing', async () => {
  let isAway = false;
  const { ask, clock } = gathering({ away: () => isAway });
  const guesses = async (count: number) => {
    const names = new Set<string>();
    for (let n = 0; n < count; n += 1) {
      const outcome = await ask(alice.login, `wrong ${n}`);
      if (outcome.type === 'refused') names.add(outcome.refusal.name);
    }
    return [...names];
  };
  assert.deepEqual(await guesses(14), ['authFailed']);
  for (let n = 0; n < 43; n += 1) await ask('nobody@example.org', 'the same');
  assert.deepEqual(await guesses(14), ['authTemporary']);
  isAway = true;
  assert.deepEqual(await guesses(14), ['authTemporary']);
  isAway = false;
  clock.advance(MINUTE);
  const next = await ask(alice.login, 'wrong, another');
  assert.ok(next.type === 'refused' && next.notBeforeMs > 10_000, 'all 14 still count');
  for (let n = 0; n < 20; n += 1) await ask(alice.login, `more ${n}`);
  isAway = true;
  await guesses(14);
  isAway = false;
  const over = await ask(alice.login, 'one more');
  assert.ok(over.type === 'refused' && over.cause.includes('too many'), 'nor what was refused unverified');
});

test('D-OUT-4 F-AUTH-6/3: made-up names from neighbours in its network do not keep a new user out', async () => {
  const { ask, logIn, clock } = gathering();
  for (let second = 0; second < 60; second += 1) {
    for (let n = 0; n < 60; n += 1)
      await ask(`made-up-${second}-${n}@example.org`, 'x', `192.0.2.${(n % 20) + 1}`);
    clock.advance(1000);
  }
  assert.equal(await logIn(alice.login, 'right', '192.0.2.77'), 'authenticated');
});

test('D-OUT-4: nor does a flood from an own IPv6 network, where the account is known', async () => {
  const { ask, logIn } = gathering({ uses: ['2001:db8::9'] });
  for (let n = 0; n < 130; n += 1) await ask('x@example.org', 'the same', '2001:db8::1');
  assert.equal(await logIn(alice.login, 'wrong', '2001:db8::2'), 'refused');
  for (let n = 0; n < 130; n += 1) await ask('x@example.org', 'the same', '2001:db8::1');
  assert.equal(await logIn(alice.login, 'right', '2001:db8::2'), 'authenticated');
});

test('F-AUTH-3: where a network has no room to hash, a wrong secret of an account that is known there is answered like one of no account', async () => {
  let meanwhile = (): void => undefined;
  const { ask, hashed } = gathering({ uses: ['2001:db8::9'], hashing: async () => meanwhile() });
  const flood = async () => {
    for (let n = 0; n < 130; n += 1) await ask('x@example.org', 'the same', '2001:db8::1');
  };
  const said = async (login: string, password: string) => {
    const outcome = await ask(login, password, '2001:db8::2');
    return outcome.type === 'refused' ? [outcome.refusal.name, outcome.notBeforeMs] : [];
  };
  await flood();
  assert.equal(hashed.length, 40);
  const nobody = await said('no@example.org', 'wrong');
  assert.equal(nobody[0], 'authTemporary');
  assert.deepEqual(await said(alice.login, 'wrong'), nobody);
  let second: Promise<unknown> | undefined;
  meanwhile = () => void (second ??= said(alice.login, 'wrong again'));
  assert.deepEqual(await said(alice.login, 'wrong again'), nobody);
  assert.deepEqual(await second, nobody, 'nor does one hear what another one was told');
  const before = hashed.length;
  await flood();
  assert.equal(hashed.length, before, 'nor did the network become a known one');
});

test('D-OUT-4: where the owner has logged in before there is more room for hashes', async () => {
  const here = gathering({ uses: ['192.0.2.9'] });
  for (let n = 0; n < 60; n += 1) await here.ask('x@example.org', 'the same');
  assert.equal(await here.logIn(alice.login, 'right'), 'authenticated');
});

test('F-AUTH-3: a wrong password is wrong the second time too', async () => {
  const { logIn, hashed } = gathering();
  assert.deepEqual(
    [await logIn(alice.login, 'wrong'), await logIn(alice.login, 'wrong')],
    ['refused', 'refused'],
  );
  assert.equal(hashed.length, 2, 'only what was right is remembered');
  assert.equal(await logIn(alice.login, 'right'), 'authenticated');
  assert.equal(await logIn(alice.login, 'wrong'), 'refused', 'nor after the right one');
});

const changes: readonly { why: string; changed: Identity }[] = [
  { why: 'suspended', changed: { ...alice, state: 'suspended', revision: alice.revision + 1 } },
  { why: 'removed', changed: { ...alice, state: 'removed', revision: alice.revision + 1 } },
  {
    why: 'expired',
    changed: { ...alice, credentials: alice.credentials.map((one) => ({ ...one, expiresAt: START })) },
  },
  {
    why: 'changed',
    changed: {
      ...alice,
      revision: alice.revision + 1,
      credentials: alice.credentials.map((one) => ({
        ...one,
        verifiers: [{ type: 'argon2id' as const, phc: 'another' }],
      })),
    },
  },
  {
    why: 'another account by now',
    changed: {
      ...alice,
      id: 'i-other',
      credentials: alice.credentials.map((one) => ({
        ...one,
        verifiers: [{ type: 'argon2id' as const, phc: 'another' }],
      })),
    },
  },
  { why: 'without that credential', changed: { ...alice, credentials: [] } },
  {
    why: 'revoked',
    changed: {
      ...alice,
      revision: alice.revision + 1,
      credentials: alice.credentials.map((one) => ({ ...one, disabled: { at: START, by: 'root' } })),
    },
  },
];

for (const { why, changed } of changes) {
  test(`F-TX-2: what was right a moment ago is refused, and not remembered: ${why}`, async () => {
    const stored = { identity: alice };
    const { logIn } = gathering({ stored });
    assert.equal(await logIn(alice.login, 'right'), 'authenticated');
    assert.equal(await logIn(alice.login, 'right'), 'authenticated', 'remembered');
    stored.identity = changed;
    assert.deepEqual(
      [await logIn(alice.login, 'right'), await logIn(alice.login, 'right')],
      ['refused', 'refused'],
    );
    stored.identity = alice;
    assert.equal(await logIn(alice.login, 'right'), 'authenticated', 'as it was');
  });
}

test('F-AUTH-11: the right password lets nobody act as somebody else', async () => {
  const { ask, hashed } = gathering();
  const asked = async (authzid: string) => (await ask(alice.login, 'right', undefined, authzid)).type;
  assert.equal(await asked('bob@example.org'), 'refused');
  assert.deepEqual(hashed, ['undefined right'], 'at the cost of any other that fails');
  assert.equal(await asked(alice.login), 'authenticated');
});

test('F-AUTH-6/3: the right password of who may not log in is charged like a wrong one', async () => {
  const { ask, hashed } = gathering({ of: { ...alice, state: 'suspended' } });
  for (let n = 0; n < 100; n += 1) assert.equal((await ask(alice.login, 'right')).type, 'refused');
  assert.equal(hashed.length, 40 + 3);
});
