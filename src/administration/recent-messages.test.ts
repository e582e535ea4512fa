// What was accepted last: domains and figures, nobody's name, no record.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openOffice } from '../../test/fakes/administration.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';

const idOf = (at: number): string => `01ARZ3NDEKTSV4RRFFQ69G5F${String(at).padStart(2, '0')}`;

test('recentMessages', async () => {
  const office = openOffice();
  assert.deepEqual(await office.recentMessages({ max: 3 }), []);
  const recipients = ['bob@a.example', 'carla@a.example', 'd@b.example', 'e@c.example', 'f@d.example'];
  for (let at = 0; at < 60; at += 1)
    await office.ports.store.commit([
      acceptOf(idOf(at), office.clock.now(), { to: at === 59 ? recipients : ['bob@a.example'] }),
    ]);
  const before = (await office.trail()).length;
  const [newest, next, ...others] = await office.recentMessages({ max: 3 });
  assert.deepEqual(newest, {
    ...{ id: idOf(59), acceptedAt: office.clock.now(), recipients: 5 },
    ...{ domains: ['a.example', 'b.example', 'c.example'], fates: { queued: 5 } },
  });
  assert.deepEqual([next?.id, others.length], [idOf(58), 1]);
  await office.changeQueue({ part: { id: idOf(59), to: 'd@b.example' }, action: 'drop' });
  assert.deepEqual((await office.recentMessages({ max: 1 }))[0]?.fates, { queued: 4, dropped: 1 });
  assert.equal((await office.recentMessages({ max: 1000 })).length, 50);
  assert.equal((await office.trail()).length, before + 1, 'the drop alone was recorded');
  assert.doesNotMatch(JSON.stringify(await office.recentMessages({ max: 50 })), /bob|alice|@/);
});
