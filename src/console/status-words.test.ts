// What a status code means to a sender: a reply that asks to come again says nothing final.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusMeaning } from './status-words.ts';

const vectors: readonly (readonly [status: string, meaning: string | undefined, why: string])[] = [
  ['5.2.1', 'the mailbox is switched off', 'refused for good'],
  ['4.2.1', 'the other server put it off', 'greylisting: 450 4.2.1'],
  ['4.1.1', 'the other server put it off', 'an address that could not be verified yet'],
  ['4.1.2', 'the other server put it off', 'a domain that the other server could not look up'],
  ['4.7.1', 'the other server put it off', 'greylisting: 451 4.7.1'],
  ['4.7.99', 'the other server put it off', 'a detail that is not in the table'],
  ['4.6.0', 'the other server put it off', 'content that it could not look at'],
  ['5.7.1', 'the other server does not take it from you', 'refused for good'],
  ['4.2.2', 'the mailbox is full', 'true for now too'],
  ['4.4.1', 'the server does not answer', 'of the connection'],
  ['4.4.99', 'the other server could not be reached', 'of the connection, a detail that is not in the table'],
  ['4.0.0', undefined, 'says nothing'],
  ['4.9.9', undefined, 'no such subject'],
  ['no code', undefined, 'no code'],
];

for (const [status, meaning, why] of vectors)
  test(`${status}: ${why}`, () => {
    assert.equal(statusMeaning(status), meaning);
  });
