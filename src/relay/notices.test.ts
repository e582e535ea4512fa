// Which results of an attempt are reported, and to whom.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delivery, message } from '../../test/fakes/delivery-job.ts';
import type { Attempt } from './delivery-job.ts';
import { isOwnReport, noticeOf, type Told } from './notices.ts';

const attempt: Attempt = { type: 'failed', status: '5.1.1', diagnostic: '550 no' };
const settings = { expireMs: 1_000 };
const told = (final: Told['final'], reportsPassedOn?: true): Told => ({
  ...attempt,
  final,
  ...(reportsPassedOn === undefined ? {} : { reportsPassedOn }),
});

test('E-D-2/2 E-D-3 E-Q-4 EXT-DSN-c: of each end the sender hears what was asked for, the null sender never', () => {
  const wishes: readonly (readonly [notify: string | undefined, told: Told, action: string | undefined])[] = [
    [undefined, told('failed'), 'failed'],
    [undefined, told('expired'), 'failed'],
    [undefined, told('deferred'), 'delayed'],
    [undefined, told('delivered'), undefined],
    [undefined, told('relayed'), undefined],
    ['NEVER', told('failed'), undefined],
    ['NEVER', told('deferred'), undefined],
    ['FAILURE', told('failed'), 'failed'],
    ['FAILURE', told('deferred'), undefined],
    ['DELAY', told('deferred'), 'delayed'],
    ['SUCCESS', told('failed'), undefined],
    ['SUCCESS', told('delivered'), 'delivered'],
    ['SUCCESS', told('relayed'), 'relayed'],
    ['SUCCESS', told('relayed', true), undefined],
  ];
  const nullSender = { ...message, envelope: { ...message.envelope, reversePath: '' } };
  for (const [notify, end, action] of wishes) {
    const recipient = {
      ...delivery.recipient,
      ...(notify === undefined ? {} : { notify: [notify as 'NEVER'] }),
    };
    const about = noticeOf(message, { ...delivery, recipient }, end, settings);
    assert.equal(about?.action, action, `${notify} ${end.final}`);
    assert.equal(about?.retryUntil, action === 'delayed' ? message.acceptedAt + 1_000 : undefined);
    assert.equal(noticeOf(nullSender, { ...delivery, recipient }, end, settings), undefined);
  }
});

test('a report of ours is told from what others send from nobody', () => {
  const report = { ...message, role: 'local', envelope: { ...message.envelope, reversePath: '' } } as const;
  assert.equal(isOwnReport(report), true);
  assert.equal(isOwnReport({ ...report, identityId: 'i' }), false, 'a program on this host');
  assert.equal(isOwnReport({ ...report, role: 'submission' }), false);
  assert.equal(isOwnReport({ ...report, envelope: message.envelope }), false);
});
