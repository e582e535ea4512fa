import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPlaces } from './places.ts';

test('a place is found by its number until it is left, and then given to the next', () => {
  const places = createPlaces<{ readonly name: string }>();
  const [first, second, third] = [{ name: 'first' }, { name: 'second' }, { name: 'third' }];
  const place = places.take(first);
  assert.notEqual(places.take(second), place);
  assert.equal(places.at(place), first);
  assert.equal(places.leave(place, first), true);
  assert.equal(places.at(place), undefined);
  assert.equal(places.size, 1);
  assert.equal(places.take(third), place);
  assert.deepEqual(new Set(places.all()), new Set([second, third]));
});

test('who leaves twice takes nobody else along, and the place is not given to two', () => {
  const places = createPlaces<object>();
  const [one, other] = [{}, {}];
  const place = places.take(one);
  places.leave(place, one);
  assert.equal(places.leave(place, one), false);
  assert.equal(places.take(other), place);
  assert.equal(places.leave(place, one), false);
  assert.equal(places.at(place), other);
  assert.notEqual(places.take({}), place);
  assert.equal(places.size, 2);
});

test('a number that was never given is nobody’s', () => {
  const places = createPlaces<object>();
  assert.equal(places.leave(7, {}), false);
  assert.equal(places.at(7), undefined);
  assert.equal(places.size, 0);
});
