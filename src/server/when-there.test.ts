import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { turns } from '../../test/fakes/front.ts';
import { StoreAway } from '../store/engine-errors.ts';
import { whenThere } from './when-there.ts';

test('what is away is asked for twice a second, and told of at once, then rarely', async () => {
  const clock = virtualClock(0);
  const told: string[] = [];
  let asked = 0;
  const backAt = 2_500;
  const opened = whenThere(
    clock,
    async () => {
      asked += 1;
      if (asked < backAt) throw new StoreAway(`try ${asked}`);
      return 'open';
    },
    (because) => void told.push(because),
  );
  await turns();
  assert.deepEqual(told, ['try 1']);
  for (let tries = 1; tries < backAt; tries += 1) {
    clock.advance(500);
    await turns();
  }
  assert.equal(await opened, 'open');
  assert.equal(asked, backAt);
  assert.deepEqual(told, ['try 1', 'try 1201', 'try 2401']);
});

test('what refuses is not asked again', async () => {
  let asked = 0;
  const opened = whenThere(
    virtualClock(0),
    async () => {
      asked += 1;
      throw new Error('never');
    },
    () => assert.fail('it is not away'),
  );
  await assert.rejects(opened, { message: 'never' });
  assert.equal(asked, 1);
});
