// What an abuse desk has in a file is read, however it was saved, forwarded or attached.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { questionOfMessage } from './question-of-message.ts';

const HOST = 'msa.example.org';
const ID = '06FN0Z2V3W00000000000000AB';
const BODY = 'Hello \u00fcber all.\r\n\r\nFrom here it works.\r\n';
const received = `Received: from 0123456789abcdef.client.${HOST} by ${HOST} with ESMTPSA id ${ID}; now`;
const MESSAGE = `${received}\r\nFrom: Alice <alice@example.org>\r\nSubject: hello\r\nMessage-ID: <a@b.example>\r\n\r\n${BODY}`;
const HASH = createHash('sha256').update(BODY).digest('hex');

const utf8 = (text: string): Buffer => Buffer.from(text);
const swapped = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const mark = Buffer.of(0xff, 0xfe);

const saved: readonly (readonly [why: string, file: Uint8Array])[] = [
  ['as it came', utf8(MESSAGE)],
  ['a file of this system', utf8(MESSAGE.replaceAll('\r\n', '\n'))],
  ['an old Mac', utf8(MESSAGE.replaceAll('\r\n', '\r'))],
  ['CR CR LF', utf8(MESSAGE.replaceAll('\r\n', '\r\r\n'))],
  ['a byte order mark', utf8(`\ufeff${MESSAGE}`)],
  ['UTF-16, little end first', Buffer.concat([mark, Buffer.from(MESSAGE, 'utf16le')])],
  ['UTF-16, big end first', Buffer.concat([Buffer.of(0xfe, 0xff), swapped(MESSAGE)])],
  ['UTF-16 without its mark', Buffer.from(MESSAGE, 'utf16le')],
  ['the other UTF-16 without its mark', swapped(MESSAGE)],
  ['blank lines before it', utf8(`\r\n\r\n${MESSAGE}`)],
  [
    'an mbox',
    utf8(
      `From alice@example.org Mon Nov 23 10:00:00 2026\n${MESSAGE.replaceAll('\r\n', '\n').replace('\nFrom here', '\n>From here')}\n`,
    ),
  ],
  ['an mbox with a mark', utf8(`\ufeffFrom - Mon Nov 23 10:00:00 2026\r\n${MESSAGE}`)],
];

test('D-FB-1 BCP134-3.1-i: a message is read however it was saved', () => {
  for (const [why, file] of saved) {
    const [shown, ...others] = questionOfMessage(file, HOST).shown;
    assert.deepEqual(others, [], why);
    assert.deepEqual(
      shown?.terms,
      [
        { kind: 'id', id: ID },
        { kind: 'messageIdField', value: '<a@b.example>' },
      ],
      why,
    );
    assert.ok(shown.bodyHashes.includes(HASH), why);
    assert.deepEqual(shown.claimedFrom, ['alice@example.org'], why);
    assert.deepEqual(
      shown.fields.map(({ lowerCaseName }) => lowerCaseName),
      ['from', 'subject'],
      why,
    );
  }
});

const multipart = (type: string, ...parts: readonly string[]): string =>
  [
    'From: desk@provider.example\r\nSubject: complaint\r\nMessage-ID: <complaint@provider.example>\r\nMIME-Version: 1.0',
    `Content-Type: multipart/${type};\r\n\tboundary="next (part)"\r\n\r\nThis is a multi-part message.`,
    ...parts.map((part) => `--next (part)\r\n${part}`),
    '--next (part)--\r\n',
  ].join('\r\n');

const words = 'Content-Type: text/plain\r\n\r\nThis mail was received as spam.';
const feedback = 'Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nVersion: 1\r\n';
const attached = (type: string, content = MESSAGE, more = ''): string =>
  `Content-Type: ${type}\r\n${more}\r\n${content}`;
const base64 = Buffer.from(MESSAGE)
  .toString('base64')
  .replaceAll(/(.{76})/g, '$1\r\n');
const quotedPrintable = Buffer.from(MESSAGE)
  .toString('latin1')
  .replaceAll('=', '=3D')
  .replaceAll(/[\x80-\xff]/g, (one) => `=${one.charCodeAt(0).toString(16).toUpperCase()}`)
  .replace('works', 'wor=\r\nks');

const complaints: readonly (readonly [why: string, file: string, header?: 'header alone'])[] = [
  [
    'an abuse report',
    multipart('report; report-type=feedback-report', words, feedback, attached('message/rfc822')),
  ],
  [
    'with the header alone',
    multipart(
      'report',
      words,
      feedback,
      attached('text/rfc822-headers', MESSAGE.slice(0, MESSAGE.indexOf('\r\n\r\n') + 2)),
    ),
    'header alone',
  ],
  ['forwarded as attachment', multipart('mixed', words, attached('message/rfc822; name="hello.eml"'))],
  [
    'as a file of no type',
    multipart(
      'mixed',
      words,
      attached(
        'application/octet-stream',
        MESSAGE,
        'Content-Disposition: attachment; filename="hello.eml"\r\n',
      ),
    ),
  ],
  [
    'encoded, which is not allowed',
    multipart('mixed', attached('message/rfc822', base64, 'Content-Transfer-Encoding: base64\r\n')),
  ],
  [
    'quoted-printable',
    multipart(
      'mixed',
      attached('message/rfc822', quotedPrintable, 'Content-Transfer-Encoding: quoted-printable\r\n'),
    ),
  ],
  ['in a digest', multipart('digest', `\r\n${MESSAGE}`)],
  [
    'cut off before its end',
    multipart('mixed', words, attached('message/rfc822')).replace('\r\n--next (part)--\r\n', ''),
  ],
  [
    'a complaint that was forwarded itself',
    multipart(
      'mixed',
      words,
      attached('message/rfc822', multipart('report', words, feedback, attached('message/rfc822')))
        .replaceAll('(part)', '(inner)')
        .replace(
          '--next (inner)\r\nContent-Type: message/rfc822\r\n\r\nFrom: desk',
          '--next (part)\r\nContent-Type: message/rfc822\r\n\r\nFrom: desk',
        ),
    ),
  ],
];

test('D-FB-1 BCP134-3.1-i: what a complaint is about is looked for before the complaint itself', () => {
  for (const [why, text, header] of complaints) {
    for (const file of [text, text.replaceAll('\r\n', '\n')]) {
      const { shown } = questionOfMessage(utf8(file), HOST);
      const [first] = shown;
      assert.equal(first?.where, 'a message attached to the file', why);
      assert.deepEqual(first.lines, [{ id: ID, label: '0123456789abcdef' }], why);
      assert.equal(first.bodyHashes.includes(HASH), header === undefined, why);
      assert.deepEqual(
        shown.at(-1)?.terms,
        [{ kind: 'messageIdField', value: '<complaint@provider.example>' }],
        why,
      );
    }
  }
});

test('F-DOS-8: what is made to be deep, or many, is read to a bound', () => {
  const nested = Array.from(
    { length: 5000 },
    (_, at) => `Content-Type: multipart/mixed; boundary=b${at}\r\n\r\n--b${at}\r\n`,
  ).join('');
  const many = multipart('mixed', ...Array.from({ length: 5000 }, () => attached('message/rfc822')));
  const forwarded = 'Content-Type: message/rfc822\r\n\r\n'.repeat(5000);
  for (const text of [
    nested,
    many,
    forwarded,
    `--${'-'.repeat(100_000)}`,
    `${'From x\r\n\r\n'.repeat(50_000)}`,
  ])
    assert.ok(questionOfMessage(utf8(text), HOST).shown.length <= 41, text.slice(0, 40));
});
