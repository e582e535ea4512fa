// Notices of the store to a front, over one line and the next.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createHolder } from '../store/holder.ts';
import { createStoreNotices } from './store-notices.ts';

const doubts = ['identityStatuses doubt', 'mailboxes doubt', 'relay doubts'];

function hearing() {
  const calls: string[] = [];
  const noting =
    (name: string) =>
    (...[first]: readonly unknown[]): void =>
      void calls.push(first === undefined ? name : `${name} ${JSON.stringify(first)}`);
  const parts = {
    store: { connect: noting('store connects'), noticed: () => undefined },
    identityStatuses: { unsure: noting('identityStatuses doubt'), noticed: noting('identityStatuses hear') },
    mailboxes: { forget: noting('mailboxes forget'), unsure: noting('mailboxes doubt') },
    relay: {
      wake: noting('relay wakes'),
      unsure: noting('relay doubts'),
      identityChanged: noting('relay hears'),
    },
    connections: { noticed: noting('connections hear') },
    holder: createHolder(virtualClock(0), 'n/1/1.1'),
  };
  return { calls, heard: createStoreNotices(parts as unknown as Parameters<typeof createStoreNotices>[0]) };
}

test('the first line to the store proves nothing wrong; after a lost one nothing known is believed, before anything is asked', () => {
  const { calls, heard } = hearing();
  const line = { number: 1 } as unknown as Parameters<typeof heard.connect>[0];
  heard.connect(line);
  assert.deepEqual(calls.splice(0), ['store connects {"number":1}']);
  heard.lost();
  assert.deepEqual(calls.splice(0), doubts, 'at once: a suspension may have been committed and not told');
  heard.connect(line);
  assert.deepEqual(calls.splice(0), [...doubts, 'store connects {"number":1}']);
  heard.noticed({ type: 'unsure' });
  assert.deepEqual(calls, doubts, 'the store says so over a line that stands');
});

test('a changed identity is told to everything that knows it, what is due to the relay alone', () => {
  const { calls, heard } = hearing();
  heard.noticed({ type: 'due' });
  assert.deepEqual(calls.splice(0), ['relay wakes']);
  heard.noticed({ type: 'identityChanged', identityId: 'i', revision: 2, state: 'suspended' });
  assert.deepEqual(
    calls.map((call) => call.split(' {')[0]),
    ['identityStatuses hear', 'mailboxes forget "i"', 'relay hears', 'connections hear'],
  );
});

test('a lease is told to who holds; in another life what has not begun goes back, and nothing else is in doubt', () => {
  const { calls, heard } = hearing();
  const lease = (incarnation: string) => ({ type: 'lease', life: { node: 'n', incarnation } });
  heard.noticed(lease('1'));
  heard.noticed({ type: 'tookOver', lives: [{ node: 'm', incarnation: '1' }] });
  assert.deepEqual(calls, []);
  heard.noticed(lease('2'));
  assert.deepEqual(calls, ['relay doubts']);
});
