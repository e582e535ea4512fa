// `--credential`: what a person has at hand names it, and what names nothing is not taken for an empty queue.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROOT } from '../../test/fakes/administration.ts';
import { aliceAsStored } from '../../test/fakes/submission.ts';
import type { Credential, Identity } from '../record/identity.ts';
import type { QueueSelector } from '../store/selector.ts';
import { type FailureKind, UseCaseFailure } from './failure.ts';
import { selectorOf } from './queue-selector.ts';

const device = (id: string, label: string, fields: Partial<Credential> = {}): Credential => ({
  ...{ id, kind: 'appPassword', label, createdAt: 0, verifiers: [] },
  ...fields,
});
const revoked = { disabled: { at: 1, by: 'root' } };
const alice: Identity = {
  ...aliceAsStored,
  credentials: [
    ...aliceAsStored.credentials,
    ...[device('04JXYJ95', 'phone'), device('04JXYJ96', 'old phone', revoked)],
    ...[device('04JXYJ97', 'laptop', revoked), device('04JXYJ98', 'laptop')],
  ],
};
const bob: Identity = { ...aliceAsStored, id: 'i-bob', login: 'bob@example.org', credentials: [] };
/** In the queue, and in no account any more. */
const GONE = '04JXYJ9A';

const byLogin = (login: string): Identity | undefined => [alice, bob].find((one) => one.login === login);

const lookups = {
  identityByLogin: (login: string) => Promise.resolve(byLogin(login)),
  identityById: (id: string) => Promise.resolve([alice, bob].find((one) => one.id === id)),
  identityByCredential: (id: string) =>
    Promise.resolve(
      [alice, bob].find(({ credentials }) =>
        credentials.some((one) => one.id === id && one.kind === 'appPassword'),
      ),
    ),
  queueCount: ({ identityId, credentialId }: QueueSelector) =>
    Promise.resolve(
      (identityId ?? bob.id) === bob.id && [GONE, 'password'].includes(credentialId ?? '') ? 1 : 0,
    ),
};

const ports = {
  config: assert.fail,
  clock: { now: () => 10_000 },
  nextHops: () => [{ name: 'files', domains: [], takes: 'others' } as const],
};

const A = alice.login;
const B = bob.login;
const vectors: readonly (readonly [
  credential: string,
  identity: string | undefined,
  id: string | RegExp,
  kind?: FailureKind,
])[] = [
  ['04JXYJ95', undefined, '04JXYJ95'],
  ['04jxyj95', undefined, '04JXYJ95'],
  ['04jxyj96', undefined, '04JXYJ96'],
  [GONE.toLowerCase(), undefined, GONE],
  [
    '04JXYJ99',
    undefined,
    /^no app password has the id 04JXYJ99; a label needs --identity LOGIN$/,
    'negative',
  ],
  ['phone', undefined, /^no app password has the id phone; a label needs/, 'negative'],
  ['password', undefined, /^--credential is the id of an app password, or with --identity LOGIN/, 'usage'],
  ['Password', undefined, /^--credential is the id/, 'usage'],
  ['', undefined, /^--credential is the id/, 'usage'],
  ['', A, /^--credential is the id/, 'usage'],
  ['04jxyj95', A, '04JXYJ95'],
  ['phone', A, '04JXYJ95'],
  ['old phone', A, '04JXYJ96'],
  ['password', A, 'password'],
  ['PASSWORD', A, 'password'],
  ['laptop', A, /several credentials are labelled laptop; .*: 04JXYJ97 or 04JXYJ98$/, 'negative'],
  [
    'fax',
    A,
    /^alice@example\.org has no credential fax; `postern account show alice@example\.org`/,
    'negative',
  ],
  [GONE, A, /^alice@example\.org has no credential 04JXYJ9A/, 'negative'],
  ['04JXYJ95', B, /^bob@example\.org has no credential 04JXYJ95/, 'negative'],
  [GONE, B, GONE],
  ['password', B, 'password'],
];

for (const [credential, login, expected, kind] of vectors)
  test(`--credential '${credential}'${login === undefined ? '' : ` --identity ${login}`}`, async () => {
    const options = { credential, ...(login === undefined ? {} : { identity: login }) };
    const asked = selectorOf({ ...ports, lookups }, ROOT, options);
    if (typeof expected === 'string') {
      const owner = login === undefined ? await lookups.identityByCredential(expected) : byLogin(login);
      const whose = owner === undefined ? {} : { identityId: owner.id };
      assert.deepEqual(await asked, { ...whose, credentialId: expected });
    } else
      await assert.rejects(asked, (error: unknown) => {
        assert.ok(error instanceof UseCaseFailure);
        assert.match(error.message, expected);
        assert.equal(error.kind, kind);
        return true;
      });
  });

for (const [why, part, selector] of [
  ['exactly so long is older', { olderThan: 1_000 }, { acceptedBefore: 9_001 }],
  ['and not younger', { youngerThan: 1_000 }, { acceptedSince: 9_001 }],
  ['both', { olderThan: 1, youngerThan: 2 }, { acceptedBefore: 10_000, acceptedSince: 9_999 }],
  ['of no age', { olderThan: 0 }, { acceptedBefore: 10_001 }],
  ['a next hop by its name', { nextHop: 'files' }, { nextHop: ports.nextHops()[0] }],
] as const)
  test(`a part of the queue by ${Object.keys(part).join(' and ')}: ${why}`, async () => {
    assert.deepEqual(await selectorOf({ ...ports, lookups }, ROOT, part), selector);
  });
