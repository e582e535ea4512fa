// Is the principal of an open session still who it was?

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Credential, Identity, Principal } from '../record/identity.ts';
import type { Lookups } from '../store/lookups.ts';
import { StoreUnavailable } from '../store/port.ts';
import type { ShownIdentity } from '../store/shown-identity.ts';
import { createIdentityStatuses, type IdentityStatuses } from './identity-status.ts';
import { alice, aliceAsStored, NOW } from '../../test/fakes/submission.ts';

function statusesOver(identity: ShownIdentity | undefined, isSure = () => true): IdentityStatuses {
  const identityById = (): Promise<ShownIdentity | undefined> => Promise.resolve(identity);
  return createIdentityStatuses({ identityById } as unknown as Lookups, isSure);
}

function notice(revision: number, identityId = alice.identityId) {
  return { type: 'identityChanged', identityId, revision, state: 'active', gone: [] } as const;
}

const unchangedVectors: readonly (readonly [
  principal: Principal,
  notices: readonly ReturnType<typeof notice>[],
  unchanged: boolean,
  why: string,
])[] = [
  [alice, [], true, 'nothing was heard'],
  [alice, [notice(1)], true, 'her own revision'],
  [alice, [notice(2)], false, 'a later one'],
  [{ ...alice, revision: 2 }, [notice(2)], true, 'logged in after it'],
  [alice, [notice(9, 'i-bob')], true, 'somebody else changed'],
  [alice, [notice(3), notice(2)], false, 'notices that overtook each other'],
  [{ ...alice, revision: 2 }, [notice(3), notice(2)], false, 'the latest counts, whichever came last'],
  [{ ...alice, proof: { ...alice.proof, expiresAt: NOW + 1 } }, [], true, 'the credential lives'],
  [{ ...alice, proof: { ...alice.proof, expiresAt: NOW } }, [], false, 'it ends now'],
];

test('F-TX-2: a change or an end of the credential is seen without asking the store', () => {
  for (const [principal, notices, unchanged, why] of unchangedVectors) {
    const identityStatuses = statusesOver(undefined);
    for (const one of notices) identityStatuses.noticed(one);
    assert.equal(identityStatuses.unchanged(principal, NOW), unchanged, why);
  }
});

test('F-TX-2: while changes are not heard of nobody is believed; when they are again, whoever did not change', async () => {
  let sure = false;
  const identityStatuses = statusesOver(aliceAsStored, () => sure);
  const identityStatus = await identityStatuses.refresh(alice, NOW);
  assert.ok(identityStatus.state === 'active');
  assert.equal(identityStatuses.unchanged(identityStatus.principal, NOW), false);
  sure = true;
  assert.equal(identityStatuses.unchanged(identityStatus.principal, NOW), true);
  identityStatuses.noticed(notice(2));
  assert.equal(identityStatuses.unchanged(identityStatus.principal, NOW), false);
});

const [password] = aliceAsStored.credentials as readonly [Credential];

test('where credentials are hidden nobody is told that his was revoked: it can’t be told now', async () => {
  const hidden = { ...aliceAsStored, credentials: { because: 'no right to see them' } };
  await assert.rejects(
    statusesOver(hidden).refresh(alice, NOW),
    new StoreUnavailable('no right to see them'),
  );
  const suspended = await statusesOver({ ...hidden, state: 'suspended' }).refresh(alice, NOW);
  assert.equal(suspended.state, 'suspended');
  const ofProgram = { ...alice, proof: { kind: 'osUser', id: '', label: 'backup' } } as const;
  assert.equal((await statusesOver(hidden).refresh(ofProgram, NOW)).state, 'active');
});

const states: readonly (readonly [stored: Identity | undefined, state: string, why: string])[] = [
  [aliceAsStored, 'active', 'as she was'],
  [undefined, 'removed', 'forgotten'],
  [{ ...aliceAsStored, state: 'removed' }, 'removed', 'a tombstone'],
  [{ ...aliceAsStored, state: 'suspended' }, 'suspended', 'suspended'],
  [{ ...aliceAsStored, credentials: [] }, 'credentialRevoked', 'her password was taken away'],
  [{ ...aliceAsStored, credentials: [{ ...password, id: 'other' }] }, 'credentialRevoked', 'or replaced'],
  [{ ...aliceAsStored, credentials: [{ ...password, expiresAt: NOW }] }, 'credentialExpired', 'or ended'],
  [{ ...aliceAsStored, credentials: [{ ...password, expiresAt: NOW + 1 }] }, 'active', 'or will end'],
];

test('BCP134-3.1-f F-TX-2: the store tells who may go on', async () => {
  for (const [stored, state, why] of states)
    assert.equal((await statusesOver(stored).refresh(alice, NOW)).state, state, why);
});

test('F-TX-2 BCP134-3.1-f: after a lost line what was known is read once more, and believed when it was read since', async () => {
  const identityStatuses = statusesOver(aliceAsStored);
  const early = identityStatuses.reading();
  identityStatuses.unsure();
  assert.equal(identityStatuses.unchanged(alice, NOW), false, 'a notice may have been lost');
  early(alice);
  assert.equal(identityStatuses.unchanged(alice, NOW), false, 'what was asked before proves nothing');
  const identityStatus = await identityStatuses.refresh(alice, NOW);
  assert.ok(identityStatus.state === 'active');
  assert.equal(identityStatuses.unchanged(identityStatus.principal, NOW), true, 'looked up');
  const loggedIn = { ...alice };
  identityStatuses.reading()(loggedIn);
  assert.equal(identityStatuses.unchanged(loggedIn, NOW), true, 'logged in since');
  identityStatuses.noticed(notice(2));
  assert.equal(identityStatuses.unchanged(loggedIn, NOW), false, 'what is heard still counts');
  identityStatuses.unsure();
  assert.equal(identityStatuses.unchanged(identityStatus.principal, NOW), false, 'again');
});

test('BCP134-3.1-f: a changed password ends what was begun with the one before it', async () => {
  const since = password.createdAt;
  const changed = { ...aliceAsStored, credentials: [{ ...password, createdAt: since + 1 }] };
  const before = { ...alice, proof: { ...alice.proof, since } };
  assert.equal((await statusesOver(aliceAsStored).refresh(before, NOW)).state, 'active');
  assert.equal((await statusesOver(changed).refresh(before, NOW)).state, 'passwordChanged');
});

test('a refreshed principal has the rights and limits of now', async () => {
  const rights = [{ kind: 'granted', address: 'team@example.org' }] as const;
  const identityStatus = await statusesOver({ ...aliceAsStored, revision: 7, rights }).refresh(alice, NOW);
  assert.ok(identityStatus.state === 'active');
  assert.deepEqual(identityStatus.principal.rights, rights);
  assert.equal(identityStatus.principal.revision, 7);
  assert.equal(identityStatus.principal.mechanism, 'PLAIN');
});
