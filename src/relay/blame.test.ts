// Whose fault a refusal at MAIL is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { virtualClock } from '../../test/fakes/clock.ts';
import { jobTo, START } from '../../test/fakes/delivery-job.ts';
import type { RecipientResult } from '../protocol/delivery/ports.ts';
import { createBlame } from './blame.ts';
import type { DeliveryJob } from './delivery-job.ts';

type Command = 'MAIL' | 'RCPT' | 'content';

function refused(code: number, status: string, command: Command = 'MAIL'): RecipientResult {
  const text = `${code} ${status} no`;
  return { type: 'refused', reply: { code, status, text, lines: [text] }, permanent: code >= 500, command };
}

const accepted: RecipientResult = {
  type: 'accepted',
  reply: { code: 250, status: '2.0.0', text: '250 2.0.0 ok', lines: ['250 2.0.0 ok'] },
  reportsPassedOn: false,
};

function from(reversePath: string, attempt = 1): DeliveryJob {
  const job = jobTo('x@far.example');
  return {
    ...job,
    message: { ...job.message, envelope: { ...job.message.envelope, reversePath } },
    deliveries: job.deliveries.map((delivery) => ({ ...delivery, attempt })),
  };
}

test('E-S-1: what is said to those who are not logged in is never the fault of a message, at whatever command', () => {
  for (const [code, status] of [
    [530, '5.7.0'],
    [530, '5.7.1'],
    [534, '5.7.9'],
    [535, '5.7.8'],
    [538, '5.7.11'],
  ] as const)
    for (const command of ['MAIL', 'RCPT', 'content'] as const) {
      const blame = createBlame(virtualClock(START));
      blame.judge([accepted], from('b@example.org'));
      assert.equal(blame.judge([refused(code, status, command)], from('a@example.org', 3)), 'login');
      const some: readonly RecipientResult[] = [refused(code, status, command), accepted];
      assert.equal(blame.judge(some, from('a@example.org', 3)), 'host', 'it takes mail for somebody');
      assert.equal(blame.isOurs, true);
    }
});

test('E-Q-6: a hop that refuses differing senders alike refuses us; one that knows us refuses the sender', () => {
  const clock = virtualClock(START);
  const blame = createBlame(clock);
  const no = [refused(550, '5.7.1')];
  const judge = (results: readonly RecipientResult[], sender: string, attempt = 1): string =>
    blame.judge(results, from(sender, attempt));
  assert.equal(judge(no, 'a@example.org'), 'unclear', 'nothing is known of this hop');
  assert.equal(judge(no, 'a@example.org'), 'unclear');
  assert.equal(judge(no, 'a@example.org', 2), 'message', 'the same sender again, and no other');
  assert.equal(judge(no, 'b@example.org'), 'host');
  assert.equal(judge(no, 'a@example.org', 7), 'host', 'nobody bounces while it is so');
  assert.equal(judge([refused(550, '5.1.1', 'RCPT')], 'c@example.org'), 'message');
  assert.equal(blame.isOurs, false, 'it took a MAIL');
  assert.equal(judge(no, 'a@example.org'), 'message', 'so this is the sender');
  clock.advance(3_600_000);
  assert.equal(judge(no, 'a@example.org'), 'unclear', 'an hour ago is long ago');
});

test('E-Q-6: other refusals at MAIL say nothing about the host', () => {
  const blame = createBlame(virtualClock(START));
  for (const [code, status] of [
    [550, '5.1.8'],
    [552, '5.3.4'],
    [451, '4.7.1'],
    [501, '5.5.4'],
  ] as const)
    for (const sender of ['a@example.org', 'b@example.org', 'c@example.org'])
      assert.equal(blame.judge([refused(code, status)], from(sender)), 'message');
});
