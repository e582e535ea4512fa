// What is written of an attempt, and when the next one is due.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delivery, QueuedMessage } from '../store/port.ts';
import type { Attempt, DeliveryJob } from './delivery-job.ts';
import type { RelaySettings } from './settings.ts';
import { nextDueAt, settlementOf } from './settlement.ts';

const MINUTE = 60_000;
const settings = { retryMs: [15 * MINUTE, 30 * MINUTE], expireMs: 100 * MINUTE };
const message = { acceptedAt: 1_000_000 } as QueuedMessage;

test('E-Q-2: the last attempt is made when the message expires, not a delay later', () => {
  const dueAfter = (attempt: number, minute: number): number =>
    (nextDueAt(settings, message, attempt, message.acceptedAt + minute * MINUTE) - message.acceptedAt) /
    MINUTE;
  assert.deepEqual([dueAfter(1, 0), dueAfter(2, 15), dueAfter(3, 45), dueAfter(4, 75)], [15, 45, 75, 100]);
  assert.equal(dueAfter(5, 99), 100);
  assert.equal(dueAfter(5, 100), 100 + 1 / 60, 'never at once');
});

function deliveryTo(forwardPath: string, recipientNumber: number): Delivery {
  const recipient = { forwardPath };
  const at = { messageId: 'm', domain: 'far.example', attempt: 1, delayReported: false };
  return { ...at, recipientNumber, recipient };
}

test('E-Q-1 D-TR-1: a recipient of whom an attempt says nothing is tried again, and each fate names whose message it was, and the node that tried', () => {
  const now = message.acceptedAt + MINUTE;
  const delivered: Attempt = { type: 'delivered', status: '2.0.0', diagnostic: 'taken' };
  const deliveries = [deliveryTo('a@far.example', 0), deliveryTo('b@far.example', 1)];
  const job = {
    message: { ...message, id: 'm', identityId: 'i1', envelope: { reversePath: 'alice@example.org' } },
    deliveries,
  } as unknown as DeliveryJob;
  const { change, told } = settlementOf(job, [delivered], {
    settings: { ...settings, delayNoticeMs: 50 * MINUTE } as unknown as RelaySettings,
    ...{ owner: 'mail1/i/1.1', now, holdRefused: false },
  });
  assert.deepEqual(told, ['delivered', 'deferred']);
  assert.deepEqual(
    change.recipients.map(({ fate, event }) => [
      ...[fate.type, event?.type, event?.identityId],
      event?.type === 'delivered' || event?.type === 'deferred' ? event.payload.node : undefined,
    ]),
    [
      ['final', 'delivered', 'i1', 'mail1'],
      ['deferred', 'deferred', 'i1', 'mail1'],
    ],
  );
});
