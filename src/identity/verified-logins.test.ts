// What lets a login pass without asking the lookup thread, and what does not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Evidence } from '../protocol/sasl/mechanism.ts';
import { alice } from '../../test/fakes/submission.ts';
import { createVerifiedLogins, FRONT_KEEPS_MS as KEPT_MS, loginFingerprint } from './verified-logins.ts';
import type { Principal } from '../record/identity.ts';

const NOW = 1_000_000;
const HERE = '192.0.2.7';
const verified: Evidence = {
  kind: 'password',
  mechanism: 'PLAIN',
  authorizationIdentity: '',
  authenticationIdentity: 'alice@example.org',
  password: 'right horse',
};

function remembering(stands = true) {
  const logins = createVerifiedLogins<Principal>(KEPT_MS);
  const nameOf = (evidence: Evidence, address: string) => loginFingerprint('secret', evidence, address);
  logins.remember(nameOf(verified, HERE), alice, NOW);
  return {
    ...logins,
    recall: (evidence: Evidence, address: string, nowMs: number) =>
      logins.recall(nameOf(evidence, address), nowMs, () => stands),
  };
}

const vectors: readonly (readonly [
  credentials: Partial<Evidence>,
  address: string,
  atMs: number,
  passes: boolean,
  why: string,
])[] = [
  [{}, HERE, NOW, true, 'the same again'],
  [{}, HERE, NOW + KEPT_MS - 1, true, 'a moment later'],
  [{}, HERE, NOW + KEPT_MS, false, 'the lookup thread is to hear of it once a minute'],
  [{}, HERE, NOW - 1, false, 'the clock stepped back'],
  [{}, '192.0.2.8', NOW, false, 'from elsewhere the guessing defence has its say'],
  [{ password: 'right horse ' }, HERE, NOW, false, 'another password'],
  [{ password: '' }, HERE, NOW, false, 'none'],
  [{ authenticationIdentity: 'alice' }, HERE, NOW, false, 'another way to write the name'],
  [{ authorizationIdentity: 'bob@example.org' }, HERE, NOW, false, 'on behalf of somebody else'],
  [{ mechanism: 'LOGIN' }, HERE, NOW, false, 'the record names the mechanism'],
  [
    { authenticationIdentity: 'alice@example.org","192.0.2.7","right', password: 'horse' },
    HERE,
    NOW,
    false,
    'parts that run into each other',
  ],
];

test('F-AUTH-2: only what the lookup thread has just let in passes without it', () => {
  for (const [other, address, at, passes, why] of vectors) {
    const found = remembering().recall({ ...verified, ...other }, address, at);
    assert.equal(found, passes ? alice : undefined, why);
  }
});

test('BCP134-3.1-f: a change of the identity ends it, for good', () => {
  assert.equal(remembering(false).recall(verified, HERE, NOW), undefined);
  const logins = remembering();
  logins.forget();
  assert.equal(logins.recall(verified, HERE, NOW), undefined);
});
