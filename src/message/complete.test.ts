// The closed list of repairs: what is completed, what is taken away, and that everything else leaves as it came.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1, octetString } from '../base/bytes.ts';
import { type CompletedHeader, completeHeader } from './complete.ts';
import { parseHeader } from './header.ts';

const NOW = Date.UTC(2026, 10, 23, 10);
const DATE = 'Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n';
const NEW_ID = 'Message-ID: <00000000000000000000000000@msa.example.org>\r\n';
const FROM = 'From: a@example.org\r\n';
const OWN = 'Date: Sun, 22 Nov 2026 09:00:00 +0100\r\nMessage-ID: <x@y.example>\r\n';

function complete(header: string): CompletedHeader & { readonly text: string } {
  const parsed = parseHeader(latin1(header));
  assert.ok(parsed.ok, header);
  const completed = completeHeader(parsed.value, {
    now: NOW,
    hostname: 'msa.example.org',
    random: (length) => new Uint8Array(length),
  });
  return { ...completed, text: octetString(completed.bytes) };
}

const dates: readonly (readonly [field: string, kept: boolean, why: string])[] = [
  ['', false, 'missing'],
  ['Date: Sun, 22 Nov 2026 09:00:00 +0100\r\n', true, 'good'],
  ['dATE:22 Nov 2026 09:00 GMT\r\n', true, 'good enough'],
  ['Date: Sun,\r\n 22 Nov 2026 09:00:00 +0100\r\n', true, 'folded'],
  ['Date: yesterday\r\n', false, 'a word'],
  ['Date:\r\n', false, 'empty'],
  ['Date: 30 Feb 2026 09:00:00 +0100\r\n', false, 'no such day'],
];

test('6409-8.2 5321-u 5321-af: Date is completed or corrected, and a good one stays', () => {
  for (const [field, kept, why] of dates) {
    const { text, completed } = complete(`${FROM}${field}Message-ID: <x@y.example>\r\n`);
    const expected = kept
      ? `${FROM}${field}Message-ID: <x@y.example>\r\n`
      : `${FROM}Message-ID: <x@y.example>\r\n${DATE}`;
    assert.equal(text, expected, why);
    assert.deepEqual(completed, kept ? [] : ['date'], why);
  }
});

const messageIds: readonly (readonly [value: string, kept: string | undefined, why: string])[] = [
  [' <x@y.example>', '<x@y.example>', 'good'],
  ['<x@y.example>\t', '<x@y.example>', 'white space around it'],
  ['\r\n <x@y.example>', '<x@y.example>', 'folded, as long ones are'],
  [' <a.b$c!d#e=f+g/h@y>', '<a.b$c!d#e=f+g/h@y>', 'odd letters, a single label'],
  [' <x@[192.0.2.1]>', '<x@[192.0.2.1]>', 'a literal'],
  [' <x@[IPv6:2001:db8::1]>', '<x@[IPv6:2001:db8::1]>', 'with colons'],
  [' <x@gr\xc3\xbcn.example>', '<x@grün.example>', 'RFC 6532'],
  [' <x@y.example> (comment)', '<x@y.example>', 'a comment'],
  [' (a (nested) one) <x@y.example>', '<x@y.example>', 'in front'],
  ['', undefined, 'empty'],
  [' <x@y.example> (open', undefined, 'a comment without end'],
  [' <x(c)@y.example>', undefined, 'a comment inside'],
  [' foo', undefined, 'a word'],
  [' x@y.example', undefined, 'no brackets'],
  [' <x>', undefined, 'no at sign'],
  [' <x@y.example> <z@y.example>', undefined, 'two'],
  [' <x@y@z.example>', undefined, 'two at signs'],
  [' <x y@z.example>', undefined, 'a space'],
  [' <x@y.example', undefined, 'no end'],
  [' <x\x1b@y.example>', undefined, 'a control character'],
  [' <x@y.example>\r\n Bcc: z@y.example', undefined, 'more than an id'],
  [` <${'x'.repeat(401)}@y.example>`, undefined, 'longer than anybody needs'],
];

test('6409-8.3 5321-af: Message-ID is added or replaced, and a valid one is untouched', () => {
  for (const [value, kept, why] of messageIds) {
    const field = `Message-ID:${value}\r\n`;
    const { text, completed, messageIdField, messageIdFieldBefore } = complete(`${FROM}${field}${DATE}`);
    assert.equal(text, kept === undefined ? `${FROM}${DATE}${NEW_ID}` : `${FROM}${field}${DATE}`, why);
    assert.deepEqual(completed, kept === undefined ? ['message-id'] : [], why);
    assert.equal(messageIdField, kept ?? '<00000000000000000000000000@msa.example.org>', why);
    const before = value.replace('\r\n', '').trim();
    assert.equal(messageIdFieldBefore, kept === undefined ? before : undefined, `${why}: for the trail`);
  }
  const without = complete(`${FROM}${DATE}`);
  assert.equal(without.text, `${FROM}${DATE}${NEW_ID}`);
  assert.equal(without.messageIdFieldBefore, undefined);
  assert.equal(complete(`Message-ID: ${'x'.repeat(2000)}\r\n`).messageIdFieldBefore?.length, 998);
});

const removed: readonly (readonly [field: string, done: string, why: string])[] = [
  ['Bcc: b@example.org\r\n', 'bcc', '5322-i'],
  ['bCC:\r\n b@example.org,\r\n\tc@example.org\r\n', 'bcc', 'folded'],
  ['Resent-Bcc: b@example.org\r\n', 'bcc', 'of a resent block'],
  ['Return-Path: <ceo@example.org>\r\n', 'return-path', '5321-ah'],
  ['MT-Priority: 9\r\n', 'mt-priority', 'EXT-PRIOHDR'],
];

test('5322-i 5321-ah EXT-PRIOHDR: fields that do not leave', () => {
  for (const [field, done, why] of removed) {
    const { text, completed } = complete(`${FROM}${field}${OWN}${field}`);
    assert.equal(text, `${FROM}${OWN}`, why);
    assert.deepEqual(completed, [done], `${why}: told once`);
  }
});

const results: readonly (readonly [value: string, kept: boolean, why: string])[] = [
  [' msa.example.org; auth=pass smtp.auth=ceo', false, 'in our name'],
  ['MSA.Example.ORG;none', false, 'in another case'],
  [' "msa.example.org"; auth=pass', false, 'quoted'],
  [' "m\\sa.example.org"; auth=pass', false, 'with a quoted pair'],
  [' msa.example.org. ; auth=pass', false, 'with a full stop'],
  [' msa.example.org 1; auth=pass', false, 'with a version'],
  ['\r\n (x) msa.example.org(y); auth=pass', false, 'among comments'],
  [' ((x) y) msa.example.org; auth=pass', false, 'nested ones'],
  [' (\\) (\\() msa.example.org; auth=pass', false, 'with quoted parentheses'],
  [' (x msa.example.org; auth=pass', false, 'after a comment without end: nobody knows'],
  [' mx.example.org; spf=pass', true, 'another server of ours'],
  [' xmsa.example.org; auth=pass', true, 'a longer name'],
  [' msa.example.org.evil.example; auth=pass', true, 'a name that begins with ours'],
  [' (msa.example.org) far.example; auth=pass', true, 'ours as a comment'],
  ['', true, 'nobody'],
];

test('D-PR-3: Authentication-Results in our name are removed, those of others stay', () => {
  for (const [value, kept, why] of results) {
    const field = `Authentication-Results:${value}\r\n`;
    const { text, completed } = complete(`${field}${FROM}${OWN}`);
    assert.equal(text, `${kept ? field : ''}${FROM}${OWN}`, why);
    assert.deepEqual(completed, kept ? [] : ['authentication-results'], why);
  }
});

test('5321-r: everything else leaves octet for octet, in its order', () => {
  const others = [
    'Received: from x by y; z\r\n',
    'received:\tby  evil \r\n\t folded\r\n',
    'DKIM-Signature: v=1;\r\n  b=AbC\r\n',
    'From: "A  B" \r\n\t<a@example.org>\r\n',
    'Sender:a@example.org\r\n',
    'Subject: \xc3\xbc  =?utf-8?q?=41?= \r\n',
    'ARC-Authentication-Results: i=1; msa.example.org; auth=pass\r\n',
    'X-Mailer: x\r\n',
    'Reply-To: anybody@anywhere.example\r\n',
    'Content-Transfer-Encoding: 8bit\r\n',
  ].join('');
  assert.equal(complete(`${others}${OWN}`).text, `${others}${OWN}`);
  const { text, completed } = complete(`Bcc: b@example.org\r\n${others}Return-Path: <>\r\n`);
  assert.equal(text, `${others}${DATE}${NEW_ID}`);
  assert.deepEqual(completed, ['bcc', 'return-path', 'date', 'message-id']);
});
