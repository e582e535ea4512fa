// The nodes that share a store, as the page of the server tells of each.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begin } from '../../../test/fakes/desk-with-mail.ts';
import { START } from '../../store/store.contract-fixtures.ts';

test('each node is told with its state, lease, version, roles, incarnation, and since when it runs', async () => {
  const told = { roles: ['submission', 'relay'], version: '0.1.0', startedAt: START - 3 * 3_600_000 };
  const { page } = await begin({
    condition: {
      health: {
        ...{ problems: [], warnings: [] },
        nodes: [
          { ...told, node: 'a', incarnation: '11aa', state: 'alive', leaseLeftMs: 9_000, isThis: true },
          { ...told, node: 'b', incarnation: '22bb', state: 'alive', leaseLeftMs: 8_000, isLeaving: true },
          { ...told, node: 'c', incarnation: '33cc', state: 'gone', leaseLeftMs: -60_000 },
          { node: 'd', incarnation: '44dd', state: 'away', leaseLeftMs: -2_000 },
        ],
      },
    },
  });
  const rows = (await page('/server')).split('<tr>').slice(1);
  const rowOf = (name: string): string => rows.find((row) => row.includes(`<span>${name}`)) ?? '';
  assert.match(
    rowOf('a (this one)'),
    /alive[^]*ends in 9 s[^]*3 hours[^]*0\.1\.0[^]*submission, relay[^]*11aa/,
  );
  assert.match(rowOf('b'), /about to stop[^]*ends in 8 s/);
  assert.match(rowOf('c'), /gone: another took over[^]*over/);
  assert.doesNotMatch(rowOf('c'), /3 hours/);
  assert.match(rowOf('d'), /away[^]*ended 2 s ago[^]*not said yet/);
});
