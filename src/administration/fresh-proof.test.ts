// Which use cases a session does with a fresh proof alone, and who is not asked for one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { START } from '../store/store.contract-fixtures.ts';
import type { Actor } from './actor.ts';
import { FRESH_MS, ProofNeeded } from './fresh-proof.ts';
import { type Administration, administrationOf, type UseCaseName, useCases } from './use-cases.ts';

const ALICE = 'alice@example.org';
const BOB = 'bob@example.org';

/** What gives or takes away what others may or come in with. */
const ofOthers = new Set<string>([
  ...['addAppPassword', 'revokePassword', 'revokeAppPassword', 'revokeAppPasswords', 'revokeToken'],
  ...['suspendAccount', 'resumeAccount', 'removeAccount', 'restoreAccount', 'endSession'],
]);
/** Beside: what makes somebody more than he was, copies everything, or opens mail. */
const always = new Set<string>([
  ...['addAccount', 'setPassword', 'resetSecondFactor', 'setRole', 'limitAccount', 'changeRight', 'addToken'],
  ...['queuedContent', 'exportTrail', 'eraseFromTrail', 'backUp'],
]);

const session: Actor = { who: ALICE, through: 'console', role: 'admin', identityId: `id-${ALICE}` };

async function asksProof(actor: Actor, name: UseCaseName, login: string): Promise<boolean> {
  const { ports, trail } = openOffice();
  const as = administrationOf(ports, actor);
  const call = as[name] as (this: Administration, input: unknown) => Promise<unknown>;
  try {
    await call.call(as, { login, max: 1 });
    return false;
  } catch (error) {
    if (!(error instanceof ProofNeeded)) return false;
    assert.deepEqual([error.kind, error.useCase, await trail()], ['denied', name, []]);
    return true;
  }
}

const proofs: readonly {
  readonly why: string;
  readonly provedAt?: number;
  readonly isFresh: boolean;
}[] = [
  { why: 'none at all', isFresh: false },
  { why: 'of this moment', provedAt: START, isFresh: true },
  { why: 'just fresh', provedAt: START - FRESH_MS + 1, isFresh: true },
  { why: 'ten minutes old', provedAt: START - FRESH_MS, isFresh: false },
  { why: 'of a time to come: the clock stepped back', provedAt: START + 1, isFresh: false },
];

for (const { why, isFresh, ...proof } of proofs)
  test(`a proof, ${why}, ${isFresh ? 'is' : 'is not'} enough for what takes a fresh one`, async () => {
    for (const name of Object.keys(useCases) as UseCaseName[])
      for (const login of [ALICE, BOB]) {
        const isAsked = always.has(name) || (ofOthers.has(name) && login === BOB);
        const came = await asksProof({ ...session, ...proof }, name, login);
        assert.equal(came, isAsked && !isFresh, `${name} of ${login}`);
      }
  });

const notAsked: readonly { readonly why: string; readonly actor: Actor }[] = [
  {
    why: 'a token, which was made with one',
    actor: {
      ...{ ...session, through: 'API' },
      token: {
        id: '4Q7WJ2ZM',
        scopes: ['trace', 'reports', 'contain', 'queue', 'accounts', 'backup'],
      },
    },
  },
  { why: 'the command line', actor: { who: 'root', through: 'command line', role: 'admin' } },
];

for (const { why, actor } of notAsked)
  test(`no fresh proof is asked of ${why}`, async () => {
    for (const name of Object.keys(useCases) as UseCaseName[])
      assert.equal(await asksProof(actor, name, BOB), false, name);
  });

test('a user of the operating system has no account that would be his own', async () => {
  const root: Actor = { who: BOB, through: 'console', role: 'admin' };
  assert.equal(await asksProof(root, 'suspendAccount', BOB), true);
});
