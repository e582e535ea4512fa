// Which credential is revoked, and what is said when there is none to revoke.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliceAsStored } from '../../test/fakes/submission.ts';
import type { Credential, Identity } from '../record/identity.ts';
import { revokeAppPasswords, revokeCredential } from './credential-changes.ts';

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
  ['fax', alice, /^alice@example\.org has no app password fax$/],
  ['password', alice, /^`password` is no app password .* `account password alice@example\.org --revoke`$/],
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

test('the password of the person is revoked by an act of its own, and app passwords stay', () => {
  const disabled = { at: 5000, by: 'root' };
  const changed = revokeCredential(alice, 'password', disabled, 'password');
  assert.ok(changed.ok);
  const now = changed.value.credentials.filter((one) => one.disabled?.at === 5000);
  assert.deepEqual(
    now.map(({ kind }) => kind),
    ['password'],
  );
  const again = revokeCredential(changed.value, 'password', disabled, 'password');
  assert.match(again.ok ? '' : again.error.text, /^password of alice@example\.org was revoked already/);
});

test('all app passwords at once: each of them and nothing else; those revoked before keep their moment', () => {
  const changed = revokeAppPasswords(alice, { at: 5000, by: 'root' });
  assert.ok(changed.ok);
  const at = (moment: number): readonly string[] =>
    changed.value.credentials.filter(({ disabled }) => disabled?.at === moment).map(({ id }) => id);
  assert.deepEqual(at(5000), ['A1', 'A5', 'A6']);
  assert.deepEqual([at(1000), at(2000)], [['A2', 'A3'], ['A4']]);
});
