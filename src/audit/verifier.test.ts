// A verification in the background: one at a time, at half speed, with its progress, its end, and what it found.

import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { StoreUnavailable } from '../store/port.ts';
import { started } from '../store/store.contract-fixtures.ts';
import { type LastVerified, type VerificationView, Verifier } from './verifier.ts';

async function trailOf(events: number) {
  const office = openOffice();
  await office.ports.store.commit([
    { type: 'record', events: Array.from({ length: events }, () => started(office.clock.now())) },
  ]);
  return office.ports.lookups;
}

/** Rests until it is let go on. */
function resting(work = 0) {
  let at = 0;
  const rests: number[] = [];
  let goOn: (() => void) | undefined;
  const verified: LastVerified[] = [];
  const verifier = new Verifier(
    {
      now: () => 1000 + at,
      monotonic: () => (at += work),
      rest: (ms) => {
        rests.push(ms);
        return new Promise((resolve) => (goOn = resolve));
      },
    },
    (last) => void verified.push(last),
  );
  return {
    ...{ verifier, verified },
    rests,
    async until(fits: (view: VerificationView | undefined) => boolean) {
      for (let turns = 0; turns < 10_000; turns += 1) {
        if (fits(verifier.view)) return verifier.view ?? assert.fail();
        await turn();
      }
      return assert.fail(JSON.stringify(verifier.view));
    },
    goOn: () => goOn?.(),
  };
}

test('a verification tells how far it is, rests as long as it worked, and what it found', async () => {
  const lookups = await trailOf(1500);
  const { verifier, rests, until, goOn } = resting(7);
  assert.equal(verifier.view, undefined);
  assert.ok(verifier.start(lookups, { by: 'root (console)', of: 1500 }));
  const first = await until((view) => view?.events === 1000);
  assert.deepEqual([first.state, first.of, first.by], ['running', 1500, 'root (console)']);
  goOn();
  await until((view) => view?.events === 1500);
  goOn();
  const { result, state } = await until((view) => view?.state !== 'running');
  assert.deepEqual([state, result?.events, result?.broken], ['ended', 1500, undefined]);
  assert.ok(rests.every((ms) => ms > 0));
});

test('one verification at a time; the next one takes the place of what is over', async () => {
  const lookups = await trailOf(3);
  const { verifier, until, goOn, verified } = resting();
  assert.ok(verifier.start(lookups, { by: 'ada', of: 3 }));
  assert.ok(!verifier.start(lookups, { by: 'bob', of: 3 }));
  assert.equal(verifier.view?.by, 'ada');
  await until((view) => view?.events === 3);
  goOn();
  await until((view) => view?.state === 'ended');
  assert.ok(verifier.start(lookups, { by: 'bob', of: 3, expect: '0'.repeat(64) }));
  await until((view) => view?.events === 3);
  goOn();
  const { result } = await until((view) => view?.state === 'ended');
  assert.match(result?.broken?.because ?? '', /no event has the link 0000/);
  assert.deepEqual(verified, [
    { endedAt: 1000, isBroken: false },
    { endedAt: 1000, isBroken: true },
  ]);
});

test('a verification is stopped, or fails with its cause', async () => {
  const lookups = await trailOf(3000);
  const { verifier, until, goOn, verified } = resting();
  verifier.start(lookups, { by: 'ada', of: 3000 });
  await until((view) => view?.events === 1000);
  verifier.stop();
  goOn();
  assert.equal((await until((view) => view?.state !== 'running')).state, 'stopped');
  const away = { ...lookups, links: () => Promise.reject(new StoreUnavailable('the store is away')) };
  assert.ok(verifier.start(away, { by: 'ada', of: 3000 }));
  const { state, because, result } = await until((view) => view?.state !== 'running');
  assert.deepEqual([state, because, result], ['failed', 'the store is away', undefined]);
  assert.deepEqual(verified, [], 'neither came to its end');
});
