// The contract of the store on a real PostgreSQL.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storeContract } from '../store.contract.ts';
import { Bench, started } from '../store.contract-fixtures.ts';
import { openPostgres, withoutPostgres } from './postgres.contract-fixtures.ts';

if (withoutPostgres === false) storeContract('postgres', openPostgres);

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
