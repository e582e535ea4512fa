// Raw UTF-8 in a header, said in ASCII: what comes out says what came in, wherever text may be encoded, and nothing else is touched.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import addressparser from 'nodemailer/lib/addressparser/index.js';
import { latin1, octetString, utf8 } from '../base/bytes.ts';
import { parseAddressList } from './address-list.ts';
import { encodeHeader } from './encode-header.ts';
import { readEncodedWords } from './encoded-word.ts';
import { judgeHeader } from './header-facts.ts';
import { fieldValue, type Header, parseHeader } from './header.ts';

function headerOf(text: string | Uint8Array): Header {
  const parsed = parseHeader(typeof text === 'string' ? utf8(text) : text);
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.detail);
  return parsed.value;
}

/** The field that leaves, or the problem. */
function encoded(text: string | Uint8Array): string {
  const result = encodeHeader(headerOf(text));
  return result.ok
    ? result.value.header.fields.map(({ raw }) => octetString(raw)).join('')
    : result.error.problem;
}

const rows: readonly (readonly [before: string, after: string])[] = [
  ['Subject: plain', 'Subject: plain'],
  ['Subject: St\u00f6rung', 'Subject: =?UTF-8?Q?St=C3=B6rung?='],
  ['Subject:St\u00f6rung', 'Subject: =?UTF-8?Q?St=C3=B6rung?='],
  ['Subject: a St\u00f6rung in B\u00fcro 7', 'Subject: a =?UTF-8?Q?St=C3=B6rung_in_B=C3=BCro?= 7'],
  ['Subject: \u4f60\u597d', 'Subject: =?UTF-8?B?5L2g5aW9?='],
  ['Subject: =?utf-8?q?a?= \u00fc', 'Subject: =?utf-8?q?a?= =?UTF-8?B?IMO8?='],
  ['Subject: \u00fc =?utf-8?q?a?=', 'Subject: =?UTF-8?B?w7wg?= =?utf-8?q?a?='],
  ['Subject: \u00fc =?utf-8?q?a?= x \u00fc', 'Subject: =?UTF-8?B?w7wg?= =?utf-8?q?a?= x =?UTF-8?B?w7w=?='],
  ['Subject: \u00fc\r\n folded \u00fc', 'Subject: =?UTF-8?Q?=C3=BC_folded_=C3=BC?='],
  ['Subject: folded\r\n \u00fc  end ', 'Subject: folded\r\n =?UTF-8?B?w7w=?=  end '],
  ['X-Any: (\u00fc)', 'X-Any: =?UTF-8?B?KMO8KQ==?='],
  ['From: J\u00fcrgen M\u00fcller <j@x.test>', 'From: =?UTF-8?Q?J=C3=BCrgen_M=C3=BCller?= <j@x.test>'],
  ['From: "M\u00fcller, J\u00fcrgen" <j@x.test>', 'From: =?UTF-8?Q?M=C3=BCller=2C_J=C3=BCrgen?= <j@x.test>'],
  ['From: J\u00fcrgen<j@x.test>', 'From: =?UTF-8?Q?J=C3=BCrgen?= <j@x.test>'],
  ['From: j@x.test (J\u00fcrgen)', 'From: j@x.test (=?UTF-8?Q?J=C3=BCrgen?=)'],
  ['From: j@x.test (a (J\u00fcr\\(gen) b)', 'From: j@x.test (a (=?UTF-8?Q?J=C3=BCr=28gen?=) b)'],
  ['From: J. \u00dc. M <j@x.test>', 'From: J. =?UTF-8?B?w5wu?= M <j@x.test>'],
  [
    'To: \u00c4 <a@x.test>,"\u00d6"<o@x.test>, b@x.test',
    'To: =?UTF-8?B?w4Q=?= <a@x.test>, =?UTF-8?B?w5Y=?= <o@x.test>, b@x.test',
  ],
  ['To: K\u00fcche: a@x.test, b@x.test;', 'To: =?UTF-8?Q?K=C3=BCche?= : a@x.test, b@x.test;'],
  ['To: Empf\u00e4nger:;', 'To: =?UTF-8?Q?Empf=C3=A4nger?= :;'],
  ['To: \u00fc@x.test', 'noAsciiForm'],
  ['To: U <u@m\u00fcller.test>', 'noAsciiForm'],
  ['To: U <"\u00fc"@x.test>', 'noAsciiForm'],
  ['To: "\u00fc"@x.test', 'noAsciiForm'],
  ['To: "\u00fc', 'noAsciiForm'],
  ['To: (\u00fc', 'noAsciiForm'],
  ['To: a <a@x.test', 'To: a <a@x.test'],
  ['Cc: Fran\u00e7ois <f@x.test', 'Cc: =?UTF-8?Q?Fran=C3=A7ois?= <f@x.test'],
  ['Bcc: \u00fc@x.test', 'Bcc: \u00c3\u00bc@x.test'],
  ['Keywords: K\u00fcche, b', 'Keywords: =?UTF-8?Q?K=C3=BCche?= , b'],
  [
    'Date: Sun, 29 Nov 2026 20:45:26 +0100 (Mitteleurop\u00e4ische Zeit)',
    'Date: Sun, 29 Nov 2026 20:45:26 +0100 (=?UTF-8?Q?Mitteleurop=C3=A4ische?=\r\n Zeit)',
  ],
  ['Message-ID: <\u00fc@x.test>', 'noAsciiForm'],
  ['List-Id: K\u00fcche <kueche.x.test>', 'List-Id: =?UTF-8?Q?K=C3=BCche?= <kueche.x.test>'],
  [
    'Content-Type: text/plain; name="St\u00f6rung.txt"',
    "Content-Type: text/plain; name*=UTF-8''St%C3%B6rung.txt",
  ],
  ['Content-Type: text/pl\u00e4in', 'noAsciiForm'],
  [
    'Content-Disposition: attachment;\r\n filename="St\u00f6rung\\"; x.pdf"; size=7',
    "Content-Disposition: attachment;\r\n filename*=UTF-8''St%C3%B6rung%22%3B%20x.pdf; size=7",
  ],
];

test('6409-8-a 5322-g: raw UTF-8 where text may stand is encoded, in an address it is told', () => {
  for (const [before, after] of rows) {
    const problem = /^[a-z][A-Za-z0-9]*$/.test(after);
    assert.equal(encoded(`${before}\r\n`), problem ? after : `${after}\r\n`);
  }
});

test('octets that are no UTF-8 are told apart', () => {
  assert.equal(encoded(latin1('Subject: St\u00f6rung\r\n')), 'notUtf8');
  assert.equal(encoded(latin1('From: J\u00fcrgen <j@x.test>\r\n')), 'notUtf8');
  assert.deepEqual(encodeHeader(headerOf('A: b\r\nSubject: \u00fc\r\nX: \u00fc\r\n')).ok, true);
});

test('a header that is ASCII is the same object', () => {
  const header = headerOf('From: a@x.test\r\nSubject: b\r\n');
  const result = encodeHeader(header);
  assert.ok(result.ok);
  assert.equal(result.value.header, header);
  assert.deepEqual(result.value.encoded, []);
});

const letter = fc.oneof(
  fc.constantFrom(...'aB9 =?_()"\\,.:;@<>[]-'),
  fc.constantFrom('\u00fc', '\u00df', '\u4f60', '\u{1f600}', '\u0301', '\u00a0', '\u3042'),
);
const text = fc.string({ unit: letter, minLength: 1, maxLength: 300 }).map((value) => `x${value}\u00fcx`);

function linesAreShort(field: string): void {
  for (const line of field.split('\r\n')) {
    if (line.includes('=?UTF-8?')) assert.ok(line.length <= 76, line);
    for (const [word] of line.matchAll(/=\?UTF-8\?[QB]\?[^?]*\?=/g)) assert.ok(word.length <= 75, word);
  }
}

test('an unstructured field says the same, in lines of 76 octets', () => {
  fc.assert(
    fc.property(text, (value) => {
      fc.pre(!/=\?/.test(value));
      const field = encoded(`Subject: ${value}\r\n`);
      const [back] = headerOf(latin1(field)).fields;
      assert.ok(back !== undefined && back.isAscii);
      assert.equal(readEncodedWords(fieldValue(back) ?? '').text, ` ${value}`);
    }),
  );
});

test('F-FROM-12: a display name says the same, and the address stays the one it was', () => {
  fc.assert(
    fc.property(text, (value) => {
      fc.pre(!/=\?/.test(value));
      const quoted = value.replaceAll(/["\\]/g, String.raw`\$&`);
      const field = encoded(`From: "${quoted}" <a@x.test>\r\n`);
      linesAreShort(field);
      const [back] = headerOf(latin1(field)).fields;
      assert.ok(back !== undefined && back.isAscii);
      const list = parseAddressList(fieldValue(back) ?? '');
      assert.ok(list.ok);
      assert.deepEqual(list.value.mailboxes, [{ address: 'a@x.test', displayName: value }]);
    }),
  );
});

const sign = fc.constantFrom(
  ...[
    '\u00fc',
    'a',
    '"',
    '(',
    ')',
    '\\',
    '=?utf-8?q?',
    '?=',
    'ceo@x.test',
    '<',
    '>',
    ',',
    ' ',
    '.',
    '=40',
    '@',
    '\r\n ',
  ],
);

test('F-FROM-12 F-HDR-8: an encoded From that is taken names the same sender to another parser', () => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(sign, { maxLength: 6 }),
      fc.constantFrom('<a@x.test>', 'a@x.test', ''),
      (signs, end) => {
        const parsed = parseHeader(utf8(`From: \u00fc${signs.join('')} ${end}\r\n`));
        const result = parsed.ok ? encodeHeader(parsed.value) : undefined;
        if (result?.ok !== true) return;
        const judged = judgeHeader(result.value.header, { smtputf8: false, receivedMax: 1 });
        const [from] = result.value.header.fields;
        if (!judged.ok || from === undefined) return;
        taken += 1;
        const others = addressparser(fieldValue(from) ?? '', { flatten: true });
        assert.deepEqual(
          judged.value.from.map(({ address }) => address),
          others.map(({ address }) => address),
        );
      },
    ),
    { seed: 9, numRuns: 5000 },
  );
  assert.ok(taken > 100, `${taken} were taken`);
});

test('whatever stands in a header, it comes back in ASCII or is told; nothing throws', () => {
  const names = ['Subject', 'From', 'To', 'Cc', 'Received', 'Content-Type', 'Content-Disposition', 'Date'];
  fc.assert(
    fc.property(fc.constantFrom(...names), text, (name, value) => {
      const result = encodeHeader(headerOf(`${name}: ${value}\r\n`));
      if (!result.ok) return;
      const [field] = result.value.header.fields;
      assert.ok(field?.isAscii === true);
      assert.ok(parseHeader(field.raw).ok);
    }),
  );
});

test('F-DOS-5: whatever is left open, it grows ten times at most, and only by what is encoded', () => {
  const units = ['"\\"', '(', '<"\\"', '[\\[', '\\', ' ', '\u00fc ', '\u00fc,', '\u00fc" ', '=?', ';"\\"'];
  for (const unit of units) {
    const value = `\u00fc${unit.repeat(60_000 / Buffer.byteLength(unit))}x`;
    for (const name of ['Subject', 'To', 'Received', 'Content-Type', 'X']) {
      const result = encodeHeader(headerOf(`${name}: ${value}\r\n`));
      const [field] = result.ok ? result.value.header.fields : [];
      if (field !== undefined)
        assert.ok(field.raw.length <= 10 * Buffer.byteLength(value), `${name}: ${unit}`);
    }
  }
});
