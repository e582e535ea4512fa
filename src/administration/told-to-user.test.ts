// A user's own mail over queue and trace: what other servers said of it, and nothing of our own side.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AcceptedPayload, TrailEvent } from '../record/events.ts';
import { acceptOf } from '../store/store.contract-fixtures.ts';
import { attemptToldToUser, eventToldToUser } from './told-to-user.ts';

const REPLY = '450 4.2.1 mailbox full';
const OURS = 'no reply of another server';

for (const [why, remote, diagnostic, told] of [
  ['a reply', 'smtp mx.inner [10.0.0.7]:2598', REPLY, { diagnostic: REPLY, remote: 'smtp' }],
  ['a reply to LMTP', 'lmtp unix:/run/box', REPLY, { diagnostic: REPLY, remote: 'lmtp' }],
  [
    'no connection',
    undefined,
    'smtp 127.0.0.1:2598: connect ECONNREFUSED 127.0.0.1:2598',
    { diagnostic: OURS },
  ],
  ['a file', 'files /var/outbox', '250 written to /var/outbox/1.eml', { diagnostic: OURS }],
  ['a connection that broke', 'smtp mx.inner [10.0.0.7]:25', 'reset by 10.0.0.7', { diagnostic: OURS }],
] as const)
  test(`a user is told of ${why} what another server said, without next hop and node`, () => {
    const place = { recipient: 'bob@example.net', recipientNumber: 0, attempt: 1, status: '4.4.1' };
    for (const type of ['delivered', 'relayed', 'deferred', 'failed', 'expired'] as const) {
      const payload = {
        ...{ ...place, diagnostic, node: 'inner-1', inClearBecause: 'mx.inner' },
        ...(remote === undefined ? {} : { remote }),
      };
      const event: TrailEvent = { chain: 1, sequence: 1, type, time: 1, payload };
      assert.deepEqual(eventToldToUser(event), { ...event, payload: { ...place, ...told } });
    }
    const last = {
      ...{ at: 1, status: '4.4.1', reply: diagnostic },
      ...(remote === undefined ? {} : { remote }),
    };
    const { diagnostic: reply, ...said } = told;
    assert.deepEqual(attemptToldToUser({ messageId: 'M', recipientNumber: 0, attempts: 1, last }).last, {
      at: 1,
      status: '4.4.1',
      reply,
      ...said,
    });
  });

test('a user is told of an acceptance, without the node that it came to', () => {
  const { event: accepted } = acceptOf('01ARZ3NDEKTSV4RRFFQ69G5FAV', 1, {});
  const event = { chain: 1, sequence: 1, ...accepted } as TrailEvent & { readonly payload: AcceptedPayload };
  const onNode: TrailEvent = { ...event, payload: { ...event.payload, node: 'inner-1' } } as TrailEvent;
  assert.deepEqual(eventToldToUser(onNode), event);
});
