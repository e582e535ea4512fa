// How much each destination may have under way.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRooms } from './rooms.ts';
import type { RelaySettings } from './settings.ts';

const route = { type: 'files', directory: '/outbox' } as const;
const settings = { route, routes: {} } as unknown as RelaySettings;
const open = () => createRooms({ settings: () => settings, connectionsMax: () => 1 });

test('a destination without room for half is asked nothing, until a job has ended', () => {
  const rooms = open();
  const begun = Array.from({ length: 26 }, () => rooms.began(route));
  assert.deepEqual(rooms.shares(), []);
  begun[0]?.ended();
  assert.deepEqual(rooms.shares(), [{ max: 25 }]);
});

test('room is given back once', () => {
  const room = open().began(route);
  room.ended();
  assert.throws(() => room.ended(), /gives its room back twice/);
});
