// Whose an owner is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leasedBy, ONLY_NODE, ownerOf } from './owner.ts';

const owned = [
  { why: 'nobody has it', owner: undefined, told: { active: false } },
  {
    why: 'a node among several',
    owner: ownerOf({ node: 'mail1', incarnation: 'x' }, 1, 2),
    told: { active: true, node: 'mail1' },
  },
  {
    why: 'the only one',
    owner: ownerOf({ node: ONLY_NODE, incarnation: 'x' }, 1, 2),
    told: { active: true },
  },
];

for (const { why, owner, told } of owned)
  test(`who has leased a delivery: ${why}`, () => {
    assert.deepEqual(leasedBy(owner), told);
  });
