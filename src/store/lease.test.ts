// Leases, as vectors for each rule; all of them together: `lease-model.test.ts`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterPulse,
  beforePulse,
  BEGIN_MS,
  beginning,
  BEYOND_MS,
  bounded,
  GAP_MS,
  type Instant,
  isLost,
  LEASE_MS,
  lifeGoesOn,
  type LifeRow,
  mayTakeOver,
  newLife,
  type OwnLease,
  PULSE_MS,
  renewed,
  rightSince,
  stands,
  SWEPT_MS,
} from './lease.ts';
import { HOUR } from './store.contract-fixtures.ts';

const WALL = Date.UTC(2026, 10, 24, 9);
const HELD_MS = 12_000;

/** `ahead`: how far the wall clock has gone ahead since the start, ms. */
const at = (monotonic: number, ahead = 0): Instant => ({ monotonic, wall: WALL + monotonic + ahead });

const held: readonly { readonly why: string; readonly now: Instant; readonly stands: boolean }[] = [
  { why: 'right after the pulse', now: at(0), stands: true },
  { why: 'until three seconds before its end', now: at(HELD_MS - 1), stands: true },
  { why: 'not at three seconds before its end', now: at(HELD_MS), stands: false },
  { why: 'not after a stop, whose timers have not rung yet', now: at(HOUR), stands: false },
  { why: 'the wall clock is corrected', now: at(1000, 2000), stands: true },
  { why: 'the machine was paused: the wall clock has jumped', now: at(1000, 2001), stands: false },
  { why: 'what the wall clock went ahead counts', now: at(HELD_MS - 1500, 1500), stands: false },
  { why: 'the wall clock was set back', now: at(1000, -HOUR), stands: true },
];

for (const vector of held)
  test(`lease: held, ${vector.why}`, () => {
    const right = rightSince(at(0), HELD_MS);
    assert.equal(stands(right, vector.now), vector.stands);
  });

test('lease: nothing is held before a pulse was answered', () => {
  assert.equal(stands(newLife('a').held, at(0)), false);
});

interface Answered {
  readonly why: string;
  readonly answers: readonly {
    readonly incarnation?: string;
    readonly sent: number;
    readonly is: 'alive' | 'dead';
  }[];
  readonly incarnation: string;
  readonly begun: boolean;
  /** Absent: it does not hold its lease. */
  readonly until?: number;
}

const answered: readonly Answered[] = [
  {
    why: 'it counts from when the pulse was sent',
    answers: [{ sent: 100, is: 'alive' }],
    incarnation: 'a',
    begun: true,
    until: 100 + HELD_MS,
  },
  {
    why: 'an answer that was overtaken takes nothing away',
    answers: [
      { sent: 2000, is: 'alive' },
      { sent: 0, is: 'alive' },
    ],
    incarnation: 'a',
    begun: true,
    until: 2000 + HELD_MS,
  },
  {
    why: 'who is dead begins another life, which holds nothing yet',
    answers: [
      { sent: 0, is: 'alive' },
      { sent: 2000, is: 'dead' },
    ],
    incarnation: 'b',
    begun: false,
  },
  {
    why: 'an answer for the life before is none for this one',
    answers: [
      { sent: 2000, is: 'dead' },
      { sent: 0, is: 'alive' },
    ],
    incarnation: 'b',
    begun: false,
  },
  {
    why: 'dead for the life before does not end this one',
    answers: [
      { sent: 0, is: 'dead' },
      { sent: 2000, is: 'dead' },
      { incarnation: 'b', sent: 4000, is: 'alive' },
    ],
    incarnation: 'b',
    begun: true,
    until: 4000 + HELD_MS,
  },
];

for (const { why, answers, ...expected } of answered)
  test(`lease: a pulse is answered, ${why}`, () => {
    let own = newLife('a');
    for (const { incarnation = 'a', sent, is } of answers)
      own = afterPulse(own, { incarnation, sent: at(sent) }, is, () => 'b');
    assert.deepEqual([own.incarnation, own.begun], [expected.incarnation, expected.begun]);
    assert.equal(own.held?.until, expected.until);
  });

interface Tried {
  readonly why: string;
  /** Of the pulses that nobody answered, the last one is now. */
  readonly sent: readonly Instant[];
  readonly own?: OwnLease;
  /** Asked for with the last one. */
  readonly incarnation: string;
}

const tried: readonly Tried[] = [
  { why: 'the same one is tried again', sent: [at(0), at(BEGIN_MS - 1)], incarnation: 'a' },
  { why: 'not when its begin may have been done long ago', sent: [at(0), at(BEGIN_MS)], incarnation: 'b1' },
  {
    why: 'not when the machine was paused for that long',
    sent: [at(0), at(PULSE_MS, BEGIN_MS)],
    incarnation: 'b1',
  },
  {
    why: 'the next one is tried as long',
    sent: [at(0), at(BEGIN_MS), at(2 * BEGIN_MS - 1)],
    incarnation: 'b1',
  },
  { why: 'and has an end too', sent: [at(0), at(BEGIN_MS), at(2 * BEGIN_MS)], incarnation: 'b2' },
  {
    why: 'one that was begun goes on, however long nothing was heard',
    sent: [at(0), at(HOUR)],
    own: lifeGoesOn('a'),
    incarnation: 'a',
  },
];

for (const { why, sent, own = newLife('a'), incarnation } of tried)
  test(`lease: which life is begun, ${why}`, () => {
    let lives = 0;
    const next = (): string => `b${(lives += 1)}`;
    const last = sent.reduce((before, now) => beforePulse(before, now, next), own);
    assert.deepEqual([last.incarnation, last.begun], [incarnation, own.begun]);
  });

test('lease: a begin that nobody heard of is not tried any more when its life may have been swept', () => {
  assert.ok(BEGIN_MS + PULSE_MS < LEASE_MS + SWEPT_MS);
});

interface TakesOver {
  readonly why: string;
  /** When the one that asks has pulsed, ms; the last one is now. */
  readonly pulses: readonly number[];
  readonly may: boolean;
}

const every = (from: number, to: number): readonly number[] =>
  Array.from({ length: (to - from) / PULSE_MS + 1 }, (_, n) => from + n * PULSE_MS);

const takesOver: readonly TakesOver[] = [
  { why: 'here for a whole lease', pulses: every(0, 16_000), may: true },
  { why: 'not here for so long', pulses: every(0, 14_000), may: false },
  {
    why: 'a pulse was lost, the next one late',
    pulses: [...every(0, 8000), 8000 + GAP_MS, 16_000],
    may: true,
  },
  { why: 'two pulses were lost', pulses: [...every(0, 8000), ...every(14_000, 20_000)], may: false },
  { why: 'it was away itself', pulses: [...every(0, 60_000), 60_001 + GAP_MS], may: false },
  {
    why: 'it was away itself, and is back for a lease',
    pulses: [...every(0, 60_000), ...every(120_000, 136_000)],
    may: true,
  },
  {
    why: 'the clock of the store was set back',
    pulses: [...every(HOUR, HOUR + 20_000), ...every(0, 14_000)],
    may: false,
  },
];

function rowAfter(pulses: readonly number[]): LifeRow {
  return pulses.slice(1).reduce(renewed, beginning(pulses[0] ?? 0));
}

for (const { why, pulses, may } of takesOver)
  test(`lease: ${may ? 'may take over' : 'may not take over'}, ${why}`, () => {
    assert.equal(mayTakeOver(rowAfter(pulses), pulses.at(-1) ?? 0), may);
  });

test('lease: who is dead takes nothing over', () => {
  const row = rowAfter(every(0, 60_000));
  assert.equal(mayTakeOver({ ...row, state: 'dead' }, 60_000), false);
});

test('lease: a life is lost two seconds beyond its lease, once', () => {
  const row = beginning(0);
  assert.equal(isLost(row, LEASE_MS + BEYOND_MS), false);
  assert.equal(isLost(row, LEASE_MS + BEYOND_MS + 1), true);
  assert.equal(isLost({ ...row, state: 'dead' }, HOUR), false);
});

test('lease: the clock of the store was set back, and a life that is gone is not let be for so long', () => {
  const row = bounded(beginning(HOUR), 0);
  assert.equal(isLost(row, LEASE_MS + BEYOND_MS + 1), true);
  assert.deepEqual(bounded(row, 1000), row);
});

test('lease: the clock of the store was set back, and who is there may take over before it comes to that time again', () => {
  const seenByAnother = bounded(rowAfter(every(HOUR, HOUR + 20_000)), 0);
  const now = LEASE_MS + PULSE_MS;
  assert.equal(mayTakeOver(every(PULSE_MS, now).reduce(renewed, seenByAnother), now), true);
});
