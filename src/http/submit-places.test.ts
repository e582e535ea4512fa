import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createSubmitPlaces } from './submit-places.ts';

class FakeSocket extends EventEmitter {
  closed = false;
  destroy(): void {
    this.closed = true;
    this.emit('close');
  }
}

function placesAt(clock = virtualClock(0)) {
  const places = createSubmitPlaces({ clock, messagesMax: 4, messagesPerUser: 3 });
  const enter = (): FakeSocket => {
    const socket = new FakeSocket();
    places.entered(socket);
    return socket;
  };
  return { clock, places, enter };
}

test('F-DOS-2/1 F-DOS-2/3: who has not proven who it is gives way to newcomers, and has ten seconds', () => {
  const { clock, places, enter } = placesAt();
  const known = enter();
  assert.equal(places.proven(known, 1000), true);
  const unknown = Array.from({ length: 400 }, enter);
  assert.equal(unknown.filter(({ closed }) => !closed).length, 256);
  assert.equal(unknown.at(-1)?.closed, false, 'the newcomer has a place');
  clock.advance(10_000);
  assert.ok(unknown.every(({ closed }) => closed));
  assert.equal(known.closed, false, 'whoever has proven it stays');
  known.destroy();
  assert.equal(clock.waiting, 0);
});

test('F-DOS-2/3: a user has sixteen connections, and all but one of the messages under way', () => {
  const { places, enter } = placesAt();
  const own = Array.from({ length: 16 }, enter);
  for (const socket of own) assert.equal(places.proven(socket, 1000), true);
  assert.equal(places.proven(enter(), 1000), false);
  assert.equal(places.proven(enter(), 1001), true, 'another user');
  const [first] = own;
  assert.ok(first !== undefined);
  assert.equal(places.proven(first, 1000), true, 'again over the same connection');
  first.destroy();
  assert.equal(places.proven(enter(), 1000), true);

  const ends = [1, 2, 3].map(() => places.beginMessage(1000));
  assert.equal(places.beginMessage(1000), undefined);
  const other = places.beginMessage(1001);
  assert.equal(places.beginMessage(1002), undefined, 'four in all');
  other?.();
  assert.equal(places.beginMessage(1000), undefined);
  ends[0]?.();
  assert.notEqual(places.beginMessage(1000), undefined);
});

test('a message ends once', () => {
  const { places } = placesAt();
  places.beginMessage(1000);
  const end = places.beginMessage(1001);
  end?.();
  assert.throws(() => end?.(), /ends twice/);
});
