// A trail of which days were dropped is copied as it is, to the other engine and back: where its chains begin, what was kept, and that it holds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyTrail } from '../audit/verify.ts';
import { copyAll } from './copy.ts';
import { everythingOf, fill, postgresPlace, sqlitePlace, type TestPlace } from './copy.contract-fixtures.ts';
import { withoutPostgres } from './postgres/postgres.contract-fixtures.ts';
import { differenceOf } from './same-rows.ts';
import { type Bench, countedEntropy, DAY, START, started } from './store.contract-fixtures.ts';
import { originOf } from './transfer.ts';
import type { Lookups } from './lookups.ts';

async function assertHolds(lookups: Lookups, expect?: string) {
  const verified = await verifyTrail(lookups, expect === undefined ? {} : { expect });
  assert.equal(verified.broken, undefined, JSON.stringify(verified.broken));
  return verified.chains;
}

async function purge(bench: Bench): Promise<void> {
  for (let isMore = true; isMore;) {
    const now = bench.clock.now();
    const outcome = await bench.one({ type: 'purge', eventsBefore: now - 7 * DAY, now, max: 500 });
    assert.ok(outcome.type === 'purged', JSON.stringify(outcome));
    isMore = outcome.more;
  }
}

/** Gives what is kept there. */
async function copied(from: TestPlace, to: TestPlace): Promise<void> {
  const source = await from.transfer.source();
  const target = await to.transfer.target(await originOf(source));
  const counts = await source.counts();
  await copyAll(source, target, { counts, pageMax: 3 });
  assert.deepEqual(await everythingOf(target.lookups), await everythingOf(source.lookups));
  assert.equal(await differenceOf(source, target, { counts }), undefined);
  await assertHolds(target.lookups);
  await target.finish(started(START), countedEntropy());
  for (const one of [source, target]) await one.close();
}

/** Weeks go by there; what was kept elsewhere must be found. Gives the last link of the chain that is written now. */
async function goesOn(place: TestPlace, expect: string | undefined): Promise<string> {
  await using bench = await place.open();
  await assertHolds(bench.lookups, expect);
  await bench.endDay();
  for (let day = 0; day < 3; day += 1) {
    await bench.one({ type: 'record', events: [started(bench.clock.now())] });
    bench.clock.advance(9 * DAY);
    await bench.endDay();
    await purge(bench);
    await assertHolds(bench.lookups);
  }
  await bench.one({ type: 'record', events: [started(bench.clock.now())] });
  const chains = await assertHolds(bench.lookups);
  return chains.findLast(({ sequence }) => sequence > 0)?.lastLink ?? '';
}

test('a trail of which days were dropped is copied, and goes on', { skip: withoutPostgres }, async (t) => {
  const first = await postgresPlace(t);
  {
    await using bench = await first.open();
    await fill(bench);
    await bench.endDay();
  }
  let kept = await goesOn(first, undefined);
  let place: TestPlace = first;
  for (const next of [await sqlitePlace(t), await postgresPlace(t), await postgresPlace(t)]) {
    const source = await place.transfer.source();
    const begins = (await source.lookups.chains()).filter(({ checkpoint }) => checkpoint !== undefined);
    await source.close();
    assert.ok(begins.length > 0, 'there are checkpoints to copy');
    await copied(place, next);
    kept = await goesOn(next, kept);
    place = next;
  }
});
