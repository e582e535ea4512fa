// When the relay claims mail from the store, and when it does not.

import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { fakeHolder } from '../../test/fakes/holder.ts';
import { virtualClock } from '../../test/fakes/clock.ts';
import { delivery, message, START, turns } from '../../test/fakes/delivery-job.ts';
import { fakeStore } from '../../test/fakes/submission.ts';
import type { ClaimChange, ClaimShare } from '../store/port.ts';
import { createClaims } from './claims.ts';

const POLL_MS = 5_000;

/** Claims on a store that answers as `found` says; `rooms` are the shares of the next claim. */
function claimsOn(
  t: TestContext,
  found: (change: ClaimChange) => { next?: string; more: boolean; cut?: true; count?: number },
) {
  const clock = virtualClock(START);
  const store = fakeStore();
  const asked: ClaimChange[] = [];
  const world = { rooms: [{ max: 9 }] as readonly ClaimShare[] };
  store.answer = (change) => {
    if (change.type !== 'claim') return undefined;
    asked.push(change);
    const { count = 0, ...round } = found(change);
    const messages = count === 0 ? [] : [message];
    const deliveries = messages.map(() => delivery);
    // Not at once: whoever asks for ever must not stop the clock of the test.
    return new Promise((resolve) =>
      setImmediate(() => resolve({ type: 'claimed', deliveries, messages, ...round })),
    );
  };
  const claims = createClaims({
    ...{ store, clock, holder: fakeHolder(), shares: () => world.rooms, take: () => undefined },
  });
  t.after(() => claims.stop());
  const settled = async (): Promise<void> => {
    for (let n = 0; n < 3; n += 1) await turns();
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settled();
  };
  return { asked, claims, pass, settled, world };
}

test('E-Q-8: lanes that have nothing due are gone through once a poll, however many there are', async (t) => {
  const lanes = ['c', 'f', 'i', undefined];
  const { asked, claims, pass, settled } = claimsOn(t, ({ after }) => {
    const next = lanes[lanes.indexOf(after) + 1] ?? lanes[0];
    const more = true;
    return next === undefined ? { more } : { next, more };
  });
  await pass(1);
  const first = asked.length;
  assert.ok(first <= 4, `${first} claims for one round`);
  for (let n = 1; n <= 3; n += 1) await pass(POLL_MS);
  assert.ok(asked.length <= 4 * first, `${asked.length} claims for four rounds`);
  const before = asked.length;
  claims.wake();
  await settled();
  assert.ok(asked.length > before && asked.length <= before + 4, 'what became due is looked for');
});

test('E-Q-8: a destination that had no room is asked for as soon as it has, and not before', async (t) => {
  let waiting = 3;
  const { asked, claims, pass, settled, world } = claimsOn(t, ({ shares }) => {
    const count = (shares[1]?.max ?? 0) > 0 && waiting > 0 ? 1 : 0;
    waiting -= count;
    // What is waiting has used the share up.
    if (count > 0) world.rooms = [{ domains: ['d.example'], max: 9 }, { max: 0 }];
    return { more: count > 0, count };
  });
  world.rooms = [{ domains: ['d.example'], max: 9 }, { max: 9 }];
  await pass(1);
  assert.equal(waiting, 2);
  const before = asked.length;
  claims.ended();
  await settled();
  assert.equal(asked.length, before, 'there is no room yet');
  for (const left of [1, 0]) {
    world.rooms = [{ domains: ['d.example'], max: 9 }, { max: 9 }];
    claims.ended();
    await settled();
    assert.equal(waiting, left, 'without waiting for a poll');
  }
  world.rooms = [{ domains: ['d.example'], max: 9 }, { max: 9 }];
  claims.ended();
  await settled();
  const last = asked.length;
  claims.ended();
  await settled();
  assert.equal(asked.length, last, 'nothing was left out: the poll is soon enough');
});

test('E-Q-8: a claim that only put mail aside is followed by the next at once', async (t) => {
  const { asked, pass, settled } = claimsOn(t, () =>
    asked.length < 6 ? { more: true, cut: true } : { more: false },
  );
  await pass(1);
  for (let n = 0; n < 6; n += 1) await settled();
  assert.equal(asked.length, 6);
});
