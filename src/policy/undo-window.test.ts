import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undoUntil } from './undo-window.ts';

const NOW = 1_000_000;
const from = 'alice@example.org';

const vectors = [
  { why: 'a window', principal: { mailbox: true, undoSeconds: 10 }, from, until: NOW + 10_000 },
  { why: 'the longest', principal: { mailbox: true, undoSeconds: 60 }, from, until: NOW + 60_000 },
  { why: 'none', principal: { mailbox: true }, from, until: undefined },
  { why: 'none, as a number', principal: { mailbox: true, undoSeconds: 0 }, from, until: undefined },
  { why: 'a service', principal: { mailbox: false, undoSeconds: 10 }, from, until: undefined },
  { why: 'the null sender', principal: { mailbox: true, undoSeconds: 10 }, from: '', until: undefined },
  { why: 'mail of a stranger', principal: undefined, from, until: undefined },
] as const;

for (const { why, principal, from: reversePath, until } of vectors)
  test(`how long what was sent may be taken back: ${why}`, () => {
    assert.equal(undoUntil(principal, reversePath, NOW), until);
  });
