// What a node believes of identities, as vectors: what a pulse tells, and what a front is told of it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FEED_MS, type Changed, heardFrom, type IdentityChanged, nothingTold } from './freshness.ts';

const changed = (identityId: string, revision: number): IdentityChanged => ({
  ...{ type: 'identityChanged', identityId, revision, state: 'suspended', gone: [] },
});

const alice = changed('alice', 2);
const bob = changed('bob', 5);
const again = changed('alice', 3);

interface Vector {
  readonly why: string;
  /** One after the other: how long after the one before it was answered, ms, and what it told. */
  readonly pulses: readonly (readonly [afterMs: number, changed: Changed])[];
  /** What the last one lets be told. */
  readonly told: readonly (IdentityChanged | 'unsure')[];
}

const vectors: readonly Vector[] = [
  {
    why: 'before the first pulse nothing was told',
    pulses: [[0, []]],
    told: ['unsure'],
  },
  {
    why: 'what was asked before the first pulse may be answered after it',
    pulses: [[0, [alice]]],
    told: ['unsure', alice],
  },
  {
    why: 'a change is told',
    pulses: [
      [0, []],
      [2000, [alice]],
    ],
    told: [alice],
  },
  {
    why: 'each pulse names it again for a while, and it is told once',
    pulses: [
      [0, []],
      [2000, [alice]],
      [2000, [alice, bob]],
    ],
    told: [bob],
  },
  {
    why: 'its next change is another',
    pulses: [
      [0, []],
      [2000, [alice]],
      [2000, [alice, again]],
    ],
    told: [again],
  },
  {
    why: 'two changes of one, each with its own credentials that are gone',
    pulses: [
      [0, []],
      [2000, [alice, again]],
    ],
    told: [alice, again],
  },
  {
    why: 'pulses were lost, and the feed reaches back to the last one, with what came late',
    pulses: [
      [0, []],
      [FEED_MS - 10_000, [alice]],
    ],
    told: [alice],
  },
  {
    why: 'the feed does not reach back to the last one',
    pulses: [
      [0, []],
      [FEED_MS - 9_999, [alice]],
    ],
    told: ['unsure', alice],
  },
  {
    why: 'the clock of the store was set back: nobody knows how long it was',
    pulses: [
      [0, []],
      [-3_600_000, []],
    ],
    told: ['unsure'],
  },
  {
    why: 'too many to tell',
    pulses: [
      [0, []],
      [2000, 'many'],
    ],
    told: ['unsure'],
  },
  {
    why: 'too many to tell, again: what came in between may be of those',
    pulses: [
      [0, []],
      [2000, 'many'],
      [2000, 'many'],
    ],
    told: ['unsure'],
  },
  {
    why: 'after too many each is told',
    pulses: [
      [0, [alice]],
      [2000, 'many'],
      [2000, [alice]],
    ],
    told: [alice],
  },
];

for (const { why, pulses, told } of vectors)
  test(`feed: ${why}`, () => {
    let feed = nothingTold;
    let at = 1_000_000_000;
    let last: readonly object[] = [];
    for (const [afterMs, change] of pulses) {
      at += afterMs;
      const heard = heardFrom(feed, { at, changed: change });
      ({ feed } = heard);
      last = heard.notices;
    }
    assert.deepEqual(
      last,
      told.map((one) => (one === 'unsure' ? { type: 'unsure' } : one)),
    );
  });
