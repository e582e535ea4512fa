// Several directories, asked in turn, and a login by a password that another one than ours keeps.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Identity, principalFacts } from '../../record/identity.ts';
import { countedEntropy, identityOf, START, virtualClock } from '../../store/store.contract-fixtures.ts';
import { createAppPassword } from '../app-password.ts';
import { createAuthenticator } from '../authenticator.ts';
import { createHashing } from '../hashing.ts';
import type { Directory } from './directory.ts';
import { inTurn } from './directories.ts';

/** Keeps these, each with the password `right`. */
function keeping(name: string, people: readonly Identity[], asked: string[], isAway = false): Directory {
  const found = async (what: string): Promise<Identity | undefined> => {
    asked.push(`${name} ${what}`);
    if (isAway) throw new Error(`${name} is away`);
    return people.find(({ login }) => login === what);
  };
  return {
    byLogin: found,
    byAddress: found,
    async password(identity, password) {
      asked.push(`${name} judges ${password} of ${identity?.login}`);
      if (identity === undefined || password !== 'right') return { type: 'wrong', cause: `${name} says no` };
      const proof = { kind: 'directory', id: 'password', label: 'password', directory: name } as const;
      return { type: 'right', proof };
    },
  };
}

const kept = (login: string, directory: string, said: Partial<Identity> = {}): Identity =>
  identityOf(login, { origin: { directory, key: '7' }, ...said });
const [al, bo] = [kept('al@example.org', 'one'), kept('bo@example.org', 'two')];
const namesake = { ...kept('al@example.org', 'two'), id: 'id-namesake' };

const searches: readonly {
  readonly why: string;
  readonly logins: readonly string[];
  readonly found: string | undefined;
  readonly by: string;
  readonly asked: readonly string[];
}[] = [
  {
    why: 'the first that knows one decides',
    logins: [al.login],
    found: al.id,
    by: 'one',
    asked: ['one al@example.org'],
  },
  {
    why: 'each name before the next directory',
    logins: ['x', bo.login],
    found: bo.id,
    by: 'two',
    asked: ['one x', 'one bo@example.org', 'two x', 'two bo@example.org'],
  },
  {
    why: 'nobody is kept by the first',
    logins: ['x'],
    found: undefined,
    by: 'one',
    asked: ['one x', 'two x'],
  },
];

for (const { why, logins, found, by, asked } of searches)
  test(`directories in turn: ${why}`, async () => {
    const was: string[] = [];
    const { identity, directory } = await inTurn([
      keeping('one', [al], was),
      keeping('two', [bo, namesake], was),
    ]).byLogin(logins);
    assert.equal(identity?.id, found);
    assert.deepEqual(was, asked);
    const judged = await directory.password(undefined, 'x', { networks: [], shared: false, own: [] });
    assert.deepEqual(judged, { type: 'wrong', cause: `${by} says no` });
  });

test('directories in turn: one that can’t be asked ends the search, though the next has a namesake', async () => {
  const was: string[] = [];
  const both = inTurn([keeping('one', [al], was, true), keeping('two', [namesake], was)]);
  await assert.rejects(both.byLogin([al.login]), /one is away/);
  await assert.rejects(both.byAddress(al.login), /one is away/);
  assert.deepEqual(was, ['one al@example.org', 'one al@example.org']);
});

const device = createAppPassword({ label: 'phone', now: START }, countedEntropy());
const foreign = kept('al@example.org', 'one', { credentials: [device.credential] });

function loggingIn(identity: Identity, isAway = false) {
  const asked: string[] = [];
  const clock = virtualClock();
  const authenticator = createAuthenticator({
    directories: inTurn([keeping('one', [identity], asked, isAway)]),
    lookups: { credentialUses: async () => [] },
    hashing: createHashing({ clock, verify: () => Promise.reject(new Error('no hash is made')) }),
    ...{ clock, entropy: countedEntropy(), note: () => undefined },
    settings: { domains: () => new Set(['example.org']), isShared: () => false },
  });
  const logIn = (password: string, authorizationIdentity = '') =>
    authenticator.authenticate(
      {
        ...{ kind: 'password', mechanism: 'PLAIN', authorizationIdentity },
        ...{ authenticationIdentity: identity.login, password },
      },
      { address: '192.0.2.1' },
    );
  const judged = (): readonly string[] => asked.filter((what) => what.includes('judges'));
  return { logIn, judged, asked };
}

test('a login by the password of a directory is told with its name, and is asked for once', async () => {
  const { logIn, judged } = loggingIn(foreign);
  for (let time = 0; time < 2; time += 1) {
    const outcome = await logIn('right');
    assert.ok(outcome.type === 'authenticated');
    assert.deepEqual(principalFacts(outcome.principal), {
      ...{ identityId: foreign.id, login: foreign.login, mechanism: 'PLAIN' },
      ...{ credentialId: 'password', credentialLabel: 'password', directory: 'one' },
    });
  }
  assert.deepEqual(judged(), ['one judges right of al@example.org']);
});

test('an app password is ours to judge, whoever keeps the person', async () => {
  const { logIn, judged } = loggingIn(foreign);
  const outcome = await logIn(device.text);
  assert.ok(outcome.type === 'authenticated');
  const { credentialId, ...others } = principalFacts(outcome.principal);
  assert.equal(credentialId, device.credential.id);
  assert.ok(!('directory' in others), 'the directory proved nothing');
  assert.deepEqual(judged(), []);
});

const refusals: readonly {
  readonly why: string;
  readonly of: Identity;
  readonly password: string;
  readonly authorizationIdentity?: string;
  readonly isAway?: boolean;
  readonly refused: readonly [name: string, cause: string];
  readonly judged: readonly string[];
}[] = [
  {
    ...{ why: 'a wrong password', of: foreign, password: 'wrong' },
    refused: ['authFailed', 'one says no'],
    judged: ['one judges wrong of al@example.org'],
  },
  {
    ...{ why: 'suspended here', of: { ...foreign, state: 'suspended' }, password: 'right' },
    refused: ['authFailed', 'the identity is suspended'],
    judged: ['one judges right of al@example.org'],
  },
  {
    ...{ why: 'as somebody else', of: foreign, password: 'right', authorizationIdentity: 'bo@example.org' },
    refused: ['authFailed', 'authorization identity is not the login'],
    judged: ['one judges right of undefined'],
  },
  {
    why: 'an app password that was revoked is shown to nobody’s account',
    of: { ...foreign, credentials: [{ ...device.credential, disabled: { at: START, by: 'root' } }] },
    password: device.text,
    refused: ['authFailed', 'the credential of the login was revoked'],
    judged: [`one judges ${device.text} of undefined`],
  },
  {
    ...{ why: 'who is kept elsewhere by now', of: { ...foreign, origin: { directory: 'two', key: '7' } } },
    password: 'right',
    refused: ['authFailed', 'the credential of the login was revoked'],
    judged: ['one judges right of al@example.org'],
  },
  {
    ...{ why: 'a directory that can’t be asked', of: foreign, password: 'right', isAway: true },
    refused: ['authTemporary', 'infrastructure: one is away'],
    judged: [],
  },
];

for (const { why, of, password, authorizationIdentity, isAway, refused, judged: expected } of refusals)
  test(`a login at a directory is refused: ${why}`, async () => {
    const { logIn, judged } = loggingIn(of, isAway);
    const outcome = await logIn(password, authorizationIdentity);
    assert.ok(outcome.type === 'refused');
    assert.deepEqual([outcome.refusal.name, outcome.cause], refused);
    assert.deepEqual(judged(), expected);
  });
