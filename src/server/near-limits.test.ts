// Whose limits are near their end, as outcomes of accepts told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../store/port.ts';
import { acceptOf, HOUR, START } from '../store/store.contract-fixtures.ts';
import { KEPT_MAX, NearLimits } from './near-limits.ts';

const ID = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const limits = { messagesPerHour: 10 };

const charged = (identityId: string) => acceptOf(ID, START, { identityId, charge: { identityId, limits } });

function noted(...of: readonly (readonly [who: string, outcome: Outcome])[]): NearLimits {
  const near = new NearLimits();
  for (const [who, outcome] of of) near.note([charged(who)], [outcome]);
  return near;
}

const nearUntil = (at: number): Outcome => ({ type: 'accepted', nearUntil: at });

test('who was charged last stands first, once, until his limit frees', () => {
  const near = noted(
    ['a', nearUntil(START + HOUR)],
    ['b', nearUntil(START + 2 * HOUR)],
    ['c', { type: 'accepted' }],
    ['a', nearUntil(START + 3 * HOUR)],
  );
  assert.deepEqual(near.identities(START), ['a', 'b']);
  assert.deepEqual(near.identities(START + 2 * HOUR), ['a']);
  assert.deepEqual(near.identities(START + 3 * HOUR), []);
});

for (const [hard, hours] of [
  [false, 2],
  [true, 48],
] as const)
  test(`who was held back by a limit ${hard ? 'of a day' : 'of an hour'} is known for ${hours} hours`, () => {
    const near = noted(['a', { type: 'limited', limit: 'messagesPerHour', hard }]);
    assert.deepEqual(near.identities(START + hours * HOUR - 1), ['a']);
    assert.deepEqual(near.identities(START + hours * HOUR), []);
  });

test('each outcome is of its own change, and what is not charged is not kept', () => {
  const near = new NearLimits();
  near.note(
    [acceptOf(ID, START, { identityId: 'a' }), { type: 'record', events: [] }, charged('b'), charged('c')],
    [nearUntil(START + 1), { type: 'recorded' }, { type: 'failed', cause: 'x' }, nearUntil(START + 1)],
  );
  assert.deepEqual(near.identities(START), ['c']);
});

test('it knows no more than it may: who was charged longest ago goes', () => {
  const all = Array.from({ length: KEPT_MAX + 1 }, (_, at) => `i${at}`);
  const near = noted(...all.map((who) => [who, nearUntil(START + 1)] as const));
  assert.deepEqual(near.identities(START), all.slice(1).toReversed());
});
