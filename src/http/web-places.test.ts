// Connections of the web listener, by network.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONNECTIONS_PER_NETWORK, createWebAdmission } from './web-admission.ts';

test('F-DOS-2/3: a network holds so many connections, another is not touched, and a place that is left can be had again', () => {
  const admission = createWebAdmission();
  const held = Array.from({ length: CONNECTIONS_PER_NETWORK }, () => admission.enter('192.0.2.7'));
  assert.ok(held.every((leave) => leave !== undefined));
  assert.equal(admission.enter('192.0.2.7'), undefined);
  admission.enter('198.51.100.7')?.();
  held[0]?.();
  assert.notEqual(admission.enter('192.0.2.7'), undefined);
});

test('a place is left once', () => {
  const leave = createWebAdmission().enter('192.0.2.7');
  leave?.();
  assert.throws(() => leave?.(), /leaves its place twice/);
});
