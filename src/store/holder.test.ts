// Who holds what a thread has leased, by what it was told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { createHolder, instantOf } from './holder.ts';
import { rightSince } from './lease.ts';

const life = { node: 'n', incarnation: '1' };

function told() {
  const clock = virtualClock(1_000_000);
  const holder = createHolder(clock, 'n/1/2.7');
  const right = (ms: number) => rightSince(instantOf(clock), ms);
  const asked = () => [holder.mayAct(), holder.isSure()];
  return { clock, holder, right, asked };
}

test('holder: where nobody tells of a lease everything is held', () => {
  const { clock, asked } = told();
  clock.advance(3_600_000);
  assert.deepEqual(asked(), [true, true]);
});

test('holder: who is told that nothing is held holds nothing', () => {
  const { holder, asked } = told();
  assert.equal(holder.told({ type: 'lease', life }), false);
  assert.deepEqual(asked(), [false, false]);
});

test('holder: each right ends by itself, when it is asked', () => {
  const { clock, holder, right, asked } = told();
  holder.told({ type: 'lease', life, held: right(3000), sure: right(1000) });
  assert.deepEqual(asked(), [true, true]);
  clock.advance(1000);
  assert.deepEqual(asked(), [true, false]);
  clock.advance(2000);
  assert.deepEqual(asked(), [false, false]);
  holder.told({ type: 'lease', life, held: right(1) });
  assert.deepEqual(asked(), [true, false], 'what was told last counts');
});

test('holder: in another life of its node it is another owner, of the same thread', () => {
  const { holder } = told();
  assert.equal(holder.owner, 'n/1/2.7');
  assert.equal(holder.told({ type: 'lease', life: { node: 'n', incarnation: '2' } }), true);
  assert.equal(holder.owner, 'n/2/2.7');
  assert.equal(holder.told({ type: 'lease', life: { node: 'n', incarnation: '2' } }), false);
});
