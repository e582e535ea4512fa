import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSlots } from './slots.ts';

test('a slot is found by its number until it is left, and then given to the next', () => {
  const slots = createSlots<{ readonly name: string }>();
  const [first, second, third] = [{ name: 'first' }, { name: 'second' }, { name: 'third' }];
  const slot = slots.take(first);
  assert.notEqual(slots.take(second), slot);
  assert.equal(slots.at(slot), first);
  assert.equal(slots.leave(slot, first), true);
  assert.equal(slots.at(slot), undefined);
  assert.equal(slots.size, 1);
  assert.equal(slots.take(third), slot);
  assert.deepEqual(new Set(slots.all()), new Set([second, third]));
});

test('who leaves twice takes nobody else along, and the slot is not given to two', () => {
  const slots = createSlots<object>();
  const [one, other] = [{}, {}];
  const slot = slots.take(one);
  slots.leave(slot, one);
  assert.equal(slots.leave(slot, one), false);
  assert.equal(slots.take(other), slot);
  assert.equal(slots.leave(slot, one), false);
  assert.equal(slots.at(slot), other);
  assert.notEqual(slots.take({}), slot);
  assert.equal(slots.size, 2);
});

test('a number that was never given is nobody’s', () => {
  const slots = createSlots<object>();
  assert.equal(slots.leave(7, {}), false);
  assert.equal(slots.at(7), undefined);
  assert.equal(slots.size, 0);
});
