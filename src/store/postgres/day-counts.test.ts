// The days of an identity while the index catches up: what was met in a tail, and stands in the index a moment later, counts once.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EventDraft, SessionFacts } from '../../record/events.ts';
import { DAY } from '../store.contract-fixtures.ts';
import { daysOf } from './day-counts.ts';
import { openInside, withoutPostgres } from './postgres.contract-fixtures.ts';
import type { Sql } from './sql.ts';
import { allPlaces } from './trail-search.ts';

test(
  'what is indexed between the two questions counts once, refusals for as many as they stand for',
  { skip: withoutPostgres },
  async (t) => {
    const { bench, sql } = await openInside(t);
    const now = bench.clock.now();
    const session: SessionFacts = {
      ...{ sessionId: 's', role: 'submission', clientAddress: '192.0.2.7', clientPort: 1 },
      ...{ serverAddress: '198.51.100.1', serverPort: 465, ehlo: 'c' },
    };
    const refused = (count: number): EventDraft => ({
      ...{ type: 'refused', time: now, identityId: 'i1' },
      payload: { session, command: 'RCPT', replyCode: 550, replyStatus: '5.1.1', cause: 'none', count },
    });
    await bench.one({ type: 'record', events: [refused(3), refused(3), refused(2)] });
    let asked = 0;
    const meanwhile: Sql = {
      ...sql,
      async all(...query) {
        asked += 1;
        const rows = await sql.all(...query);
        if (asked === 1) await bench.idle();
        return rows;
      },
    };
    const { days, isCut } = await daysOf(meanwhile, 'i1', now - DAY, allPlaces);
    assert.ok(asked > 1);
    assert.deepEqual([days.map(({ refused: replies }) => replies), isCut], [[8], false]);
    assert.deepEqual(await daysOf(sql, 'i1', now - DAY, allPlaces), { days, isCut }, 'all in the index');
  },
);
