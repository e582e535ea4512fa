// How long whoever asks a database waits while it is away.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { turns } from '../../../test/fakes/front.ts';
import { StoreUnavailable } from '../port.ts';
import { ConnectionLost } from './connection.ts';
import { AGAIN_MS, createWhileAway, TRY_MS } from './while-away.ts';

const AWAY_MS = 30_000;

function world() {
  const clock = virtualClock(0);
  const whileAway = createWhileAway({ clock, awayMsMax: AWAY_MS });
  let state: 'there' | 'refuses' | 'silent' | 'faulty' | 'slow' | 'lost' = 'there';
  const after = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  /** When it was answered, and with what; nothing: it waits. */
  const ask = () => {
    const asked: { at?: number; by?: string } = {};
    const answered = (by: string) => void Object.assign(asked, { at: clock.monotonic(), by });
    const look = async (): Promise<void> => {
      if (state === 'refuses') throw new ConnectionLost('nobody listens there');
      if (state === 'faulty') throw new Error('no such column');
      if (state === 'slow') await after(TRY_MS + AGAIN_MS);
      if (state === 'lost') {
        await after(AWAY_MS);
        throw new ConnectionLost('nobody listens there');
      }
      if (state === 'silent') await new Promise(() => undefined);
    };
    whileAway(look).then(
      () => answered('the store'),
      (error: Error) =>
        answered(error instanceof StoreUnavailable ? `away: ${error.message}` : error.message),
    );
    return asked;
  };
  return {
    ask,
    is: (next: typeof state) => void (state = next),
    async pass(ms: number) {
      for (let left = ms; left > 0; left -= AGAIN_MS) {
        await turns();
        clock.advance(Math.min(AGAIN_MS, left));
      }
      await turns();
    },
  };
}

const AWAY = 'away: nobody listens there';

test('who asks while it is in doubt waits for its return, as long as the first one', async () => {
  const { ask, is, pass } = world();
  is('refuses');
  const first = ask();
  await pass(20_000);
  const second = ask();
  await pass(5_000);
  is('there');
  await pass(AGAIN_MS);
  assert.deepEqual(
    [first, second].map(({ by }) => by),
    ['the store', 'the store'],
  );
});

test('once the first one has waited in vain nobody waits, until it answers again', async () => {
  const { ask, is, pass } = world();
  is('refuses');
  const first = ask();
  await pass(20_000);
  const second = ask();
  await pass(AWAY_MS - 20_000);
  assert.deepEqual(
    [first, second],
    [
      { at: AWAY_MS, by: AWAY },
      { at: AWAY_MS, by: AWAY },
    ],
  );
  await pass(60_000);
  const third = ask();
  await pass(0);
  assert.deepEqual(third, { at: AWAY_MS + 60_000, by: AWAY });
  is('silent');
  const fourth = ask();
  await pass(TRY_MS);
  assert.deepEqual(fourth, { at: AWAY_MS + 60_000 + TRY_MS, by: AWAY });
  is('there');
  const fifth = ask();
  await pass(0);
  assert.equal(fifth.by, 'the store');
  is('refuses');
  const sixth = ask();
  await pass(AWAY_MS - AGAIN_MS);
  assert.equal(sixth.by, undefined, 'it is in doubt again');
});

test('a fault that is none of the connection is told as it is, also while it is known to be away', async () => {
  const { ask, is, pass } = world();
  is('refuses');
  ask();
  await pass(AWAY_MS);
  is('faulty');
  const asked = ask();
  await pass(0);
  assert.equal(asked.by, 'no such column');
});

/** One look-up is under way for as long as anybody waits, then its connection is lost. `next`: of who asks afterwards, when it answers slowly. */
const slowLooks: readonly (readonly [why: string, meanwhile: 'there' | undefined, next: string])[] = [
  ['others were answered meanwhile: it is there', 'there', 'the store'],
  ['nobody was answered meanwhile: it is away', undefined, AWAY],
];

for (const [why, meanwhile, next] of slowLooks)
  test(`a slow look-up loses its connection, and ${why}`, async () => {
    const { ask, is, pass } = world();
    is('lost');
    const slow = ask();
    await pass(10_000);
    if (meanwhile !== undefined) {
      is(meanwhile);
      const other = ask();
      await pass(0);
      assert.equal(other.by, 'the store');
    }
    await pass(AWAY_MS - 10_000);
    assert.deepEqual(slow, { at: AWAY_MS, by: AWAY });
    is('slow');
    const asked = ask();
    await pass(TRY_MS + AGAIN_MS);
    assert.equal(asked.by, next);
  });

test('a look-up whose connection is lost each time is not made for ever, though others are answered', async () => {
  const { ask, is, pass } = world();
  is('refuses');
  const harmful = ask();
  for (let ms = 0; ms < AWAY_MS; ms += AGAIN_MS) {
    await pass(0);
    is('there');
    const other = ask();
    await pass(0);
    assert.equal(other.by, 'the store');
    is('refuses');
    await pass(AGAIN_MS);
  }
  assert.deepEqual(harmful, { at: AWAY_MS, by: AWAY });
  is('slow');
  const asked = ask();
  await pass(TRY_MS + AGAIN_MS);
  assert.equal(asked.by, 'the store', 'it is there');
});
