// Tokens: what is made is taken back as it was made, and nothing else is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countedEntropy } from '../store/store.contract-fixtures.ts';
import { parseToken, createToken, verifyToken } from './token.ts';

const made = createToken(
  { identityId: 'abcdefghjkmnpqrs', label: 'ci', scopes: ['trace'], now: 5, expiresAt: 9 },
  countedEntropy(),
);

test('a token names its identity, and is kept without its secret', () => {
  const { verifiers, id, ...kept } = made.credential;
  assert.match(made.text, new RegExp(`^postern_abcdefghjkmnpqrs_${id}_[0-9A-Z]{26}$`));
  assert.deepEqual(kept, { kind: 'token', label: 'ci', scopes: ['trace'], createdAt: 5, expiresAt: 9 });
  assert.ok(!JSON.stringify(verifiers).includes(made.text.slice(-26)));
});

test('it verifies', () => {
  const token = parseToken(made.text);
  assert.equal(token?.identityId, 'abcdefghjkmnpqrs');
  assert.ok(token !== undefined && verifyToken(made.credential, token));
});

test('an app password of the same id and secret is no token', () => {
  const token = parseToken(made.text);
  assert.ok(token !== undefined && !verifyToken({ ...made.credential, kind: 'appPassword' }, token));
});

const last = made.text.slice(0, -1);
const wrong: readonly (readonly [why: string, text: string])[] = [
  ['another secret', `${last}${made.text.endsWith('0') ? '1' : '0'}`],
  ['another id', made.text.replace(/_([0-9A-Z])([0-9A-Z]{7})_/, '_Z$2_')],
];
for (const [why, text] of wrong)
  test(`not with ${why}`, () => {
    const token = parseToken(text);
    assert.ok(token !== undefined && !verifyToken(made.credential, token));
  });

const none = [
  '',
  'postern',
  `${made.text}0`,
  last,
  ` ${made.text}`,
  made.text.toLowerCase(),
  `x${made.text}`,
];
for (const text of none) test(`"${text}" is no token`, () => assert.equal(parseToken(text), undefined));
