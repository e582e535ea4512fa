// What became of a recipient, whichever node told of it first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrailEvent } from '../record/events.ts';
import { fatesOf } from './fates.ts';

interface Told {
  readonly type: TrailEvent['type'];
  readonly time: number;
  readonly attempt?: number;
  readonly chain?: number;
  readonly action?: string;
  readonly id?: string;
  readonly cause?: string;
}

const accepted = { envelope: { recipients: [{ forwardPath: 'b@x.example' }] } } as never;

function eventOf({ type, time, attempt = 1, chain = 1, action, id, cause }: Told, at: number): TrailEvent {
  const about = { recipient: 'b@x.example', recipientNumber: 0 };
  const payload =
    type === 'reported'
      ? { recipients: [{ ...about, action }], reportId: id, cause }
      : { ...about, attempt, status: '2.0.0', diagnostic: 'said' };
  return { type, time, chain, sequence: at + 1, payload } as never;
}

const vectors: readonly {
  readonly why: string;
  readonly events: readonly Told[];
  readonly fate: readonly [fate: string, attempts: number, report?: string];
}[] = [
  { why: 'nothing is known yet', events: [], fate: ['queued', 0] },
  {
    why: 'a later attempt',
    events: [
      { type: 'deferred', time: 10 },
      { type: 'relayed', time: 20, attempt: 2 },
    ],
    fate: ['relayed', 2],
  },
  {
    why: 'a later attempt by a node whose clock is slow, told first',
    events: [
      { type: 'relayed', time: 5, attempt: 2, chain: 2 },
      { type: 'deferred', time: 10 },
    ],
    fate: ['relayed', 2],
  },
  {
    why: 'dropped after its attempt was deferred, by a node whose clock is slow',
    events: [
      { type: 'dropped', time: 5, chain: 2 },
      { type: 'deferred', time: 10 },
    ],
    fate: ['dropped', 1],
  },
  {
    why: 'claims that were put back untried are no attempts',
    events: [
      { type: 'deferred', time: 10, attempt: 3 },
      { type: 'relayed', time: 20, attempt: 14, chain: 2 },
    ],
    fate: ['relayed', 2],
  },
  {
    why: 'dropped before any attempt',
    events: [{ type: 'dropped', time: 5, attempt: 0 }],
    fate: ['dropped', 0],
  },
  {
    why: 'two ends of one attempt: the later one',
    events: [
      { type: 'failed', time: 10 },
      { type: 'relayed', time: 9, chain: 2 },
    ],
    fate: ['failed', 1],
  },
  {
    why: 'of the same moment the one that was told last',
    events: [
      { type: 'failed', time: 10 },
      { type: 'relayed', time: 10 },
    ],
    fate: ['relayed', 1],
  },
  {
    why: 'a report of a failure, told before it',
    events: [
      { type: 'reported', time: 30, action: 'failed', id: 'R', chain: 2 },
      { type: 'failed', time: 10 },
    ],
    fate: ['failed', 1, 'R'],
  },
  {
    why: 'a report of a delay is none of the delivery after it',
    events: [
      { type: 'deferred', time: 10 },
      { type: 'reported', time: 11, action: 'delayed', id: 'R' },
      { type: 'relayed', time: 20, attempt: 2 },
    ],
    fate: ['relayed', 2],
  },
  {
    why: 'a report of a delay stays while it waits',
    events: [
      { type: 'deferred', time: 10 },
      { type: 'reported', time: 11, action: 'delayed', id: 'R' },
      { type: 'deferred', time: 20, attempt: 2 },
    ],
    fate: ['deferred', 2, 'R'],
  },
  {
    why: 'its sender is told of what was given up',
    events: [
      { type: 'dropped', time: 10 },
      { type: 'reported', time: 11, action: 'failed', id: 'R' },
    ],
    fate: ['dropped', 0, 'R'],
  },
  {
    why: 'why nobody was told',
    events: [
      { type: 'failed', time: 10 },
      { type: 'reported', time: 11, action: 'failed', cause: 'no postmaster' },
    ],
    fate: ['failed', 1, 'no postmaster'],
  },
];

for (const { why, events, fate } of vectors)
  test(`D-TR-7: the fate of a recipient: ${why}`, () => {
    const [found, ...others] = fatesOf(accepted, events.map(eventOf));
    assert.deepEqual(others, []);
    const report = found?.reportId ?? found?.notReported;
    assert.deepEqual([found?.fate, found?.attempts, ...(report === undefined ? [] : [report])], fate);
  });
