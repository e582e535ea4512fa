// What a shown message proves, and what it does not.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { AcceptedPayload } from '../record/events.ts';
import { type Evidence, evidenceOf } from './evidence.ts';
import type { ShownMessage } from './question.ts';
import { questionOfMessage } from './question-of-message.ts';

const [id, label] = ['06FN0Z2V3W00000000000000AB', '0123456789abcdef'];
const received = `Received: from ${label}.client.msa.example.org by msa.example.org with ESMTPSA id ${id}; now`;
const header = `${received}\r\nFrom: <alice@example.org>\r\nMessage-ID: <a@b.example>\r\n`;
const BODY = 'Hello.\r\n\r\nIt works.\r\n';

const accepted = {
  label,
  messageIdField: '<a@b.example>',
  bodyHash: createHash('sha256').update(BODY).digest('hex'),
} as AcceptedPayload;

function shown(text: string): ShownMessage {
  const question = questionOfMessage(Buffer.from(text, 'latin1'), 'msa.example.org');
  assert.ok(question.shown !== undefined);
  return question.shown;
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
