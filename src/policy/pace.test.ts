// What hosts say, in words that were seen, and the pace that follows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecipientResult } from '../protocol/delivery/ports.ts';
import {
  afterCrowding,
  afterFailure,
  afterOpening,
  afterUse,
  connectionsOf,
  freshPace,
  isFarewell,
  isOfConnection,
  messagesOf,
} from './pace.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const longestMs = 15 * MINUTE;

test('E-Q-6: the failures of one outage are one, and its pauses begin short', () => {
  let pace = freshPace;
  for (let n = 0; n < 20; n += 1)
    pace = afterFailure(pace, { now: 8 * SECOND + n, begunAt: 7 * SECOND, longestMs });
  assert.deepEqual([pace.failures, pace.downUntil], [1, 13 * SECOND]);
  const pauses: number[] = [];
  for (let now = pace.downUntil; pauses.length < 9; now = pace.downUntil) {
    pace = afterFailure(pace, { now, begunAt: now, longestMs });
    pauses.push((pace.downUntil - now) / SECOND);
  }
  assert.deepEqual(pauses, [10, 30, 60, 120, 300, 600, 900, 900, 900]);
  assert.deepEqual([afterOpening(pace).failures, afterOpening(pace).downUntil], [0, 0]);
  const short = afterFailure(freshPace, { now: 0, begunAt: 0, longestMs: SECOND });
  assert.equal(short.downUntil, SECOND, 'never longer than the first retry');
});

test('E-Q-6: what stands is the limit when a further connection is refused; it is raised by one each ten minutes', () => {
  const learned = afterCrowding(0, 5);
  const after = (minutes: number): number => connectionsOf(learned, minutes * MINUTE, 20);
  assert.deepEqual([0, 9, 10, 45, 150, 1000].map(after), [5, 5, 6, 9, 20, 20]);
  assert.equal(connectionsOf(afterCrowding(0, 0), 0, 20), 1, 'one is tried in any case');
  assert.equal(connectionsOf(undefined, 0, 20), 20);
});

test('E-Q-5/4: messages of one connection are learned, and forgotten slowly', () => {
  const pace = afterUse(freshPace, 0, 10);
  const after = (minutes: number): number => messagesOf(pace, minutes * MINUTE, 500);
  assert.deepEqual([0, 59, 60, 120, 240, 400].map(after), [10, 10, 20, 40, 160, 500]);
  assert.equal(messagesOf(afterOpening(afterFailure(pace, { now: 1, begunAt: 1, longestMs })), 2, 500), 10);
});

type Command = 'MAIL' | 'RCPT' | 'DATA' | 'content';

function refused(command: Command, text: string): RecipientResult {
  const code = Number(text.slice(0, 3));
  const reply = { code, status: text.slice(4, 9), lines: [text.slice(4)], text };
  return { type: 'refused', reply, permanent: code >= 500, command };
}

for (const [isMeant, command, text] of [
  [true, 'MAIL', '451 4.4.5 Maximum number of messages per session exceeded'],
  [true, 'DATA', '452 4.4.5 Too many messages in this session'],
  [
    true,
    'MAIL',
    '450 Requested mail action not taken: mailbox unavailable. Too many messages in this connection',
  ],
  [true, 'MAIL', '421 4.7.0 too many messages in this connection'],
  [true, 'RCPT', '421 4.4.2 connection timed out'],
  [false, 'RCPT', '450 4.2.0 <bob@far.example>: Recipient address rejected: Greylisted'],
  [false, 'RCPT', '452 4.2.2 over quota'],
  [false, 'content', '451 4.3.0 queue file write error'],
  [false, 'content', '421 4.7.28 unusual rate of unsolicited mail'],
  [false, 'MAIL', '550 5.7.1 not from you'],
  [false, 'DATA', '554 5.7.1 no'],
] as const)
  test(`E-Q-5/4: "${text}" to ${command} is ${isMeant ? '' : 'not '}about the connection`, () => {
    const result = refused(command, text);
    assert.equal(isOfConnection(result), isMeant);
    assert.equal(isFarewell(result), command === 'MAIL' && text.startsWith('421'));
  });

test('E-S-2: so is a connection that broke before anything was said, not a message that a host can not take', () => {
  const unsaid = { type: 'undecided', status: '4.4.2', diagnostic: 'closed', permanent: false } as const;
  assert.equal(isOfConnection(unsaid), true);
  assert.equal(isOfConnection({ ...unsaid, status: '5.6.3', permanent: true }), false);
  assert.equal(isOfConnection({ ...unsaid, status: '4.5.3', isRecipients: true }), false);
});
