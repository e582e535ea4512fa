// Refusals on their way into the trail: all of a few, one record for a flood.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuthenticationPayload, EventDraft, RefusedPayload } from '../record/events.ts';
import { StoreUnavailable } from '../store/port.ts';
import { createJournal, type Journal } from './journal.ts';
import { virtualClock, type VirtualClock } from '../../test/fakes/clock.ts';
import { fakeStore, type FakeStore, NOW, session } from '../../test/fakes/submission.ts';

const MINUTE = 60_000;

function setUp(fronts = 1): { journal: Journal; store: FakeStore; clock: VirtualClock } {
  const store = fakeStore();
  const clock = virtualClock(NOW);
  return { journal: createJournal(store, clock, fronts), store, clock };
}

function refused(change: Partial<RefusedPayload> = {}): { type: 'refused'; payload: RefusedPayload } {
  return {
    type: 'refused',
    payload: {
      session,
      command: 'MAIL',
      replyCode: 550,
      replyStatus: '5.7.1',
      cause: 'no right',
      count: 1,
      ...change,
    },
  };
}

function wrongSecret(cause: string): { type: 'authenticationFailed'; payload: AuthenticationPayload } {
  return {
    type: 'authenticationFailed',
    payload: { session, mechanism: 'PLAIN', cause, network: '198.51.100.0/24', count: 1 },
  };
}

function eventsIn({ changes }: FakeStore): readonly EventDraft[] {
  return changes.flatMap((change) => (change.type === 'record' ? change.events : []));
}

/** How many refusals each record stands for. */
function countsIn(store: FakeStore): readonly number[] {
  return eventsIn(store).map(({ payload }) => ('count' in payload ? payload.count : 0));
}

test('a refusal is written at once, with its time and whose it was', () => {
  const { journal, store } = setUp();
  journal.note(refused(), 'i-alice', 'i-alice');
  journal.note(wrongSecret('wrong secret'), 'x');
  assert.deepEqual(eventsIn(store), [
    { ...refused(), time: NOW, identityId: 'i-alice' },
    { ...wrongSecret('wrong secret'), time: NOW },
  ]);
});

test('a flood costs twenty records and one that counts the rest, each minute', () => {
  const { journal, store, clock } = setUp();
  for (let at = 0; at < 10_000; at += 1) journal.note(refused(), 'i-alice', 'i-alice');
  assert.equal(countsIn(store).length, 20);
  clock.advance(MINUTE);
  assert.deepEqual(countsIn(store).slice(20), [9980]);
  assert.equal(clock.waiting, 0, 'a quiet subject costs nothing');
  clock.advance(10 * MINUTE);
  assert.equal(countsIn(store).length, 21);
  journal.note(refused(), 'i-alice', 'i-alice');
  assert.deepEqual(countsIn(store).slice(21), [1], 'a new minute begins with the next one');
});

test('F-DOS-9/2: the records of a minute hold for the process: each front has its share, and never none', () => {
  for (const [fronts, written] of [
    [3, 6],
    [64, 1],
  ] as const) {
    const { journal, store, clock } = setUp(fronts);
    for (let at = 0; at < 100; at += 1) journal.note(refused(), 'i-alice', 'i-alice');
    clock.advance(MINUTE);
    assert.deepEqual([countsIn(store).length - 1, countsIn(store).at(-1)], [written, 100 - written]);
  }
});

test('nothing is lost in the count, however the flood is spread over time', () => {
  const { journal, store, clock } = setUp();
  for (let at = 0; at < 1000; at += 1) {
    journal.note(refused(), 'i-alice', 'i-alice');
    clock.advance(777);
  }
  journal.flush();
  assert.equal(
    countsIn(store).reduce((sum, count) => sum + count),
    1000,
  );
  assert.ok(countsIn(store).length <= 21 * Math.ceil((1000 * 777) / MINUTE));
});

const alike: readonly (readonly [
  note: (at: number) => ReturnType<typeof refused | typeof wrongSecret>,
  why: string,
])[] = [
  [(at) => refused({ cause: `no right: x${at}@example.org` }), 'another address each time'],
  [(at) => refused({ cause: 'x'.repeat(at % 500) }), 'any other words'],
  [(at) => wrongSecret(`too many wrong secrets; ends in ${at} s`), 'another time each time'],
];

test('words that change open no other count', () => {
  for (const [note, why] of alike) {
    const { journal, store } = setUp();
    for (let at = 0; at < 1000; at += 1) journal.note(note(at), 'i-alice', 'i-alice');
    assert.equal(countsIn(store).length, 20, why);
  }
});

test('subjects, kinds of event and kinds of refusal are counted apart', () => {
  const { journal, store } = setUp();
  for (let at = 0; at < 25; at += 1) {
    journal.note(refused(), 'i-alice', 'i-alice');
    journal.note(refused(), 'i-bob', 'i-bob');
    journal.note(refused({ command: 'RCPT' }), 'i-alice', 'i-alice');
    journal.note(refused({ replyCode: 554, replyStatus: '5.6.0' }), 'i-alice', 'i-alice');
    journal.note(wrongSecret('wrong secret'), 'i-alice', 'i-alice');
    journal.note(wrongSecret('unknown login'), 'i-alice', 'i-alice');
  }
  journal.flush();
  assert.deepEqual(countsIn(store).slice(-6), [5, 5, 5, 5, 5, 5]);
  assert.equal(countsIn(store).length, 6 * 21);
});

test('the record of a count tells of the last one, and flush writes it before its time', () => {
  const { journal, store } = setUp();
  for (let at = 0; at < 30; at += 1) journal.note(refused({ cause: `try ${at}` }), 'i-alice', 'i-alice');
  journal.flush();
  const last = eventsIn(store).at(-1);
  assert.deepEqual(last, { ...refused({ cause: 'try 29', count: 10 }), time: NOW, identityId: 'i-alice' });
  journal.flush();
  assert.equal(eventsIn(store).length, 21, 'a second flush has nothing to say');
});

test('more subjects than can be told apart are counted together', () => {
  const { journal, store } = setUp();
  for (let at = 0; at < 11_000; at += 1) journal.note(refused(), `subject ${at}`);
  assert.equal(countsIn(store).length, 10_020);
  journal.flush();
  assert.deepEqual(countsIn(store).slice(10_020), [980]);
});

test('a record that could not be written is counted as lost and hurts nobody', async () => {
  const { journal, store } = setUp();
  store.answer = () => ({ type: 'failed', cause: 'disk' });
  journal.note(refused(), 'a');
  store.answer = () => {
    throw new StoreUnavailable('gone');
  };
  journal.note(refused(), 'a');
  await new Promise(setImmediate);
  assert.equal(journal.lost, 2);
});
