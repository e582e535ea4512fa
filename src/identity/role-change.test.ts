// Which roles an identity can be given, and what is left of the one before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aliceAsStored } from '../../test/fakes/submission.ts';
import type { Identity, Role } from '../record/identity.ts';
import { remove, restore } from './identity-changes.ts';
import { setRole } from './role-change.ts';

const ours = new Set(['example.org', 'other.example']);
const dora: Identity = { ...aliceAsStored, role: 'domainAdmin', adminOf: ['other.example'] };

const good: readonly (readonly [
  before: Identity,
  role: Role,
  domains: readonly string[],
  after: Pick<Identity, 'role' | 'adminOf'>,
])[] = [
  [aliceAsStored, 'desk', [], { role: 'desk' }],
  [
    aliceAsStored,
    'domainAdmin',
    ['OTHER.example', 'example.org', 'other.example'],
    { role: 'domainAdmin', adminOf: ['example.org', 'other.example'] },
  ],
  [dora, 'admin', [], { role: 'admin' }],
  [dora, 'user', [], {}],
];
for (const [before, role, domains, after] of good)
  test(`from ${before.role ?? 'user'} to ${role} ${domains.join(' ')}`, () => {
    const { role: _role, adminOf: _adminOf, ...others } = before;
    const changed = setRole(before, { role, domains }, ours);
    assert.deepEqual(changed, { ok: true, value: { ...others, ...after, revision: before.revision + 1 } });
  });

const bad: readonly (readonly [Role, readonly string[], RegExp])[] = [
  ['domainAdmin', [], /has domains: name them with --domain/],
  ['desk', ['example.org'], /domains go with the role domainAdmin, not with desk/],
  ['domainAdmin', ['far.example'], /far\.example is none of our domains/],
];
for (const [role, domains, words] of bad)
  test(`not ${role} ${domains.join(' ')}`, () => {
    const changed = setRole(aliceAsStored, { role, domains }, ours);
    assert.match(changed.ok ? '' : changed.error.text, words);
  });

test('who is removed has no role when he comes back', () => {
  const removed = remove(dora, 7);
  assert.ok(removed.ok && !setRole(removed.value, { role: 'admin', domains: [] }, ours).ok);
  const back = removed.ok ? restore(removed.value) : removed;
  assert.ok(back.ok);
  assert.deepEqual([back.value.role, back.value.adminOf], [undefined, undefined]);
});

test('nor has he when a node that knows no roles removed him', () => {
  const back = restore({ ...dora, state: 'removed', credentials: [] });
  assert.ok(back.ok);
  assert.deepEqual([back.value.role, back.value.adminOf], [undefined, undefined]);
});
