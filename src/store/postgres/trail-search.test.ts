// Looking for events by words while the index is behind.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventDraft } from '../../record/events.ts';
import { identityTerm } from '../../record/terms.ts';
import { number } from '../row.ts';
import { PLANNED_ONCE } from './client.ts';
import { connect } from './connection.ts';
import { keepPartitions } from './partitions.ts';
import { openInside, withoutPostgres } from './postgres.contract-fixtures.ts';
import { type Sql, sqlOver } from './sql.ts';
import { allPlaces, newestNaming, type Places } from './trail-search.ts';

const EACH = 1_201;
const PAGE_MAX = 500;

test(
  'a tail that the index does not reach is read in pages, and given newest first',
  { skip: withoutPostgres },
  async (t) => {
    const { bench, sql } = await openInside(t);
    const events = Array.from({ length: EACH }, (_, n): EventDraft => ({
      ...{ type: 'identityChanged', time: n, identityId: n % 2 === 0 ? 'even' : 'odd' },
      payload: { by: 'root', action: 'change', detail: { login: 'x' } },
    }));
    const stores = await bench.both();
    for (const part of [events.slice(0, 700), events.slice(700)])
      for (const store of stores) await store.commit([{ type: 'record', events: part }]);

    let most = 0;
    const counted: Sql = {
      ...sql,
      async all(...query) {
        const rows = await sql.all(...query);
        most = Math.max(most, rows.length);
        return rows;
      },
    };
    const found = async (places: Places = allPlaces): Promise<readonly number[]> => {
      const all: number[] = [];
      for await (const row of newestNaming(counted, [identityTerm('even')], places))
        all.push(number(row, 'at'));
      return all;
    };
    const all = await found();
    assert.equal(all.length, 2 * (1 + Math.floor(EACH / 2)));
    assert.deepEqual(
      all,
      [...new Set(all)].toSorted((one, other) => other - one),
    );
    assert.ok(most <= stores.length * PAGE_MAX, String(most));
    const [above, below] = [all[900] ?? 0, all[100] ?? 0];
    assert.deepEqual(await found({ above, below }), all.slice(101, 900));
    await bench.idle();
    assert.deepEqual(await found(), all, 'some of them stand in the index');
  },
);

/** A day each, of one chain, with their words in the index; and a chain to which nobody has written for all that time. */
const LONG_TRAIL = `
  INSERT INTO chain (name, started_at) VALUES ('silent', 0);
  INSERT INTO event (place, chain, sequence, time, type, identity_id, payload, salt, content_hash, link)
    SELECT day * 1000000000::bigint + n, 1000, day * 2000 + n, n, 'started', 'i' || n % 7, '{}', '', '', ''
      FROM generate_series(0, 3) AS day, generate_series(1, 2000) AS n;
  INSERT INTO chain (id, name, started_at, indexed, indexed_place, head, head_link)
    OVERRIDING SYSTEM VALUE VALUES (1000, 'busy', 0, 8000, 3000002000, 8000, '')`;
const FETCHED =
  "SELECT coalesce(sum(idx_tup_fetch), 0)::bigint AS count FROM pg_stat_xact_user_tables WHERE relname LIKE 'event%'";

test(
  'what others wrote since is not read for a chain that has no tail',
  { skip: withoutPostgres },
  async (t) => {
    const { bench, database } = await openInside(t);
    const connection = await connect(database.server, { clock: bench.clock, settings: PLANNED_ONCE });
    t.after(() => connection.close());
    await keepPartitions(bench.clock, assert.fail).keep(connection, bench.clock.now());
    await connection.exec(LONG_TRAIL);
    await connection.exec('ANALYZE');
    await connection.exec('BEGIN');
    const found = newestNaming(sqlOver(connection), [identityTerm('nobody')], allPlaces);
    assert.equal((await found.next()).done, true);
    const { rows } = await connection.query(FETCHED);
    assert.ok(Number(rows[0]?.['count']) < 10, JSON.stringify(rows));
    await connection.exec('ROLLBACK');
  },
);
