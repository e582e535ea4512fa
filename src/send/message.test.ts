// What programs write to sendmail, and the message that leaves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EX } from '../base/sysexits.ts';
import { readEncodedWords } from '../message/encoded-word.ts';
import { judgeHeader } from '../message/header-facts.ts';
import { parseHeader } from '../message/header.ts';
import { readAddresses } from './addresses.ts';
import { addressBook } from './names.ts';
import { compose, type ComposeOptions } from './message.ts';
import { SendFailure } from './failure.ts';

const book = addressBook(
  {
    address: 'alice@example.org',
    aliases: new Map([
      ['root', ['admin@example.org', 'night@example.org']],
      ['old@example.org', ['new@example.org']],
    ]),
  },
  { user: () => 'alice', host: 'box' },
);

const options: ComposeOptions = {
  ...{
    dotIsText: false,
    recipientsFromHeader: true,
    author: 'alice@example.org',
    fullName: undefined,
    now: 0,
  },
  random: (length) => new Uint8Array(length),
  ...{ sender: book.sender, recipients: book.recipients },
};

const composed = (text: string, more: Partial<ComposeOptions> = {}) => {
  const { content, headerRecipients } = compose(Buffer.from(text), { ...options, ...more });
  return { text: Buffer.from(content).toString(), recipients: headerRecipients };
};

const STAMP =
  'Date: Thu, 1 Jan 1970 00:00:00 +0000\r\nMessage-ID: <00000000000000000000000000@example.org>\r\n\r\n';

test('C-ORD-15: line ends become CRLF; From, Date and Message-ID are added where they lack', () => {
  assert.equal(
    composed('Subject: x\n\nhi\n').text,
    `Subject: x\r\nFrom: alice@example.org\r\n${STAMP}hi\r\n`,
  );
  const whole = 'From: a@example.org\r\nDate: yesterday\r\nMessage-ID: <1@example.org>\r\n\r\nhi\r\n';
  assert.equal(composed(whole).text, whole);
  assert.match(
    composed('\nhi', { fullName: 'Älice "A"\nBcc: x@y.example' }).text,
    /^From: =\?UTF-8\?Q\?=C3=84lice_[^\s?]+\?=\r\n <alice@example\.org>\r\nDate/,
  );
  assert.match(
    composed('\nhi', { fullName: 'Cron "D"' }).text,
    /^From: "Cron \\"D\\"" <alice@example.org>\r\n/,
  );
});

test('a body without header, and the envelope line of a mailbox file', () => {
  assert.equal(composed('hello\nthere\n').text, `From: alice@example.org\r\n${STAMP}hello\r\nthere\r\n`);
  assert.match(composed('From alice Thu Jan 1\nSubject: x\n\nhi\n').text, /^Subject: x\r\n/);
});

test('a line with a dot alone ends the message, and with -i it is text', () => {
  assert.match(composed('Subject: x\n\na\n.\nb\n').text, /\r\n\r\na\r\n$/);
  assert.match(composed('Subject: x\n\na\n.\nb\n', { dotIsText: true }).text, /\r\n\r\na\r\n\.\r\nb\r\n$/);
  assert.match(composed('.\nb\n').text, /\r\n\r\n$/);
  assert.match(composed('\n..\n').text, /\r\n\.\.\r\n$/);
});

const recipients: readonly (readonly [why: string, header: string, expected: readonly string[]])[] = [
  [
    'To, Cc and Bcc',
    'To: a@x.example, "B, C" <b@x.example>\nCc: c@x.example\nBcc: d@x.example\n',
    ['a@x.example', 'b@x.example', 'c@x.example', 'd@x.example'],
  ],
  ['folded', 'To: a@x.example,\n b@x.example\n', ['a@x.example', 'b@x.example']],
  [
    'an empty member, as programs write it',
    'To: a@x.example, , b@x.example,\n',
    ['a@x.example', 'b@x.example'],
  ],
  ['a group', 'To: all: a@x.example, b@x.example;\n', ['a@x.example', 'b@x.example']],
  ['an alias with two', 'To: root\n', ['admin@example.org', 'night@example.org']],
  ['a name of this host', 'To: root@box\n', ['admin@example.org', 'night@example.org']],
  ['a name without an alias', 'To: Bob <bob>\n', ['bob@example.org']],
  ['an address that stands for another', 'To: Old@Example.org\n', ['new@example.org']],
  [
    'resent: the new ones alone',
    'To: a@x.example\nResent-To: b@x.example\nResent-Bcc: c@x.example\n',
    ['b@x.example', 'c@x.example'],
  ],
  ['nobody', 'To:\nCc: undisclosed-recipients:;\n', []],
];

test('5322-i: recipients are read from the header, and no Bcc leaves', () => {
  for (const [why, header, expected] of recipients) {
    const { text, recipients: read } = composed(`${header}\nhi\n`);
    assert.deepEqual(read, expected, why);
    assert.doesNotMatch(text, /bcc/i, why);
  }
});

const brokenHeaders = [
  ['a line that is no field', 'To: a@x.example\nno field\nBcc: s@x.example\n'],
  ['a field name with much space', `To: a@x.example\nBcc${' '.repeat(101)}: s@x.example\n`],
  ['another kind of space', 'To: a@x.example\nbcc\u00a0: s@x.example\n'],
  ['a NUL', 'To: a@x.example\nBcc\0: s@x.example\n'],
  ['a CR', 'To: a@x.example\rno field\rResent-Bcc: s@x.example\r'],
] as const;

test('D-PR-5 F-HDR-7: where a broken line ends the header, a Bcc after it is EX_DATAERR, and text is text', () => {
  for (const [why, header] of brokenHeaders)
    assert.throws(
      () => composed(`${header}\nhi\n`),
      (error) =>
        error instanceof SendFailure && error.code === EX.DATAERR && /a Bcc after it/.test(error.message),
      why,
    );
  for (const text of [
    'Subject: x\nhello\n\nBcc: is a field\n',
    'hello\nBcc: x\n',
    'Subject: x\n\nno field\nBcc: x\n',
  ])
    assert.match(composed(text).text, /\r\nBcc: /, text);
});

test('F-HDR-2: no name, however hostile, makes a field or a line of its own', () => {
  for (const fullName of [
    'a\r\nBcc: x@y.example',
    'a\0\u0085\u2028b',
    '"\\',
    '\\',
    'é'.repeat(5000),
    '\ud83d',
  ]) {
    const { text } = composed('\nhi', { fullName });
    const fields = text.slice(0, text.indexOf('\r\n\r\n')).split(/\r\n(?! )/);
    assert.deepEqual(
      fields.map((field) => field.slice(0, field.indexOf(':'))),
      ['From', 'Date', 'Message-ID'],
      JSON.stringify(fullName.slice(0, 20)),
    );
    assert.match(fields[0] ?? '', /^From: [ -~\r\n]+ <alice@example\.org>$/);
    assert.ok(fields.every((field) => field.split('\r\n').every((line) => line.length <= 998)));
  }
});

test('a header or a body made to be slow is read in linear work', () => {
  // Work that grows with the square would take hours, and the runner would end it.
  for (const part of ['a,', '(', '"', '<', 'a (,', 'a@', '((((,', 'a <', '"a\\"', 'a.'])
    try {
      composed(`To: ${part.repeat(Math.floor(1_000_000 / part.length))}\n\nhi\n`);
    } catch (error) {
      assert.ok(error instanceof SendFailure, part);
    }
  for (const part of ['\n', '\r', 'x\n', 'x'])
    assert.match(composed(`\n${part.repeat(20_000_000 / part.length)}`).text, /^From: /);
});

test('5321-ah: Return-Path is not submitted', () => {
  assert.doesNotMatch(composed('Return-Path: <x@y.example>\nSubject: x\n\nhi\n').text, /Return-Path/);
});

test('the header of cron, with names of this host, passes the judgement of the server', () => {
  const { text } = composed('From: root (Cron Daemon)\nTo: root\nSubject: Cron <root@box> x\n\nhi\n');
  assert.match(text, /^From: alice@example.org \(Cron Daemon\)\r\nTo: admin@example.org\r\n/);
  const parsed = parseHeader(Buffer.from(text.slice(0, text.indexOf('\r\n\r\n') + 2)));
  assert.ok(parsed.ok && judgeHeader(parsed.value, { smtputf8: false, receivedMax: 100 }).ok);
});

const refused = [
  ['no address', 'To: a b@x.example\n'],
  ['a route', 'To: <@a.example:b@x.example>\n'],
  ['a space before the colon', 'To : a@x.example\n'],
  ['no UTF-8', Buffer.from('546f3a20ff406578616d706c652e6f72670a', 'hex').toString('latin1')],
] as const;

test('options, files and commands are no recipients, and no word of a recipient gets out of its place', () => {
  const read = (text: string) => readAddresses('recipient', text, book.recipients).addresses;
  for (const name of ['-oQ/tmp', '|/bin/sh', '/etc/passwd', '--config=/tmp/evil'])
    assert.throws(
      () => read(name),
      (error) => error instanceof SendFailure && error.code === EX.NOUSER,
      name,
    );
  for (const text of [
    ...['bob@x.example\nRCPT TO:<e@x.example>', 'bob\n', '"a\r\nDATA"@x.example', 'b\0@x.example', '<>'],
    ...['bob@x.example (\r\nBcc: x)', ':include:/etc/passwd', '@a.example:b@x.example', 'b\u202e@x.example'],
  ])
    assert.throws(
      () => read(text),
      (error) =>
        error instanceof SendFailure && error.code === EX.DATAERR && !/[\p{Cc}]/u.test(error.message),
      JSON.stringify(text),
    );
  assert.deepEqual(read('-x@y.example'), ['-x@y.example']);
});

test('F-HDR-7: what two programs read differently is EX_DATAERR', () => {
  for (const [why, header] of refused)
    assert.throws(
      () => compose(Buffer.from(`${header}\nhi\n`, 'latin1'), options),
      (error) => error instanceof SendFailure && error.code === EX.DATAERR,
      why,
    );
});

test('whatever comes in, no bare CR or LF and no Bcc leaves', () => {
  const piece = fc.constantFrom(
    'a',
    ':',
    ' ',
    '\n',
    '\r',
    '.',
    'Bcc: x@y.example\n',
    'To: root\n',
    '"',
    '(',
    '<',
    ',',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      let text: string;
      try {
        text = composed(pieces.join('')).text;
      } catch (error) {
        assert.ok(error instanceof SendFailure);
        return;
      }
      assert.doesNotMatch(text, /(?<!\r)\n|\r(?!\n)/);
      assert.doesNotMatch(text.slice(0, text.indexOf('\r\n\r\n')), /^bcc:/im);
    }),
    { numRuns: 150 },
  );
});

const headerOf = (text: string): string => text.slice(0, text.indexOf('\r\n\r\n'));
const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);
const unquoted = (text: string): string =>
  Buffer.from(
    text
      .replaceAll('=\r\n', '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  ).toString();

test('5322-d E-C-2: a text with a line that no mail may have is written as quoted-printable, and reads the same', () => {
  const long = `ü${'x'.repeat(1200)} \nnext\n`;
  const cron = 'From: root\nTo: root\nSubject: Cron\n';
  for (const mime of [
    '',
    'Content-Type: text/plain; charset=UTF-8\n',
    'MIME-Version: 1.0\nContent-Type: text/html;\n charset=utf-8\nContent-Transfer-Encoding: 8bit\n',
    'Content-Transfer-Encoding: 7bit\n',
  ]) {
    const { text } = composed(`${cron}${mime}\n${long}`);
    assert.match(headerOf(text), /\r\nContent-Transfer-Encoding: quoted-printable(?:\r\n|$)/, mime);
    for (const field of ['MIME-Version', 'Content-Transfer-Encoding', 'Content-Type'])
      assert.equal(text.match(new RegExp(`^${field}:`, 'gm'))?.length, 1, `${field}: ${mime}`);
    assert.equal(unquoted(bodyOf(text)), long.replaceAll('\n', '\r\n'), mime);
    for (const line of text.split('\r\n')) assert.ok(line.length <= 998, mime);
  }
});

test('5322-d: what is no plain text of one part stays as it is, and so does a text of short lines', () => {
  const long = `${'x'.repeat(1200)}\r\n`;
  for (const mime of [
    'Content-Type: multipart/mixed; boundary=a\r\n',
    'Content-Type: message/rfc822\r\n',
    'Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n',
    'Content-Transfer-Encoding: quoted-printable\r\n',
    'DKIM-Signature: v=1\r\n',
  ])
    assert.equal(bodyOf(composed(`${mime}\r\n${long}`).text), long, mime);
  assert.equal(bodyOf(composed(`\n${'x'.repeat(998)}\n`).text), `${'x'.repeat(998)}\r\n`);
});

test('5322-d E-C-2: a long To is folded, and a line that can’t be is EX_DATAERR with what to do', () => {
  const list = Array.from({ length: 80 }, (_, at) => `user${at}@x.example`).join(',');
  const { text, recipients: read } = composed(`To: ${list}\n\nhi\n`);
  assert.equal(read.length, 80);
  for (const line of text.split('\r\n')) assert.ok(line.length <= 78);
  assert.throws(
    () => composed(`Subject: ${'x'.repeat(1200)}\n\nhi\n`),
    (error) => error instanceof SendFailure && error.code === EX.DATAERR && /shorten it/.test(error.message),
  );
});

test('D-PR-5: a byte order mark in front of the header is no part of it, and shows no Bcc', () => {
  const { text, recipients: read } = composed('\ufeffTo: a@x.example\nBcc: s@x.example\n\nhi\n');
  assert.deepEqual(read, ['a@x.example', 's@x.example']);
  assert.match(text, /^To: a@x\.example\r\n/);
  assert.doesNotMatch(text, /s@x\.example/);
  for (const mark of ['fffe', 'feff'])
    assert.throws(
      () => compose(Buffer.concat([Buffer.from(mark, 'hex'), Buffer.from('To: a\n\nhi')]), options),
      /UTF-16: mail is written in UTF-8/,
    );
});

test('what stands in To is somebody else’s business when the recipients are named', () => {
  const odd = `To: ${'x'.repeat(70)}@far.example\r\nCc: old list <>, @@\r\nReply-To: ${'y'.repeat(65)}@far.example\r\n`;
  const { text } = composed(`${odd}\r\nhi\r\n`, { recipientsFromHeader: false });
  assert.ok(text.startsWith(odd), text);
  assert.throws(() => composed(`${odd}\r\nhi\r\n`), SendFailure);
});

test('raw UTF-8 in a header, as cron and scripts write it, is encoded; an address that is not ASCII stays', () => {
  const { text } = composed(
    'From: Älice <alice@example.org>\nTo: "Jörg, X" <a@x.example>\nSubject: Störung\n\nhi\n',
  );
  const header = headerOf(text);
  assert.match(header, /^[\x20-\x7e\r\n]+$/);
  const parsed = parseHeader(Buffer.from(`${header}\r\n`));
  const decoded = parsed.ok
    ? parsed.value.fields.map(({ octets }) => readEncodedWords(octets.trim()).text)
    : [];
  assert.ok(decoded.includes('Störung'), header);
  assert.ok(
    decoded.some((one) => one.includes('Jörg, X') && one.endsWith('<a@x.example>')),
    header,
  );
  const kept = 'To: ünal@x.example\r\nSubject: Störung\r\n';
  assert.ok(composed(`${kept}\r\nhi\r\n`).text.startsWith(kept));
  assert.throws(
    () => compose(Buffer.from('To: a@x.example\nSubject: St\xf6rung\n\nhi\n', 'latin1'), options),
    (error) =>
      error instanceof SendFailure &&
      error.code === EX.DATAERR &&
      /Subject holds octets that are no UTF-8/.test(error.message),
  );
});
