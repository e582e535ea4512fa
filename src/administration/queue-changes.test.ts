// The queue is changed by who acts, and what it means is counted before.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BY_ROOT, failsWith, openOffice } from '../../test/fakes/administration.ts';
import type { QueuePosition } from '../store/queue-change.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('countQueue and changeQueue', async () => {
  const office = openOffice();
  const { id } = await office.addAccount({ login: 'alice@example.org', mailbox: true, allowReserved: true });
  const to = ['one@far.example', 'two@near.example'];
  await office.ports.store.commit([acceptOf(ID, office.clock.now(), { identityId: id, to })]);
  const part = { identity: 'alice', domain: 'far.example' };
  assert.equal(await office.countQueue({ part: {} }), 2);
  assert.equal(await office.countQueue({ part }), 1);

  assert.deepEqual(await office.changeQueue({ part, action: 'hold' }), { changed: 1, stillHeld: 0 });
  const held = await office.newest();
  assert.deepEqual(
    [held && 'by' in held && held.by, held && 'action' in held && held.action],
    [BY_ROOT, 'hold'],
  );
  assert.equal((await office.changeQueue({ part, action: 'hold' })).changed, 0, 'it is held already');
  const meant = async (action?: 'release' | 'retry') =>
    office.countQueue({ part: {}, ...(action === undefined ? {} : { action }) });
  assert.deepEqual([await meant(), await meant('retry'), await meant('release')], [2, 2, 1]);

  await office.suspendAccount({ login: 'alice' });
  const released = await office.changeQueue({ part: { id: ID.toLowerCase() }, action: 'release' });
  assert.deepEqual(released, { changed: 1, stillHeld: 2 }, 'a suspension holds on');
  assert.equal((await office.changeQueue({ part: {}, action: 'drop' })).changed, 2);
  assert.equal(await office.countQueue({ part: {} }), 0);
  await assert.rejects(
    office.changeQueue({ part: { identity: 'carol' }, action: 'drop' }),
    failsWith('negative', /there is no account carol/),
  );
});

test('changeQueue of a large part goes in slices, and is told once', async () => {
  const office = openOffice();
  for (const id of [ID, '01ARZ3NDEKTSV4RRFFQ69G5FAW'])
    await office.ports.store.commit([
      acceptOf(id, office.clock.now(), { to: Array.from({ length: 1250 }, (_, at) => `${at}@far.example`) }),
    ]);
  const part = { domain: 'far.example' };
  for (const action of ['hold', 'release', 'drop'] as const) {
    const counts: number[] = [];
    for (let after: QueuePosition | undefined; ;) {
      const slice = await office.changeQueue({ part, action, ...(after === undefined ? {} : { after }) });
      counts.push(slice.changed);
      if (slice.next === undefined) break;
      after = slice.next;
    }
    assert.deepEqual(counts, [2000, 500], action);
  }
  const types = (await office.trail()).map(({ type }) => type);
  assert.deepEqual(types.slice(0, 5), ['accepted', 'accepted', 'held', 'released', 'dropped']);
  assert.equal(await office.countQueue({ part }), 0);
});
