// Labels of senders: the same all day, another one tomorrow, and only for who holds the day's key.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreUnavailable } from '../store/port.ts';
import { createLabels, dayOf, labelOf } from './labels.ts';
import { countingEntropy, fakeStore, NOW } from '../../test/fakes/submission.ts';

const DAY = 86_400_000;

test('a day is a day in UTC', () => {
  assert.equal(dayOf(Date.UTC(2026, 10, 23, 23, 59, 59, 999)), '2026-11-23');
  assert.equal(dayOf(Date.UTC(2026, 10, 24)), '2026-11-24');
});

test('D-TR-4: one user has one label a day, and two days cannot be linked', async () => {
  const labels = createLabels(fakeStore(), countingEntropy());
  await labels.prepare(NOW);
  await labels.prepare(NOW + DAY);
  const today = labels.label('i-alice', NOW);
  assert.match(today, /^[0-9a-z]{16}$/);
  assert.equal(labels.label('i-alice', NOW + DAY / 4), today, 'later that day');
  assert.notEqual(labels.label('i-alice', NOW + DAY), today, 'tomorrow');
  assert.notEqual(labels.label('i-bob', NOW), today, 'somebody else');
});

test('D-TR-4: the operator finds whose label it is while the key lives, and nobody after it', async () => {
  const store = fakeStore();
  const labels = createLabels(store, countingEntropy());
  const everybody = ['i-alice', 'i-bob', 'i-carol'];
  const owner = (label: string, day: string): string | undefined => {
    const key = store.labelKeys.get(day);
    return key === undefined ? undefined : everybody.find((id) => labelOf(key, id) === label);
  };
  for (const at of [NOW, NOW + DAY]) {
    await labels.prepare(at);
    assert.equal(owner(labels.label('i-bob', at), dayOf(at)), 'i-bob');
  }
  const label = labels.label('i-bob', NOW);
  store.labelKeys.delete(dayOf(NOW));
  assert.equal(owner(label, dayOf(NOW)), undefined);
  assert.equal(owner(label, dayOf(NOW + DAY)), undefined, 'the key of another day is of no use');
});

test('the first key proposed for a day stays, whichever front proposed it', async () => {
  const store = fakeStore();
  const entropy = countingEntropy();
  const [one, other] = [createLabels(store, entropy), createLabels(store, entropy)];
  await Promise.all([one.prepare(NOW), other.prepare(NOW)]);
  assert.equal(one.label('i-alice', NOW), other.label('i-alice', NOW));
  assert.equal(store.labelKeys.get('2026-11-23')?.length, 32);
});

test("a key is fetched once a day; yesterday's is kept for what began before midnight, older ones are not", async () => {
  const store = fakeStore();
  const labels = createLabels(store, countingEntropy());
  for (const day of [0, 0, 1, 1, 2]) await labels.prepare(NOW + day * DAY);
  assert.equal(store.changes.length, 3);
  assert.deepEqual(
    [0, 1, 2, 3].map((day) => labels.prepared(NOW + day * DAY)),
    [false, true, true, false],
  );
});

test('no key, no label: the client is told to try again', async () => {
  const store = fakeStore();
  const labels = createLabels(store, countingEntropy());
  assert.throws(() => labels.label('i-alice', NOW), StoreUnavailable);
  store.answer = () => ({ type: 'failed', cause: 'disk' });
  await assert.rejects(labels.prepare(NOW), StoreUnavailable);
  assert.equal(labels.prepared(NOW), false);
  store.answer = undefined;
  await labels.prepare(NOW);
  assert.equal(labels.prepared(NOW), true);
});
