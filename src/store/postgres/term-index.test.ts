import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityTerm } from '../../record/terms.ts';
import { number } from '../row.ts';
import { indexContract } from '../store.contract-index.ts';
import { START, started } from '../store.contract-fixtures.ts';
import { connect } from './connection.ts';
import { openInside, withoutPostgres } from './postgres.contract-fixtures.ts';
import type { Sql } from './sql.ts';
import { indexSlice } from './term-index.ts';
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
    for await (const row of newestNaming(indexing, [identityTerm('i1')], allPlaces, { first: 2 }))
      times.push(number(row, 'time') - START);
    assert.deepEqual(times, [5, 4, 3, 2, 1]);
  },
);

/** Events that are put aside or dropped leave such gaps, and so does whoever deletes rows by hand. */
test(
  'postgres: events of a chain with gaps are found by their own words, however it is cut',
  { skip: withoutPostgres },
  async (t) => {
    const { bench, database, sql } = await openInside(t);
    const connection = await connect(database.server, { clock: bench.clock });
    t.after(() => connection.close());
    const events = Array.from({ length: 9 }, (_, at) => ({
      ...started(START + at),
      identityId: `i${at + 1}`,
    }));
    await bench.one({ type: 'record', events });
    const chain = number((await sql.get('SELECT chain FROM event LIMIT 1')) ?? {}, 'chain');
    const base = (await sql.get('SELECT indexed_place AS place FROM chain WHERE id = $1', chain)) ?? {};
    await sql.run('DELETE FROM event WHERE sequence = ANY ($1::bigint[])', [1, 2, 4, 6, 7, 8]);
    for (const max of [1, 2, 3, 500]) {
      for (let from = -1, through = 0; through > from;) {
        from = through;
        through = await indexSlice(connection, { chain, from, max });
      }
      const rows = await sql.all(
        'SELECT e.sequence, t.term FROM term t JOIN event e USING (place) ORDER BY 1',
      );
      assert.deepEqual(
        rows.map((row) => [number(row, 'sequence'), row['term']]),
        [3, 5, 9].map((sequence) => [sequence, `identity:i${sequence}`]),
      );
      await sql.run('DELETE FROM term');
      await sql.run('UPDATE chain SET indexed = 0, indexed_place = $1', number(base, 'place'));
    }
  },
);

test('postgres: a word that stands there already is no obstacle', { skip: withoutPostgres }, async (t) => {
  const { bench, sql, inside } = await openInside(t);
  const events = ['i1', 'i2'].map((identityId) => ({ ...started(START), identityId }));
  await bench.one({ type: 'record', events });
  await sql.run("INSERT INTO term SELECT 'identity:i1', place FROM event WHERE identity_id = 'i1'");
  assert.equal(await inside().writer.indexTail(9), false);
  const rows = await sql.all(
    'SELECT t.term, e.identity_id FROM term t JOIN event e USING (place) ORDER BY 1',
  );
  assert.deepEqual(
    rows.map((row) => [row['term'], row['identity_id']]),
    ['i1', 'i2'].map((id) => [`identity:${id}`, id]),
  );
});
