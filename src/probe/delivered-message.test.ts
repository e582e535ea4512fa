// A message as it lies in a mailbox: whoever stored it may have changed its line ends and put fields above it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldsNamed, firstTrace, readDelivered } from './delivered-message.ts';

const HEADER = [
  'Return-Path: <a@example.org>',
  'Received: from mail.example.org by mx.far.example; Wed, 25 Nov 2026 10:00:01 +0000',
  'Received: from laptop (by somebody (with a comment; in it)) by mail.example.org',
  '\twith ESMTPSA id 01ABC for <a@example.org>; Wed, 25 Nov 2026 10:00:00 +0000',
  'Subject: one',
  '  two',
];
const read = (end: string) =>
  readDelivered(Buffer.from([...HEADER, '', 'body', '', 'more', '', ''].join(end))) ?? assert.fail();

test('line ends of the store make no difference', () => assert.deepEqual(read('\n'), read('\r\n')));

test('fields are unfolded and found in any letters, the body ends where it says something', () => {
  const message = read('\r\n');
  assert.deepEqual(fieldsNamed(message, 'SUBJECT'), ['one two']);
  assert.deepEqual(message.lines, ['body', '', 'more']);
});

test('the lowest trace is that of the server of submission, and its comments are none of its clauses', () => {
  const { from, by, protocol, id, date } = firstTrace(read('\n')) ?? assert.fail();
  assert.deepEqual([from, by, protocol, id], ['laptop', 'mail.example.org', 'ESMTPSA', '01ABC']);
  assert.equal(date, 'Wed, 25 Nov 2026 10:00:00 +0000');
});

test('what is not whole is not read', () => {
  assert.equal(readDelivered(Buffer.from('Subject: x\r\n')), undefined);
  assert.equal(firstTrace(readDelivered(Buffer.from('Subject: x\n\nbody')) ?? assert.fail()), undefined);
});
