import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityTerm } from '../../record/terms.ts';
import { number } from '../row.ts';
import { indexContract } from '../store.contract-index.ts';
import { START, started } from '../store.contract-fixtures.ts';
import { openInside, withoutPostgres } from './postgres.contract-fixtures.ts';
import type { Sql } from './sql.ts';
import { allPlaces, newestNaming } from './trail-search.ts';

indexContract(
  'postgres',
  async (t) => {
    const { bench, inside } = await openInside(t);
    return { bench, indexTail: (max) => inside().writer.indexTail(max) };
  },
  withoutPostgres,
);

test(
  'postgres: what is indexed while it is looked for is found, and found once',
  { skip: withoutPostgres },
  async (t) => {
    const { bench, sql, inside } = await openInside(t);
    const events = [1, 2, 3, 4, 5].map((at) => ({ ...started(START + at), identityId: 'i1' }));
    await bench.one({ type: 'record', events });
    await inside().writer.indexTail(2);
    const indexing: Sql = {
      ...sql,
      // Two more after each look, so that each event is met on both sides of the watermark.
      async all(text, ...values) {
        const rows = await sql.all(text, ...values);
        await inside().writer.indexTail(2);
        return rows;
      },
    };
    const times: number[] = [];
    for await (const row of newestNaming(indexing, [identityTerm('i1')], allPlaces, 2))
      times.push(number(row, 'time') - START);
    assert.deepEqual(times, [5, 4, 3, 2, 1]);
  },
);
