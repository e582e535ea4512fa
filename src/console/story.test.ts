// The time line of a message: which attempt each line tells of.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TracedMessage } from '../audit/trace.ts';
import type { TrailEvent } from '../record/events.ts';
import { storyOf } from './story.ts';

type Line = readonly [type: TrailEvent['type'], attempt: number, recipientNumber?: number];

const vectors: readonly {
  readonly why: string;
  readonly lines: readonly Line[];
  readonly told: readonly string[];
}[] = [
  { why: 'the only attempt has no number', lines: [['relayed', 1]], told: [''] },
  {
    why: 'nor has the first one after nine claims that were put back untried',
    lines: [['deferred', 10]],
    told: [''],
  },
  {
    why: 'those after it count on, as the queue does',
    lines: [
      ['deferred', 10],
      ['deferred', 14],
      ['relayed', 15],
    ],
    told: ['', '2', '3'],
  },
  {
    why: 'by the attempt, also where a later one is told first',
    lines: [
      ['relayed', 7],
      ['deferred', 4],
    ],
    told: ['2', ''],
  },
  {
    why: 'each recipient has its own',
    lines: [
      ['deferred', 3, 0],
      ['deferred', 1, 1],
      ['relayed', 2, 1],
    ],
    told: ['', '', '2'],
  },
  {
    why: 'a drop is no attempt',
    lines: [
      ['deferred', 2],
      ['deferred', 3],
      ['dropped', 3],
    ],
    told: ['', '2', ''],
  },
];

test('of a long story the first two hundred events are told, and how to get all', async () => {
  const events = Array.from({ length: 203 }, (_, at) => ({
    ...{ type: 'deferred', time: at, chain: 1, sequence: at + 1 },
    payload: {
      recipient: 'b@x.example',
      recipientNumber: 0,
      attempt: at + 1,
      status: '4.2.0',
      diagnostic: 'said',
    },
  }));
  const text = String(await storyOf({ events } as unknown as TracedMessage));
  assert.equal(text.match(/Put off/g)?.length, 200);
  assert.match(text, /and 3 more events: <code>postern trace --json<\/code> has all/);
});

for (const { why, lines, told } of vectors)
  test(`attempts: ${why}`, async () => {
    const events = lines.map(([type, attempt, recipientNumber = 0], at) => ({
      ...{ type, time: at, chain: 1, sequence: at + 1 },
      payload: { recipient: 'b@x.example', recipientNumber, attempt, status: '4.2.0', diagnostic: 'said' },
    }));
    const text = String(await storyOf({ events } as unknown as TracedMessage));
    const items = text.split('<li').slice(1);
    assert.deepEqual(
      items.map((item) => /\(attempt (\d+)\)/.exec(item)?.[1] ?? ''),
      told,
    );
  });
