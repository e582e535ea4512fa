import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../port.ts';
import { identityChange, started } from '../store.contract-fixtures.ts';
import { acceptMany, bySuspension, claim, claimAll, parkedContract } from '../store.contract-parked.ts';
import { PARKED_MAX } from './parked.ts';
import { openInside, openSqlite } from './sqlite.contract-fixtures.ts';

parkedContract('sqlite', openSqlite, PARKED_MAX);

test('E-Q-8: sqlite: what a rolled back group put aside or put back is put there again', async (t) => {
  const { bench } = await openInside(t);
  const many = 2 * PARKED_MAX + 50;
  await acceptMany(bench, many);
  const failing = { type: 'record', events: [started(Number.NaN)] } as const;
  const now = bench.clock.now();
  const group = async (change: Change) => {
    const [done, failed] = await bench.store.commit([change, failing]);
    assert.deepEqual([done.type === 'failed', failed.type], [false, 'failed']);
    return done;
  };
  await group(identityChange(bySuspension.suspended, 1, now));
  await claimAll(bench);
  await group(identityChange(bySuspension.active, 2, now));
  const part = await group({ type: 'claim', owner: 'b', token: 't', shares: [{ max: 1000 }] });
  assert.ok(part.type === 'claimed' && part.cut === true);
  let count = part.deliveries.length;
  for (let cut: boolean | undefined = true; cut === true;) {
    const next = await claim(bench);
    count += next.deliveries.length;
    ({ cut } = next);
  }
  assert.equal(count, many);
});
