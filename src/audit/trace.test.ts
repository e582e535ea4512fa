// The events of a message as one answer, whichever chain tells of them first.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrailEvent } from '../record/events.ts';
import { trace } from './trace.ts';

const id = '01ARZ3NDEKTSV4RRFFQ69G5FAV';

type Told = readonly [type: TrailEvent['type'], chain: number, time: number, attempt?: number];

function eventOf([type, chain, time, attempt = 1]: Told, at: number): TrailEvent {
  const payload =
    type === 'accepted'
      ? { envelope: { recipients: [{ forwardPath: 'b@x.example' }] } }
      : { recipient: 'b@x.example', recipientNumber: 0, attempt, status: '2.0.0', diagnostic: 'said' };
  return { type, chain, sequence: at + 1, time, messageId: id, payload } as never;
}

const vectors: readonly {
  readonly why: string;
  readonly events: readonly Told[];
  /** When each message was accepted, and what became of it. */
  readonly messages: readonly string[];
}[] = [
  {
    why: 'one chain tells all',
    events: [
      ['accepted', 1, 10],
      ['relayed', 1, 20],
    ],
    messages: ['10 relayed 20'],
  },
  {
    why: 'another chain tells of its end before the acceptance',
    events: [
      ['relayed', 2, 5, 2],
      ['accepted', 1, 10],
      ['deferred', 1, 20],
    ],
    messages: ['10 relayed 5'],
  },
  {
    why: 'another chain tells of a hold before the acceptance',
    events: [
      ['held', 2, 5],
      ['accepted', 1, 10],
    ],
    messages: ['10 queued undefined'],
  },
  {
    why: 'two chains tell of its acceptance',
    events: [
      ['accepted', 1, 10],
      ['accepted', 2, 11],
      ['deferred', 2, 12],
    ],
    messages: ['10 deferred 12'],
  },
  { why: 'nothing is known of it', events: [], messages: [] },
];

for (const { why, events, messages } of vectors)
  test(`a message is traced by its id: ${why}`, async () => {
    const all = events.map(eventOf);
    const lookups = {
      findMessages: () => Promise.resolve({ ids: all.length === 0 ? [] : [id] }),
      findEvents: () => assert.fail('the id leads to it'),
      eventsOfMessage: (_: string, max: number) => Promise.resolve(all.slice(0, max)),
      eventsOfMessages: (_: readonly string[], max: number) => Promise.resolve(all.slice(0, max)),
    };
    const answer = await trace(lookups, { looks: [[{ kind: 'id', id }]], text: id }, { max: 20 });
    assert.deepEqual(
      answer.messages.map(({ acceptedAt, recipients: [fate] }) => `${acceptedAt} ${fate?.fate} ${fate?.at}`),
      messages,
    );
    assert.deepEqual([answer.refusals, answer.more], [[], false]);
  });
