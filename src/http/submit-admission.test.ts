import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createSubmitAdmission } from './submit-admission.ts';

class FakeSocket extends EventEmitter {
  closed = false;
  destroy(): void {
    this.closed = true;
    this.emit('close');
  }
}

function admissionAt(clock = virtualClock(0)) {
  const admission = createSubmitAdmission({ clock, messagesMax: 4, messagesPerUser: 3 });
  const enter = (): FakeSocket => {
    const socket = new FakeSocket();
    admission.entered(socket);
    return socket;
  };
  return { clock, admission, enter };
}

test('F-DOS-2/1 F-DOS-2/3: who has not proven who it is gives way to newcomers, and has ten seconds', () => {
  const { clock, admission, enter } = admissionAt();
  const known = enter();
  assert.equal(admission.proven(known, 1000), true);
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
  const { admission, enter } = admissionAt();
  const own = Array.from({ length: 16 }, enter);
  for (const socket of own) assert.equal(admission.proven(socket, 1000), true);
  assert.equal(admission.proven(enter(), 1000), false);
  assert.equal(admission.proven(enter(), 1001), true, 'another user');
  const [first] = own;
  assert.ok(first !== undefined);
  assert.equal(admission.proven(first, 1000), true, 'again over the same connection');
  first.destroy();
  assert.equal(admission.proven(enter(), 1000), true);

  const ends = [1, 2, 3].map(() => admission.beginMessage(1000));
  assert.equal(admission.beginMessage(1000), undefined);
  const other = admission.beginMessage(1001);
  assert.equal(admission.beginMessage(1002), undefined, 'four in all');
  other?.();
  assert.equal(admission.beginMessage(1000), undefined);
  ends[0]?.();
  assert.notEqual(admission.beginMessage(1000), undefined);
});

test('a message ends once', () => {
  const { admission } = admissionAt();
  admission.beginMessage(1000);
  const end = admission.beginMessage(1001);
  end?.();
  assert.throws(() => end?.(), /ends twice/);
});
