// What a shown message proves, and what it does not.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { AcceptedPayload } from '../record/events.ts';
import { fieldDigests } from '../message/field-digests.ts';
import { compareWith, type Evidence } from './evidence.ts';
import type { ShownMessage } from './question.ts';
import { questionOfMessage } from './question-of-message.ts';

const [id, label] = ['06FN0Z2V3W00000000000000AB', '0123456789abcdef'];
const received = `Received: from ${label}.client.msa.example.org by msa.example.org with ESMTPSA id ${id}; now`;
const header = `${received}\r\nFrom: <alice@example.org>\r\nMessage-ID: <a@b.example>\r\n`;
const BODY = 'Hello.\r\n\r\nIt works.\r\n';

const evidenceOf = (...args: Parameters<typeof compareWith>): Evidence => compareWith(...args).evidence;

const accepted = {
  label,
  messageIdField: '<a@b.example>',
  bodyHash: createHash('sha256').update(BODY).digest('hex'),
} as AcceptedPayload;

function shown(text: string): ShownMessage {
  const question = questionOfMessage(Buffer.from(text, 'latin1'), 'msa.example.org');
  assert.ok(question.shown[0] !== undefined);
  return question.shown[0];
}

const vectors: readonly (readonly [text: string, expected: Evidence, why: string])[] = [
  [`${header}\r\n${BODY}`, 'body', 'as it left'],
  [`Return-Path: <x>\r\nReceived: by elsewhere.example id 1\r\n${header}\r\n${BODY}`, 'body', 'as it came'],
  [`${header}\r\n${BODY}`.replaceAll('\r\n', '\n'), 'body', 'saved with the line ends of a file'],
  [`${header}\r\n${BODY.trimEnd()}`, 'body', 'without the last line end'],
  [`${header}\r\n${BODY}\r\n\r\n`, 'body', 'with more of them'],
  [`From: <x@y.example>\r\nMessage-ID: <a@b.example>\r\n\r\n${BODY}`, 'body', 'our line was cut out'],
  [`${header}\r\n${BODY}footer\r\n`, 'line', 'changed on its way'],
  [header, 'line', 'the header alone'],
  [`${header}\r\n`, 'line', 'an empty body proves nothing'],
  [`${header}\r\n\r\n\r\n`, 'line', 'nor do blank lines'],
  [`${header.replace('Message-ID', 'X-Old')}\r\n`, 'line', 'no Message-ID contradicts'],
  [`${header.replace('<a@', '<z@')}\r\nspam\r\n`, 'none', 'another Message-ID'],
  [`${header.replace(label, 'fedcba9876543210')}\r\nspam\r\n`, 'none', 'another label'],
  [`${header.replace(id, '06FN0Z2V3W00000000000000AC')}\r\nspam\r\n`, 'none', 'a line of another message'],
];

test('BCP134-3.1-i D-TR-6: the body proves most, our topmost line less, everything else nothing', () => {
  for (const [text, expected, why] of vectors)
    assert.equal(evidenceOf(shown(text), id, accepted, true), expected, why);
});

test('D-TR-6: below a line that proved to be ours a copied line is nothing, the copied body still is', () => {
  assert.equal(evidenceOf(shown(`${header}\r\nspam\r\n`), id, accepted, false), 'none');
  assert.equal(evidenceOf(shown(`${header}\r\n${BODY}`), id, accepted, false), 'body');
});

test('D-TR-6: a record that was forgotten proves nothing', () => {
  assert.equal(evidenceOf(shown(`${header}\r\n${BODY}`), id, undefined, true), 'none');
});

test('D-TR-6: what is made to be slow is not', () => {
  // Work that grows with the square would take hours, and the runner would end it.
  for (const text of [
    `${header}\r\n${'\r\n'.repeat(2_000_000)}x`,
    `${'\n'.repeat(4_000_000)}`,
    received.repeat(40_000),
  ])
    assert.ok(shown(text).lines.length <= 50);
});

const headerFields = 'From: "Alice" <alice@example.org>\r\nTo: b@far.example\r\nSubject: one\r\n two\r\n';
const recorded = {
  ...accepted,
  fieldDigests: fieldDigests(shown(`${headerFields}\r\n`).fields, id),
} as AcceptedPayload;

const headers: readonly (readonly [
  fields: string,
  expected: Evidence,
  other: readonly string[],
  why: string,
])[] = [
  [headerFields, 'message', [], 'as it left'],
  [headerFields.replace('one\r\n two', '  one two '), 'message', [], 'folded in another way'],
  [headerFields.replace('From:', 'FROM:'), 'message', [], 'in capitals'],
  [`${headerFields}X-Spam: yes\r\nReturn-Path: <x@y>\r\n`, 'message', [], 'with fields that nobody compares'],
  [headerFields.replace('one', 'URGENT: one'), 'body', ['subject'], 'a forged Subject'],
  [headerFields.replace('b@far', 'victim@far'), 'body', ['to'], 'a forged To'],
  [headerFields.replace('"Alice"', '"Boss"'), 'body', ['from'], 'another name of the same address'],
  [headerFields.replace(/^To.*\r\n/m, ''), 'body', ['to'], 'a field was taken away'],
  [`${headerFields}Cc: c@far.example\r\n`, 'body', ['cc'], 'one was added'],
  [`${headerFields}Subject: one two\r\n`, 'body', ['subject'], 'a second one beside the true one'],
  ['X: y\r\n', 'body', ['from', 'to', 'subject'], 'the body alone'],
];

test('D-TR-6: header fields are compared as well: the same body under another Subject or To proves nothing of these', () => {
  for (const [fields, expected, other, why] of headers) {
    const compared = compareWith(shown(`${fields}\r\n${BODY}`), id, recorded, true);
    assert.equal(compared.evidence, expected, why);
    assert.deepEqual([compared.body, compared.fields?.other], ['same', other], why);
  }
  const before = compareWith(shown(`${headerFields}\r\n${BODY}`), id, accepted, true);
  assert.deepEqual(before, { evidence: 'body', where: 'the file', body: 'same', fields: undefined });
});

test('D-PR-1: digests of two messages with one Subject differ, and so do those of two fields with one value', () => {
  const fields = [{ lowerCaseName: 'subject', octets: ' x\r\n' }] as const;
  const to = [{ lowerCaseName: 'to', octets: ' x\r\n' }] as const;
  assert.notEqual(fieldDigests(fields, 'a').subject, fieldDigests(fields, 'b').subject);
  assert.notEqual(fieldDigests(fields, 'a').subject, fieldDigests(to, 'a').to);
  assert.match(fieldDigests(fields, 'a').subject ?? '', /^[0-9a-f]{24}$/);
});
