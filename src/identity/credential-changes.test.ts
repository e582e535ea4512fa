// Which credential is revoked, and what is said when there is none to revoke.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliceAsStored } from '../../test/fakes/submission.ts';
import type { Credential, Identity } from '../record/identity.ts';
import { revokeCredential } from './credential-changes.ts';

const device = (id: string, label: string, revokedAt?: number): Credential => ({
  ...{ id, kind: 'appPassword', label, createdAt: 0, verifiers: [] },
  ...(revokedAt === undefined ? {} : { disabled: { at: revokedAt, by: 'root' } }),
});
const credentials = [
  ...aliceAsStored.credentials,
  ...[device('A1', 'phone'), device('A2', 'phone', 1000)],
  ...[device('A3', 'tablet', 1000), device('A4', 'tablet', 2000)],
  ...[device('A5', 'laptop'), device('A6', 'laptop')],
];
const alice: Identity = { ...aliceAsStored, credentials };

const good: readonly (readonly [named: string, revoked: string])[] = [
  ['A1', 'A1'],
  ['a1', 'A1'],
  ['phone', 'A1'],
  ['a6', 'A6'],
  ['password', 'password'],
];
for (const [named, revoked] of good)
  test(`D-OUT-5: revoke ${named}`, () => {
    const changed = revokeCredential(alice, named, { at: 5000, by: 'root' });
    assert.ok(changed.ok);
    const now = changed.value.credentials.filter(({ disabled }) => disabled?.at === 5000);
    assert.deepEqual(
      now.map(({ id }) => id),
      [revoked],
    );
  });

const none: readonly (readonly [named: string, identity: Identity, told: RegExp])[] = [
  ['fax', alice, /^alice@example\.org has no credential fax$/],
  ['laptop', alice, /labelled laptop; name one by its id: A5 or A6$/],
  ['a2', alice, /^a2 of alice@example\.org was revoked already, 1970-01-01T00:00:01\.000Z by root$/],
  ['tablet', alice, /^tablet of .* was revoked already, 1970-01-01T00:00:02\.000Z by root$/],
  ['phone', { ...alice, state: 'removed', credentials: [] }, /^alice@example\.org was removed; /],
];
for (const [named, identity, told] of none)
  test(`D-OUT-5: revoke ${named} of ${identity.state} says why not`, () => {
    const changed = revokeCredential(identity, named, { at: 5000, by: 'root' });
    assert.ok(!changed.ok);
    assert.match(changed.error.text, told);
  });
