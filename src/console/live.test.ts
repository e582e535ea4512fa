// Streams of live figures: looked up once for all, sent only where something changed, ended with the session, and few.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { turns } from '../../test/fakes/front.ts';
import type { Role } from '../record/identity.ts';
import { Live, STREAMS_MAX, STREAMS_PER_PERSON } from './live.ts';
import type { Session } from './sessions.ts';

const session = (who: string, role: Role = 'admin'): Session => ({
  name: who,
  actor: { who, through: 'console', role },
  startedAt: 0,
  formToken: 'x',
});

function begin() {
  const clock = virtualClock(Date.UTC(2026, 0, 2));
  const ended = new Set<Session>();
  const state = { shown: 'one', looks: 0, fails: false, waitsFor: Promise.resolve() };
  const live = new Live({
    clock,
    lives: async (one) => !ended.has(one),
    scopeOf: ({ actor }) => actor.role,
    async look({ actor }) {
      state.looks += 1;
      await state.waitsFor;
      if (state.fails) throw new Error('the store is away');
      return actor.role === 'admin' ? state.shown : `${state.shown} for ${actor.role}`;
    },
  });
  return { live, clock, ended, state };
}

const nameOf = (text: string): string | undefined => text.split('\n', 1)[0];

/** What has come, and that there is no more. */
function reader(response: Response | undefined) {
  assert.ok(response !== undefined);
  const source = response.body?.getReader() ?? assert.fail();
  const heard: string[] = [];
  let isOver = false;
  void (async () => {
    for (;;) {
      const { done, value } = await source.read();
      if (done) return void (isOver = true);
      heard.push(Buffer.from(value).toString());
    }
  })();
  return { heard, isOver: () => isOver, leave: () => source.cancel() };
}

test('a stream begins with what is shown now, and tells what changes', async () => {
  const { live, clock, state } = begin();
  const response = live.stream(session('root'));
  assert.match(response?.headers.get('content-type') ?? '', /^text\/event-stream/);
  const { heard } = reader(response);
  clock.advance(0);
  await turns();
  clock.advance(2_000);
  await turns();
  state.shown = 'two\nlines';
  clock.advance(2_000);
  await turns();
  assert.deepEqual(heard, ['event: parts\ndata: one\n\n', 'event: parts\ndata: two\ndata: lines\n\n']);
});

test('a quiet stream says every quarter of a minute that it is there', async () => {
  const { live, clock } = begin();
  const { heard } = reader(live.stream(session('root')));
  for (let seconds = 0; seconds <= 30; seconds += 2) {
    clock.advance(seconds === 0 ? 0 : 2_000);
    await turns();
  }
  assert.deepEqual(heard.map(nameOf), ['event: parts', 'event: beat']);
});

test('however many watch, it is looked up once; when nobody does, not at all', async () => {
  const { live, clock, state } = begin();
  const readers = Array.from({ length: 10 }, () => reader(live.stream(session('root'))));
  clock.advance(0);
  await turns();
  assert.equal(state.looks, 1);
  for (const { heard } of readers) assert.equal(heard.length, 1);
  for (const { leave } of readers) await leave();
  assert.equal(live.open, 0);
  clock.advance(60_000);
  await turns();
  assert.equal(state.looks, 1);
  assert.equal(clock.waiting, 0);
  reader(live.stream(session('root')));
  clock.advance(0);
  await turns();
  assert.equal(state.looks, 2, 'and again when somebody comes');
});

test('the streams of a session end with it', async () => {
  const { live, clock, ended } = begin();
  const [one, other] = [session('root'), session('alice')];
  const [left, stays] = [reader(live.stream(one)), reader(live.stream(other))];
  clock.advance(0);
  await turns();
  ended.add(one);
  clock.advance(2_000);
  await turns();
  assert.deepEqual([left.isOver(), stays.isOver()], [true, false]);
  assert.equal(left.heard.at(-1), 'event: over\ndata: \n\n');
  assert.equal(live.open, 1);
});

test('there are no more streams than there may be, and one that ends makes room', async () => {
  const { live } = begin();
  const streams = Array.from({ length: STREAMS_MAX }, (_, at) => live.stream(session(`root ${at}`)));
  assert.ok(streams.every((one) => one !== undefined));
  assert.equal(live.stream(session('alice')), undefined);
  await reader(streams[0]).leave();
  assert.notEqual(live.stream(session('alice')), undefined);
});

test('one person has some of the streams, in all his sessions together, and leaves the others to others', async () => {
  const { live } = begin();
  const hers = (name: string): Session => {
    const { actor, ...one } = session(name, 'desk');
    return { ...one, actor: { ...actor, who: 'alice@example.org', identityId: 'id-alice' } };
  };
  const streams = Array.from({ length: STREAMS_PER_PERSON }, (_, at) => live.stream(hers(`${at % 3}`)));
  assert.ok(streams.every((one) => one !== undefined));
  for (const name of ['0', 'one more']) assert.equal(live.stream(hers(name)), undefined);
  assert.notEqual(live.stream(session('root')), undefined);
  await reader(streams[0]).leave();
  assert.notEqual(live.stream(hers('0')), undefined);
});

test('ten thousand tabs of everybody hold no more streams than there may be, and cost no more looks than one', async () => {
  const { live, clock, state } = begin();
  const given = Array.from({ length: 10_000 }, (_, at) => live.stream(session(`root ${at}`)));
  const open = given.filter((one) => one !== undefined).map((one) => reader(one));
  assert.deepEqual([open.length, live.open], [STREAMS_MAX, STREAMS_MAX]);
  clock.advance(0);
  await turns();
  assert.equal(state.looks, 1);
  for (const { leave } of open) await leave();
  assert.equal(live.open, 0);
});

test('a look that fails ends no stream', async () => {
  const { live, clock, state } = begin();
  const { heard, isOver } = reader(live.stream(session('root')));
  state.fails = true;
  clock.advance(0);
  await turns();
  state.fails = false;
  clock.advance(2_000);
  await turns();
  assert.deepEqual([heard.length, isOver()], [1, false]);
});

for (const { why, fails, ms } of [
  { why: 'a look that fails', fails: true, ms: 2_000 },
  { why: 'a look that takes four seconds', fails: false, ms: 6_000 },
])
  test(`${why} is told of once, and what stands there comes anew when it can be looked up again`, async () => {
    const { live, clock, state } = begin();
    const { heard } = reader(live.stream(session('root')));
    clock.advance(0);
    await turns();
    const { promise, resolve } = Promise.withResolvers<void>();
    Object.assign(state, { fails, waitsFor: fails ? state.waitsFor : promise });
    for (let waited = 0; waited < ms; waited += 2_000) {
      clock.advance(2_000);
      await turns();
    }
    assert.deepEqual(heard.map(nameOf), ['event: parts', 'event: old']);
    clock.advance(2_000);
    await turns();
    assert.equal(heard.length, 2, 'once');
    state.fails = false;
    resolve();
    await turns();
    clock.advance(2_000);
    await turns();
    assert.deepEqual(heard.map(nameOf), ['event: parts', 'event: old', 'event: parts']);
  });

test('who does not read what is sent is closed before it fills the memory', async () => {
  const { live, clock, state } = begin();
  live.stream(session('root'));
  let rounds = 0;
  for (; live.open > 0 && rounds < 100; rounds += 1) {
    state.shown = `${rounds} ${'x'.repeat(100_000)}`;
    clock.advance(rounds === 0 ? 0 : 2_000);
    await turns();
  }
  assert.ok(rounds > 1 && rounds < 10, String(rounds));
});

test('who sees less is sent less, and each scope is looked up once', async () => {
  const { live, clock, state } = begin();
  const all = [session('root'), session('ada'), session('audit', 'auditor')].map((one) =>
    reader(live.stream(one)),
  );
  clock.advance(0);
  await turns();
  assert.deepEqual(
    all.map(({ heard }) => heard.join('').match(/data: .*/)?.[0]),
    ['data: one', 'data: one', 'data: one for auditor'],
  );
  assert.equal(state.looks, 2);
  for (const { leave } of all) await leave();
});
