// Connections of the web listener, by network.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONNECTIONS_PER_NETWORK, createWebPlaces } from './web-places.ts';

test('F-DOS-2/3: a network holds so many connections, another is not touched, and a place that is left can be had again', () => {
  const places = createWebPlaces();
  const held = Array.from({ length: CONNECTIONS_PER_NETWORK }, () => places.enter('192.0.2.7'));
  assert.ok(held.every((leave) => leave !== undefined));
  assert.equal(places.enter('192.0.2.7'), undefined);
  places.enter('198.51.100.7')?.();
  held[0]?.();
  assert.notEqual(places.enter('192.0.2.7'), undefined);
});

test('a place is left once', () => {
  const leave = createWebPlaces().enter('192.0.2.7');
  leave?.();
  assert.throws(() => leave?.(), /leaves its place twice/);
});
