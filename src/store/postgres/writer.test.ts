// What becomes of one change when its transaction fails.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change, Outcome } from '../port.ts';
import { acceptOf, started } from '../store.contract-fixtures.ts';
import type { NodeState } from './change.ts';
import type { Channel } from './channel.ts';
import { ConnectionLost, SqlError } from './connection.ts';
import { fillDisk, openInside, withoutPostgres } from './postgres.contract-fixtures.ts';
import { applyOver } from './writer.ts';

const accept = acceptOf('06EH1HHEPG0000DZQ5Z1TGM5SC', 0, {});
const record: Change = { type: 'record', events: [started(0)] };

const vectors: readonly {
  readonly why: string;
  readonly error: Error;
  readonly change: Change;
  /** `unknown`: nobody knows whether it was done. */
  readonly outcome: Outcome['type'] | 'unknown';
}[] = [
  {
    why: 'the disk of the server is full',
    error: new SqlError('', '53100'),
    change: accept,
    outcome: 'full',
  },
  {
    why: 'it is full, and this is no mail',
    error: new SqlError('', '53100'),
    change: record,
    outcome: 'failed',
  },
  { why: 'a value is refused', error: new SqlError('', '22P02'), change: accept, outcome: 'failed' },
  { why: 'the connection is lost', error: new ConnectionLost(''), change: record, outcome: 'unknown' },
  {
    why: 'its key is held by one in doubt, which may be the same message',
    error: new SqlError('', '55P03'),
    change: { ...accept, again: true },
    outcome: 'unknown',
  },
  { why: 'a row is held by another', error: new SqlError('', '55P03'), change: record, outcome: 'failed' },
];

const node = { figures: { redone: {} } } as unknown as NodeState;

test('what failed is said of the change alone, unless nobody knows what became of it', async () => {
  for (const { why, error, change, outcome } of vectors) {
    const channel = { transact: () => Promise.reject(error) } as unknown as Channel;
    const asked = applyOver(channel, node, [change]);
    if (outcome === 'unknown') await assert.rejects(asked, ConnectionLost, why);
    else
      assert.deepEqual(
        (await asked).map(({ type }) => type),
        [outcome],
        why,
      );
  }
});

test(
  'a full database takes no mail, says so, and takes it when there is room',
  { skip: withoutPostgres },
  async (t) => {
    const { bench, sql } = await openInside(t);
    const inHand = acceptOf(bench.nextId(), bench.clock.now(), { owner: 'a' });
    const filed = acceptOf(bench.nextId(), bench.clock.now(), {});
    await fillDisk(sql, 'inflight');
    const full = { type: 'full', cause: 'no space' };
    const recorded = { type: 'recorded' };
    assert.deepEqual(await bench.store.commit([inHand, record, filed]), [full, recorded, full]);
    await sql.run('DROP TRIGGER full_disk ON inflight');
    const accepted = { type: 'accepted' };
    assert.deepEqual(await bench.store.commit([inHand, filed]), [accepted, accepted]);
    assert.deepEqual(await bench.eventTypes(), ['started', 'accepted', 'accepted']);
  },
);
