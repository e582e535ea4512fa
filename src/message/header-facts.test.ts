// What a submitted header may assert: the checks of RFC 5322 that need no rights, and what a relay reads of a stranger's header.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1, utf8 } from '../base/bytes.ts';
import { serializeReply } from '../protocol/wire/reply.ts';
import { type HeaderFacts, judgeHeader, relayFacts } from './header-facts.ts';
import { parseHeader } from './header.ts';

const FROM = 'From: a@b.example\r\n';

function judge(header: Uint8Array | string, smtputf8 = false): HeaderFacts | string {
  const parsed = parseHeader(typeof header === 'string' ? utf8(header) : header);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.detail);
  const judged = judgeHeader(parsed.value, { smtputf8, receivedMax: 100 });
  if (judged.ok) return judged.value;
  const reply = serializeReply(judged.error.reply);
  assert.match(reply, /^[\x20-\x7e]+\r\n$/, 'one line of printable ASCII');
  assert.ok(reply.length <= 512, 'RFC 5321 4.5.3.1.5');
  return reply.slice(0, 9);
}

const refused: readonly (readonly [header: string, reply: string, why: string])[] = [
  ['', '554 5.6.0', '5322-l: no header at all'],
  ['Subject: x\r\n', '554 5.6.0', '5322-a: no From'],
  ['Sender: a@b.example\r\n', '554 5.6.0', 'F-FROM-11: a Sender is no From'],
  ['Resent-From: a@b.example\r\nResent-Date: x\r\n', '554 5.6.0', 'nor is a Resent-From'],
  [`${FROM}${FROM}`, '554 5.6.0', 'two From, alike'],
  [`${FROM}From: c@d.example\r\n`, '554 5.6.0', 'two From, own first'],
  [`${FROM}Subject: x\r\nfRoM: c@d.example\r\n`, '554 5.6.0', 'far apart and in another case'],
  ['From:\r\n', '554 5.6.0', 'an empty From'],
  ['From: (a@b.example)\r\n', '554 5.6.0', 'a comment alone'],
  ['From: Alice\r\n', '554 5.6.0', 'no address'],
  ['From: <>\r\n', '554 5.6.0', 'the null path'],
  ['From: g: a@b.example;\r\n', '554 5.6.0', '5322-h: a group'],
  ['From: undisclosed:;\r\n', '554 5.6.0', 'an empty one'],
  ['From: a@b.example, g: c@b.example;\r\nSender: a@b.example\r\n', '554 5.6.0', 'a group among others'],
  [`${FROM}Sender: g: a@b.example;\r\n`, '554 5.6.0', 'in Sender'],
  [`${FROM}Resent-From: g: a@b.example;\r\nResent-Date: x\r\n`, '554 5.6.0', 'in Resent-From'],
  ['From: a@b.example, c@b.example\r\n', '554 5.6.0', '5322-c: several need a Sender'],
  [`${FROM}Sender: a@b.example, c@b.example\r\n`, '554 5.6.0', 'two in Sender'],
  [`${FROM}Sender:\r\n`, '554 5.6.0', 'an empty Sender'],
  [`${FROM}To: a@@b\r\n`, '554 5.6.0', '6409-5.1-b: an illegal address'],
  [`${FROM}Cc: a@b.example, c@@d.example\r\n`, '554 5.6.0', 'in a list'],
  [`${FROM}Reply-To: x@\r\n`, '554 5.6.0', 'in Reply-To'],
  [
    `${FROM}Sender: a@b.example,\r\n`,
    '554 5.6.0',
    'what recipients may have no sender may: a comma at the end',
  ],
  [`${FROM}Sender: a@b.example <a@b.example>\r\n`, '554 5.6.0', 'an address as name'],
  [`${FROM}To: bob@sales\r\n`, '554 5.6.0', '6409-4.2-b: not qualified'],
  ['From: alice@localhost\r\n', '554 5.6.0', 'in From'],
  [`${FROM}Resent-From: a@b.example\r\n`, '554 5.6.0', '5322-j: no Resent-Date'],
  [`${FROM}Resent-Date: x\r\n`, '554 5.6.0', 'no Resent-From'],
  [`${FROM}Resent-To: c@d.example\r\n`, '554 5.6.0', 'neither'],
  [
    `${FROM}Resent-From: a@b.example\r\nResent-From: a@b.example\r\nResent-Date: x\r\n`,
    '554 5.6.0',
    'two blocks, one date',
  ],
  [
    `${FROM}Resent-From: a@b.example\r\nResent-Date: x\r\nResent-To: c@@d\r\n`,
    '554 5.6.0',
    'an illegal Resent-To',
  ],
  [`${FROM}${'Received: x\r\n'.repeat(101)}`, '554 5.4.6', '5321-ad: a loop'],
  [`${FROM}Subject: ü\r\n`, '554 5.6.7', '5322-g: UTF-8 without SMTPUTF8'],
  ['From: Jürgen <a@b.example>\r\n', '554 5.6.7', 'in From'],
];

test('5322-a 5322-c 5322-g 5322-h 5322-l 6409-4.2-b 6409-5.1-b 6409-6.3-b 5321-ad F-FROM-1 F-FROM-3 F-FROM-11: refused headers', () => {
  for (const [header, reply, why] of refused) assert.equal(judge(header), reply, why);
});

const once = [
  'Date',
  'From',
  'Sender',
  'Reply-To',
  'To',
  'Cc',
  'Message-ID',
  'In-Reply-To',
  'References',
  'Subject',
];

test('5322-a 5322-b: fields that stand at most once', () => {
  for (const name of once) {
    const field = `${name}: a@b.example\r\n`;
    const rest = name === 'From' ? '' : FROM;
    assert.equal(typeof judge(`${rest}${field}`), 'object', `one ${name}`);
    assert.equal(judge(`${rest}${field}${field}`), '554 5.6.0', `two ${name}`);
    assert.equal(
      judge(`${rest}${field}X: y\r\n${field.toLowerCase()}`),
      '554 5.6.0',
      `two ${name}, another case`,
    );
  }
});

const invalid: readonly (readonly [octets: string, why: string])[] = [
  ['\xc3', 'half a letter'],
  ['\xfc', 'Latin-1'],
  ['\xc0\xaf', 'overlong'],
  ['\xed\xa0\x80', 'a surrogate'],
  ['\xf4\x90\x80\x80', 'beyond Unicode'],
];

test('5322-g: with SMTPUTF8 a header is strict UTF-8', () => {
  assert.equal(typeof judge(`${FROM}Subject: grün\r\n`, true), 'object');
  for (const [octets, why] of invalid) {
    assert.equal(judge(latin1(`${FROM}Subject: ${octets}\r\n`), true), '554 5.6.0', why);
    assert.equal(judge(latin1(`From: ${octets} <a@b.example>\r\n`), true), '554 5.6.0', `${why}, in From`);
  }
});

test('what a header asserts: From, Sender and every resent block', () => {
  const facts = judge(
    [
      'Resent-From: =?utf-8?q?G=C3=BCnter?= <g@b.example>, h@b.example',
      'Resent-Sender: h@b.example',
      'Resent-Date: Mon, 23 Nov 2026 10:00:00 +0000',
      'From: "A" <a@b.example>, c@b.example',
      'Sender: a@b.example',
      'To: undisclosed: ;',
      'Cc:',
      'Reply-To: anybody@anywhere.example',
      '',
    ].join('\r\n'),
  );
  assert.deepEqual(facts, {
    from: [
      { address: 'a@b.example', displayName: 'A' },
      { address: 'c@b.example', displayName: '' },
    ],
    sender: { address: 'a@b.example', displayName: '' },
    resent: [
      {
        field: 'Resent-From',
        addresses: [
          { address: 'g@b.example', displayName: 'Günter' },
          { address: 'h@b.example', displayName: '' },
        ],
      },
      { field: 'Resent-Sender', addresses: [{ address: 'h@b.example', displayName: '' }] },
    ],
  });
});

const sloppy: readonly string[] = [
  'a@x.test,',
  'a@x.test; b@x.test',
  'a@x.test <a@x.test>',
  'none:;',
  '<@r.test:a@x.test>',
  `${'x'.repeat(65)}@x.test`,
];

test('old and sloppy forms of recipients cost no message, and Bcc is not looked at', () => {
  for (const value of sloppy) {
    for (const name of ['To', 'Cc', 'Reply-To'])
      assert.equal(typeof judge(`${FROM}${name}: ${value}\r\n`), 'object', `${name}: ${value}`);
  }
  for (const value of [...sloppy, 'a@@b', '\u00fc@x.test', 'bob@sales', '"', ''])
    assert.equal(typeof judge(`${FROM}Bcc: ${value}\r\nBcc: a@b.example\r\n`), 'object', value);
});

test('5321-ad: a hundred Received fields are no loop yet', () => {
  assert.equal(typeof judge(`${FROM}${'Received: x\r\n'.repeat(100)}`), 'object');
});

const relayed: readonly (readonly [
  header: string,
  facts: Omit<ReturnType<typeof relayFacts>, 'fields'>,
  why: string,
])[] = [
  ['', { receivedCount: 0, from: [] }, 'nothing'],
  ['hello world\r\n', { receivedCount: 0, from: [] }, 'no header'],
  [
    'Received: a\r\n b\r\nrEcEiVeD: c\r\nX-Received: d\r\nFrom: A <a@b.example>,\r\n c@d.example\r\nMessage-ID: <x@y>\r\n',
    { receivedCount: 2, from: ['a@b.example', 'c@d.example'], messageId: '<x@y>' },
    'a header as it should be',
  ],
  ['From: a@\r\n', { receivedCount: 0, from: ['a@'] }, 'what is no address is kept as it stands'],
  ['From: \x1b[31m\x00\r\n', { receivedCount: 0, from: ['?[31m?'] }, 'but cleaned'],
  ['From: ü@grün.example\r\n', { receivedCount: 0, from: ['ü@grün.example'] }, 'UTF-8 is read as such'],
  [
    'Message-ID: ü\r\nMessage-ID: <b@c>\r\n',
    { receivedCount: 0, from: [], messageId: '?' },
    'the first one counts',
  ],
  ['Subject: x\r\n From: a@b.example\r\n', { receivedCount: 0, from: [] }, 'a continuation is no field'],
];

test('a relay reads what it can of a header and refuses none for its form', () => {
  for (const [header, facts, why] of relayed) {
    const { fields, ...others } = relayFacts(utf8(header));
    assert.deepEqual(others, facts, why);
    assert.ok(fields.length <= header.split(':').length, why);
  }
  assert.equal(relayFacts(latin1(`From: ${'x'.repeat(5000)}`)).from[0]?.length, 998);
});
