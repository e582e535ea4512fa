// `durability: replicated` where commits wait for no standby: nothing is half accepted.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acceptOf, Bench, started } from '../store.contract-fixtures.ts';
import type { OpenPostgresStore } from './open.ts';
import { freshDatabase, openIn, withoutPostgres } from './postgres.contract-fixtures.ts';
import { NOT_REPLICATED } from './replication.ts';

test(
  'without a standby nothing is written, in a group and alone, and the reason is said',
  { skip: withoutPostgres },
  async () => {
    const database = await freshDatabase();
    const server = { ...database.server, isReplicated: true } as const;
    let inside: (() => OpenPostgresStore) | undefined;
    await using bench = await Bench.open((options) => {
      const both = openIn({ ...database, server }, options);
      ({ inside } = both);
      return both.opened();
    });
    const writer = inside?.().writer;
    assert.ok(writer);
    const now = 1;
    const changes = [
      acceptOf('01KB0000000000000000000000', now, { owner: 'a' }),
      acceptOf('01KB0000000000000000000001', now, {}),
      { type: 'record', events: [started(now)] },
    ] as const;
    for (const group of [changes, changes.slice(1, 2)])
      assert.deepEqual(
        await writer.apply(group, 0),
        group.map(() => ({ type: 'failed', cause: NOT_REPLICATED })),
      );
    assert.deepEqual(await bench.queued(), []);
  },
);
