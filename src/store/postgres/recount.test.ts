// Totals of the queue that somebody has put wrong, on a real PostgreSQL.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../../test/fakes/clock.ts';
import { HOUR } from '../store.contract-fixtures.ts';
import { connect } from './connection.ts';
import { postgresOperations } from './operations.ts';
import { openInside, withoutPostgres } from './postgres.contract-fixtures.ts';

const skip = withoutPostgres;
const clock = virtualClock(0);

test(
  'totals of the queue that are off: the status says so, and they are put right beside who writes',
  { skip },
  async (t) => {
    const { database, bench, sql } = await openInside(t);
    const operations = postgresOperations(database.server);
    const filed = { dueAt: bench.clock.now() + HOUR };
    for (const to of [['a@x.example', 'b@y.example'], ['c@x.example']])
      await bench.accepted({ to, ...filed });
    const right = await bench.lookups.queueTotals();
    const off = async () => {
      const { totalsOff, missing } = await operations.status();
      return [totalsOff, missing];
    };
    const none = { messages: 0, deliveries: 0 };
    assert.deepEqual(await off(), [none, []]);
    await sql.run(
      "INSERT INTO queue_total VALUES ('role', 'submission', 5), ('domain', 'x.example', 2), ('domain', 'gone.example', 3)",
    );
    await sql.run("INSERT INTO queue_change (kind, key, count) VALUES ('domain', 'y.example', -1)");
    const wrong = { messages: 5, deliveries: 6 };
    assert.deepEqual(await off(), [
      wrong,
      [
        'the totals of the queue are off by 5 messages and 6 deliveries: `postern store recount` puts them right',
      ],
    ]);

    // Somebody files a message, and has not committed yet.
    const other = await connect(database.server, { clock });
    await other.exec(
      "BEGIN; INSERT INTO recipient SELECT gen_random_uuid(), 0, NULL, 'z@z.example', 'z.example', NULL, 0, 0, NULL, NULL, 1, false",
    );
    const both = await Promise.all([0, 1].map(() => operations.recount({ by: 'root (command line)' })));
    assert.deepEqual(new Set(both), new Set([wrong, none]));
    await other.exec('ROLLBACK');
    await other.close();
    assert.deepEqual(await off(), [none, []]);
    const { messages, deliveries, byDomain } = await bench.lookups.queueTotals();
    assert.deepEqual(
      { messages, deliveries, byDomain },
      {
        ...{ messages: right.messages, deliveries: right.deliveries, byDomain: right.byDomain },
      },
    );
    const told = (await bench.events()).filter(({ type }) => type === 'storeChanged');
    assert.deepEqual(
      told.map(({ payload }) => payload),
      [{ by: 'root (command line)', action: 'store recount', detail: wrong }],
    );
  },
);
