// Which mechanisms an EHLO answer lists, in the standard's form and in the old one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { helloOf } from '../../test/fakes/survey.ts';
import { hasAuth, mechanismsOf } from './mechanisms.ts';

for (const [keywords, mechanisms, isOffered] of [
  [['AUTH PLAIN LOGIN'], ['PLAIN', 'LOGIN'], true],
  [['AUTH plain'], ['PLAIN'], true],
  [['AUTH=LOGIN PLAIN'], ['LOGIN', 'PLAIN'], true],
  [['AUTH PLAIN', 'AUTH=PLAIN LOGIN'], ['PLAIN', 'LOGIN'], true],
  [['AUTH'], [], true],
  [['SIZE 1'], [], false],
] as const)
  test(`${keywords.join(', ')}`, () => {
    const { capabilities } = helloOf(...keywords);
    assert.deepEqual([mechanismsOf(capabilities), hasAuth(capabilities)], [mechanisms, isOffered]);
  });
