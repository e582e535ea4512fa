// The memory that all sessions of a front share.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemoryBudget, shareOfBudget } from './memory-budget.ts';

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

test('F-DOS-2/4: strangers take no more than their share of the memory, and nothing when it is used up', () => {
  const whole = createMemoryBudget(100);
  const share = shareOfBudget(whole, 40);
  assert.deepEqual(
    [share.reserve(40), share.reserve(1), whole.reserve(60), whole.reserve(1)],
    [true, false, true, false],
  );
  share.release(40);
  assert.deepEqual([whole.used, share.used], [60, 0]);
  assert.equal(whole.reserve(20), true);
  assert.deepEqual([share.reserve(30), share.used, share.reserve(20)], [false, 0, true]);
  share.release(20);
  assert.deepEqual([whole.used, share.isAmple], [80, false]);
});

test('another limit is in force at once, for the whole and for a share, and takes nothing away', () => {
  const whole = createMemoryBudget(100);
  const share = shareOfBudget(whole, 40);
  assert.ok(share.reserve(40));
  whole.limitOctets = 30;
  assert.deepEqual([whole.used, whole.isAmple, whole.reserve(1)], [40, false, false]);
  whole.limitOctets = 200;
  assert.deepEqual([share.reserve(1), whole.reserve(20)], [false, true]);
  share.limitOctets = 60;
  assert.deepEqual([share.limitOctets, share.reserve(20), share.reserve(1)], [60, true, false]);
});

test('nothing is released that was not reserved', () => {
  const budget = createMemoryBudget(100);
  budget.reserve(5);
  assert.throws(() => budget.release(6), /nobody had reserved/);
});
