// The memory that all sessions of a front share.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryBudget } from './memory-budget.ts';

test('what is reserved never goes over the limit, and what is released can be had again', () => {
  const budget = createMemoryBudget(100);
  assert.ok(budget.reserve(60));
  assert.ok(!budget.reserve(41), 'one too many');
  assert.equal(budget.used, 60, 'a refusal reserves nothing');
  assert.ok(budget.reserve(40), 'just as many as there are');
  assert.ok(budget.reserve(0));
  assert.ok(!budget.reserve(1));
  budget.release(60);
  assert.equal(budget.used, 40);
  assert.ok(budget.reserve(60));
});
