// The contract of the store on a real PostgreSQL: the parts of it that are built.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptContract } from '../store.contract-accept.ts';
import { bodyContract } from '../store.contract-bodies.ts';
import { doubtContract } from '../store.contract-doubt.ts';
import { twoContract } from '../store.contract-two.ts';
import { identityContract } from '../store.contract-identities.ts';
import { trailContract } from '../store.contract-trail.ts';
import { leaseContract } from '../store.contract-leases.ts';
import { Bench, type Open, started } from '../store.contract-fixtures.ts';
import { openPostgres, withoutPostgres } from './postgres.contract-fixtures.ts';

/** `acceptContract` and so on; one after the other they become `storeContract`. */
const parts: readonly ((name: string, open: Open) => void)[] = [
  acceptContract,
  doubtContract,
  bodyContract,
  twoContract,
  leaseContract,
  identityContract,
  trailContract,
];

if (withoutPostgres === false) for (const part of parts) part('postgres', openPostgres);

test(
  'postgres: a store opens on new tables, beside another, and again after a kill',
  { skip: withoutPostgres },
  async () => {
    await using bench = await Bench.open(openPostgres);
    const change = { type: 'record', events: [started(bench.clock.now())] } as const;
    for (const store of await bench.both())
      assert.deepEqual(await store.commit([change]), [{ type: 'recorded' }]);
    const { store: killed } = bench;
    await bench.restart();
    await assert.rejects(killed.commit([change]), { name: 'StoreUnavailable' });
    assert.deepEqual(await bench.one(change), { type: 'recorded' });
  },
);
