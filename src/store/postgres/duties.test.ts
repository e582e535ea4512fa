// What is done now and then, once for all nodes: who finds another at it leaves it to him.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyTrail } from '../../audit/verify.ts';
import type { EraseChange } from '../forgetting.ts';
import { DAY, final, HOUR, settleOf, started } from '../store.contract-fixtures.ts';
import { uuidOfId } from './inflight.ts';
import { openInside, withoutPostgres } from './postgres.contract-fixtures.ts';
import { createSweep } from './sweep.ts';

const skip = withoutPostgres;

/** For us. */
const WAITS =
  'SELECT 1 AS found FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)) LIMIT 1';

test('retention is left to who is at it; what a person asks for waits', { skip }, async (t) => {
  const { bench, sql } = await openInside(t);
  const now = bench.clock.now();
  await bench.one({ type: 'record', events: [started(now - DAY)] });
  const purge = { type: 'purge', eventsBefore: now, now, max: 9 } as const;
  const erase = { type: 'erase', addresses: ['a@x.example'], before: now, now, by: 'root' } as const;
  await sql.run('BEGIN');
  await sql.run("SELECT 1 FROM mark WHERE name = 'purged' FOR UPDATE");
  assert.deepEqual(await bench.one(purge), { type: 'purged', count: 0, more: false });
  const erased = bench.one(erase);
  while ((await sql.get(WAITS)) === undefined);
  await sql.run('COMMIT');
  assert.equal((await erased).type, 'erased');
  assert.deepEqual(await bench.one(purge), { type: 'purged', count: 1, more: false });
});

test(
  'an erasure goes in slices, with work of others in between, and its sums add up',
  { skip },
  async (t) => {
    const { bench } = await openInside(t);
    const to = ['x@far.example', 'bob@example.net'];
    const of = { identityId: 'i1', from: 'alice@example.org', to };
    for (let n = 0; n < 3; n += 1) {
      const { message } = await bench.accepted({ ...of, owner: 'a' });
      const deliveries = (await bench.lookups.queue({ messageId: message.id }, { max: 9 })).map(
        ({ delivery }) => delivery,
      );
      await bench.one(settleOf('a', deliveries, final, bench.clock.now()));
    }
    await bench.accepted({ ...of, owner: 'a' });
    bench.clock.advance(DAY);
    const now = bench.clock.now();
    const erase = {
      type: 'erase',
      identityId: 'i1',
      addresses: ['bob@example.net'],
      before: now,
      now,
      by: 'root',
    };
    const sum = { slices: 0, count: 0, kept: 0 };
    for (let after: string | undefined, isLast = false; !isLast;) {
      const slice = { ...erase, max: 1, ...(after === undefined ? {} : { after }) } as const;
      const [outcome] = await bench.store.commit([slice as EraseChange]);
      assert.ok(outcome.type === 'erased');
      assert.ok(outcome.count + outcome.kept <= 3, 'of one message');
      sum.slices += 1;
      sum.count += outcome.count;
      sum.kept += outcome.kept;
      after = outcome.next;
      isLast = after === undefined;
      // Its chains are held no more.
      await bench.idle();
      await bench.accepted({ to: ['y@far.example'], owner: 'a' });
    }
    assert.deepEqual([sum.count, sum.kept, sum.slices > 3], [9, 1, true]);
    const { broken } = await verifyTrail(bench.lookups);
    assert.equal(broken, undefined);
    assert.deepEqual(await bench.one({ ...erase, type: 'erase' }), { type: 'erased', count: 0, kept: 1 });
  },
);

test('bodies that nobody names are looked for by one node in an hour', { skip }, async (t) => {
  const { bench, sql } = await openInside(t);
  const now = bench.clock.now();
  const orphan = async (): Promise<void> => {
    const id = uuidOfId(bench.nextId());
    await sql.run("INSERT INTO body VALUES ($1, 0, '', 'epoch')", id);
  };
  const sweeps = [createSweep(bench.clock), createSweep(bench.clock), createSweep(bench.clock)];
  const bodiesAfter = async (at: number, atMs: number): Promise<unknown> => {
    while (await sweeps[at]?.(sql, atMs));
    return (await sql.get('SELECT count(*)::int AS count FROM body'))?.['count'];
  };
  await orphan();
  const later = now + 2 * DAY;
  assert.equal(await bodiesAfter(0, later), 0);
  await orphan();
  assert.equal(await bodiesAfter(1, later + HOUR - 1), 1, 'it was done');
  assert.equal(await bodiesAfter(2, later + HOUR), 0);
  await orphan();
  bench.clock.advance(HOUR);
  assert.equal(await bodiesAfter(0, later - HOUR), 0, 'the clock of the store was set back');
});
