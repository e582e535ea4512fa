// The blank line: who may assert what in a header, told as the client reads it; and the header as it leaves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { latin1, octetString, utf8, utf8Text } from '../base/bytes.ts';
import { parseAddressList } from '../message/address-list.ts';
import { fieldValue, type Header, isNamed, parseHeader } from '../message/header.ts';
import { decideMail } from '../policy/submission-policy.ts';
import type { Envelope } from '../protocol/envelope.ts';
import type { Refusal } from '../protocol/refusal.ts';
import type { Door, SubmissionSettings } from './context.ts';
import { policyFacts, prepareHeader, type Prepared } from './prepare.ts';
import { alice, door, mxDoor, NOW, session, submissionWorld } from '../../test/fakes/submission.ts';

const ID = '01M0P5T8Z40001XQ6B2Q8CJ8QK';
const OWN = 'From: alice@example.org\r\n';
const world = await submissionWorld();

const envelope: Envelope = {
  reversePath: 'alice@example.org',
  body: '8BITMIME',
  smtputf8: false,
  recipients: [{ forwardPath: 'b@far.example' }],
};

interface Change {
  readonly door?: Door;
  readonly settings?: Partial<SubmissionSettings>;
  readonly envelope?: Partial<Envelope>;
}

function prepare(header: string | Uint8Array, change: Change = {}): Prepared | Refusal {
  const preparation = prepareHeader(
    {
      context: world.context,
      settings: { ...world.context.settings(), ...change.settings },
      door: change.door ?? door,
      envelope: { ...envelope, ...change.envelope },
      messageId: ID,
      now: NOW,
    },
    typeof header === 'string' ? utf8(header) : header,
  );
  return preparation.ok ? preparation.value : preparation.error;
}

function prepared(header: string | Uint8Array, change: Change = {}): Prepared & { readonly text: string } {
  const result = prepare(header, change);
  assert.ok('header' in result, 'cause' in result ? result.cause : '');
  return { ...result, text: octetString(result.header) };
}

function reparsed({ header }: Prepared): Header {
  const parsed = parseHeader(header.subarray(0, -2));
  assert.ok(parsed.ok);
  return parsed.value;
}

/** `250`, or code and status. What passes is read again: the same senders must stand in what leaves (F-HDR-8). */
function answer(header: string | Uint8Array, smtputf8 = false): string {
  const result = prepare(header, { envelope: { smtputf8 } });
  if (!('header' in result)) return `${result.reply.code} ${result.reply.status}`;
  const froms = reparsed(result).fields.filter((field) => isNamed(field, 'from'));
  assert.equal(froms.length, 1);
  const list = parseAddressList(froms.map((field) => fieldValue(field)).join(''));
  assert.ok(list.ok);
  assert.deepEqual(
    list.value.mailboxes.map(({ address }) => address),
    result.record.headerFrom,
  );
  return '250';
}

const NO = '550 5.7.1';
const BAD = '554 5.6.0';

const froms: readonly (readonly [from: string, expected: string, why: string])[] = [
  ['alice@example.org', '250', 'own'],
  ['Alice <alice@example.org>', '250', 'with a name'],
  ['"Alice, at home" <alice@example.org>', '250', 'a quoted one'],
  ['alice@example.org (Alice)', '250', 'a comment'],
  ['ALICE@Example.ORG', '250', 'F-FROM-8: case'],
  ['"alice"@example.org', '250', '5321-l: needless quotes'],
  ['alice+shop@example.org', '250', 'a detail'],
  ['bob@example.org', NO, 'F-FROM-0: another account'],
  ['dave@tenant2.example', NO, 'another tenant'],
  ['x@gmail.example', NO, 'F-ALIGN-1: a foreign domain'],
  ['alice@sub.example.org', NO, 'a domain below ours'],
  ['alice@example.org.evil.example', NO, 'one that begins with ours'],
  ['ceo@example.org: alice@example.org;', BAD, 'F-FROM-3: a group named like an address'],
  ['ceo: alice@example.org;', BAD, 'a group'],
  ['undisclosed:;', BAD, 'an empty group'],
  ['(ceo@example.org) alice@example.org', NO, 'F-FROM-4: a comment that readers show'],
  ['alice(x)@example.org', BAD, 'a comment before the at sign'],
  ['alice@(x)example.org', BAD, 'after it'],
  ['ceo@example.org (alice@example.org)', NO, 'the address decides, not the comment'],
  ['alice@example.org <ceo@example.org>', BAD, 'an address as name'],
  ['ceo@example.org <alice@example.org>', BAD, 'the other way round'],
  ['=?utf-8?q?alice=40example.org?=', BAD, 'F-FROM-5: an encoded word as address'],
  ['=?utf-8?q?alice?=@example.org', BAD, 'as local part'],
  ['alice+=?utf-8?q?=3Cceo=40example=2Eorg=3E?=@example.org', BAD, 'inside one'],
  ['"ceo@example.org"@example.org', NO, 'F-FROM-6: the whole is the address'],
  ['"alice@example.org x"@evil.example', NO, 'own address in quotes, foreign domain'],
  ['"alice@example.org"@evil.example', NO, 'without a space'],
  ['"alice@example.org" <ceo@example.org>', NO, 'own address as name'],
  ['alice@example.org@evil.example', BAD, 'two at signs'],
  ['alice @example.org', BAD, 'CVE-2025-13033: space before the at sign'],
  ['alice@example .org', BAD, 'around a dot'],
  ['<@a.example,@b.example:alice@example.org>', BAD, 'F-FROM-7: a route'],
  ['<@evil.example:alice@example.org>', BAD, 'a short one'],
  ['alice@example.org.', BAD, 'F-FROM-8: a full stop'],
  ['alice%evil.example@example.org', NO, 'percent'],
  ['alice@xn--example-.org', BAD, 'a broken A-label'],
  ['evil.example!alice@example.org', NO, 'bang'],
  ['alice@[192.0.2.1]', NO, 'a literal'],
  ['alice', BAD, 'no domain'],
  ['alice@localhost', BAD, '6409-4.2-b: a single label'],
  ['alice@example.org, ceo@example.org', BAD, 'F-FROM-2: several without Sender'],
  ['alice@example.org; ceo@example.org', BAD, 'a semicolon'],
  ['alice@example.org,', BAD, 'a comma at the end'],
  ['alice@example.org ceo@example.org', BAD, 'nothing between'],
  ['alice@example.org\r\n  ,ceo@example.org', BAD, 'folded'],
  ['<alice@example.org> <ceo@example.org>', BAD, 'two brackets'],
  ['\r\n alice@example.org', '250', 'folded right after the colon'],
  ['alice@example.org\r\n ', BAD, 'F-HDR-8: a continuation of white space'],
  ['alice@example.org\r\n \r\nFrom: bob@example.org', BAD, 'and another From after it'],
  ['alice@example.org\0', BAD, 'F-HDR-7: NUL'],
  ['alice@example.org\0.evil.example', BAD, 'in the middle'],
  ['alice@example.org\nFrom: ceo@example.org', BAD, 'a bare LF'],
  ['alice@example.org\rFrom: ceo@example.org', BAD, 'a bare CR'],
  ['', BAD, 'empty'],
  ['<>', BAD, 'the null path'],
];

test('F-FROM-0 F-FROM-2 F-FROM-3 F-FROM-4 F-FROM-5 F-FROM-6 F-FROM-7 F-FROM-8 F-ALIGN-1 F-HDR-8 6409-3.2-b 6409-6.3-b 6409-6.3-d: From', () => {
  for (const [from, expected, why] of froms) assert.equal(answer(`From: ${from}\r\n`), expected, why);
});

test('F-FROM-0 6409-4.2-a F-UNI-3: the same senders in MAIL', () => {
  const facts = policyFacts({ settings: world.context.settings(), door });
  const mail = (reversePath: string, smtputf8 = true): string => {
    const { verdict } = decideMail(facts, { reversePath, smtputf8 });
    return verdict.type === 'accepted'
      ? '250'
      : `${verdict.refusal.reply.code} ${verdict.refusal.reply.status}`;
  };
  assert.deepEqual(
    ['bob@example.org', 'dave@tenant2.example'].map((path) => mail(path)),
    [NO, NO],
  );
  assert.equal(mail('alice@localhost'), '554 5.1.8');
  for (const letter of ['\ud800', '\ufdd0', '\uffff', '\u{1fffe}', '\u0085', '\u200d', '\u202e'])
    assert.equal(mail(`alice${letter}@example.org`), '501 5.1.7', escape(letter));
});

const RESENT_DATE = 'Resent-Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n';

const headers: readonly (readonly [header: string, expected: string, why: string])[] = [
  ['', BAD, '5322-l: no header'],
  ['hello\r\n', BAD, '6409-6.3-b: no field'],
  ['Subject: x\r\n', BAD, 'no From'],
  ['Sender: alice@example.org\r\n', BAD, 'F-FROM-11: only a Sender'],
  [`${OWN}From: ceo@example.org\r\n`, BAD, 'F-FROM-1: own first'],
  [`From: ceo@example.org\r\n${OWN}`, BAD, 'own last'],
  [`${OWN}fRoM: ceo@example.org\r\n`, BAD, 'another case'],
  [`${OWN}${OWN}`, BAD, 'twice the same'],
  ['From\t: alice@example.org\r\n', BAD, 'F-FROM-10: a tab'],
  ['From : alice@example.org\r\n', BAD, 'a space'],
  [`${OWN}From : ceo@example.org\r\n`, BAD, 'after a good one'],
  ['\ufeffFrom: alice@example.org\r\n', BAD, 'a byte order mark'],
  [`${OWN}Fr\u043em: ceo@example.org\r\n`, BAD, 'a Cyrillic letter'],
  [`${OWN}Fr\r\n om: ceo@example.org\r\n`, BAD, 'a folded name'],
  [` ${OWN}`, BAD, 'F-HDR-8: a continuation first'],
  [
    'From: alice@example.org, sales@example.org\r\nSender: alice@example.org\r\n',
    '250',
    'F-FROM-2: all permitted',
  ],
  ['From: alice@example.org, ceo@example.org\r\nSender: alice@example.org\r\n', NO, 'own first'],
  ['From: ceo@example.org, alice@example.org\r\nSender: alice@example.org\r\n', NO, 'own last'],
  [`${OWN}Sender: bob@example.org\r\n`, NO, 'F-FROM-9: Sender'],
  [`${OWN}Sender: alice@example.org, bob@example.org\r\n`, BAD, 'two of them'],
  [`${OWN}Resent-From: bob@example.org\r\n${RESENT_DATE}`, NO, '5322-j: Resent-From'],
  [`${OWN}Resent-From: sales@example.org\r\n${RESENT_DATE}`, '250', 'her own'],
  ['From: bob@example.org\r\nResent-From: alice@example.org\r\nResent-Date: x\r\n', NO, "bob's mail resent"],
  [
    `${OWN}Resent-From: alice@example.org\r\nResent-Sender: bob@example.org\r\n${RESENT_DATE}`,
    NO,
    'Resent-Sender',
  ],
  [`${OWN}Reply-To: ceo@example.org\r\n`, '250', 'Reply-To is free'],
  [
    `${OWN}X-Original-From: ceo@example.org\r\nOn-Behalf-Of: ceo@example.org\r\n`,
    '250',
    'nobody reads these as sender',
  ],
  [`${OWN}Return-Path: <ceo@example.org>\r\n`, '250', 'taken away, see below'],
  [`${OWN}To: a@@b.example\r\n`, BAD, '6409-5.1-b'],
  [`${OWN}To: bob@sales\r\n`, BAD, '6409-4.2-b'],
  [`${OWN}Subject: x\r\nsubject: y\r\n`, BAD, '5322-b'],
  [`${OWN}Subject: x\0y\r\n`, BAD, '5322-f/1: NUL in a value'],
  [`${OWN}Sub\0ject: x\r\n`, BAD, 'in a name'],
  [`${OWN}__proto__: x\r\nconstructor: y\r\n`, '250', 'names that JavaScript knows'],
];

test('5322-b 5322-e 5322-f/1 5322-j 5322-l 6409-8-c/1 6409-4.2-b 6409-5.1-b F-FROM-1 F-FROM-9 F-FROM-10 F-FROM-11 F-HDR-7 F-HDR-8: headers', () => {
  for (const [header, expected, why] of headers) assert.equal(answer(header), expected, why);
});

const spellings: readonly (readonly [from: string, expected: string, why: string])[] = [
  ['\u0430lice@example.org', NO, 'F-UNI-1: a Cyrillic letter'],
  ['alice@ex\u0430mple.org', NO, 'in the domain'],
  ['\uff41lice@example.org', NO, 'full width'],
  ['alice\uff20example.org', BAD, 'a full-width at sign'],
  ['alice@example\u3002org', BAD, 'an ideographic full stop'],
  ['alice@\uff45xample.org', NO, 'full width in the domain'],
  ['al\u200dice@example.org', BAD, 'a zero width joiner'],
  ['\u202ealice@example.org', BAD, 'a right-to-left override'],
  ['al\u00adice@example.org', BAD, 'a soft hyphen'],
  ['alice\u00a0@example.org', NO, 'a no-break space'],
  ['ALICE@example.org', '250', 'F-UNI-2: upper case'],
  ['al\u0131ce@example.org', NO, 'dotless i'],
  ['AL\u0130CE@example.org', NO, 'dotted I'],
  ['alice\u0301@example.org', NO, 'a combining accent'],
  ['\u212aelvin@example.org', NO, 'the Kelvin sign'],
  ['al\ufdd0ice@example.org', BAD, 'F-UNI-3: a noncharacter'],
  ['al\u0085ice@example.org', BAD, 'a C1 control'],
];

test('F-UNI-1 F-UNI-2: with SMTPUTF8 only the plain letters are alice', () => {
  for (const [from, expected, why] of spellings)
    assert.equal(answer(`From: ${from}\r\n`, true), expected, why);
});

test('5322-g F-UNI-3: what is no UTF-8 is refused with and without SMTPUTF8', () => {
  for (const octets of ['\xc3', '\xc0\xae', '\xed\xa0\x80', '\xff', '\xe9']) {
    for (const header of [`From: ${octets}alice@example.org\r\n`, `${OWN}Subject: ${octets}\r\n`]) {
      assert.equal(answer(latin1(header), true), BAD);
      assert.equal(answer(latin1(header), false), BAD);
    }
  }
});

const base64 = (text: string, encoding: BufferEncoding = 'utf8'): string =>
  Buffer.from(text, encoding).toString('base64');

const names: readonly (readonly [name: string, why: string])[] = [
  ['"ceo@example.org"', 'quoted'],
  ['"CEO ceo@example.org"', 'among words'],
  ['"<ceo@example.org>"', 'in brackets'],
  ['"c\\eo@exa\\mple.org"', 'with quoted pairs'],
  ['"ceo@example"".org"', 'in two pieces'],
  ['"ceo@tenant2.example"', 'another tenant'],
  ['ceo (ceo@example.org)', 'in a comment beside the name'],
  ['=?utf-8?q?ceo=40example.org?=', 'an encoded word with a plain dot'],
  ['=?utf-8?q?ceo=40example=2Eorg?=', 'with none'],
  ['"=?utf-8?q?ceo=40example.org?="', 'in quotes'],
  ['(=?utf-8?q?ceo=40example.org?=)', 'in a comment'],
  ['=?utf-8?q?x_=3Cceo=40example.org=3E?=', 'with brackets'],
  ['=?utf-8?q?ceo=40example.org=00=0D=0A?=', 'with NUL and CRLF'],
  [`=?utf-8?b?${base64('ceo@example.org')}?=`, 'base64'],
  [`=?UTF-8?B?${base64('ceo@exa')}?= =?utf-8?Q?mple=2Eorg?=`, 'cut in two'],
  ['=?utf-8?q?ceo=EF=BC?= =?utf-8?q?=A0example=2Eorg?=', 'cut in the middle of a full-width at sign'],
  ['=?utf-8?q?The Boss ceo=40example.org?=', 'with spaces, as many readers allow'],
  ['=?utf-8?q?really?_ceo=40example=2Eorg?=', 'with a question mark'],
  ['=?x-unknown?q?ceo=40example.org?=', 'in a charset that nobody knows'],
  ['=?utf-7?q?ceo+AEA-example.org?=', 'in UTF-7'],
  [`=?utf-16?b?${base64('\ufeffceo@example.org', 'utf16le')}?=`, 'in UTF-16'],
  [`=?utf-8?q?${'=E2=80=8B'.repeat(700)}ceo=40example.org?=`, 'after two thousand invisible letters'],
  [`=?utf-8?b?${base64(`${' '.repeat(3000)}ceo@example.org`)}?=`, 'after as many spaces'],
  [`=?utf-8?b?${base64('\u202egro.elpmaxe@oec')}?=`, 'from right to left'],
  [`=?utf-8?b?${base64('c\u00adeo@exam\u200dple.org')}?=`, 'with invisible letters'],
];

test('F-DISP-1 F-FROM-5: a name shows no other address of ours, however it is written', () => {
  for (const [name, why] of names) {
    assert.equal(answer(`From: ${name} <alice@example.org>\r\n`), NO, why);
    assert.equal(answer(`${OWN}Sender: ${name} <alice@example.org>\r\n`), NO, `${why}, in Sender`);
    const resent = `${OWN}Resent-From: ${name} <alice@example.org>\r\n${RESENT_DATE}`;
    assert.equal(answer(resent), NO, `${why}, in Resent-From`);
  }
  const allowed = prepare('From: "ceo@example.org" <alice@example.org>\r\n', {
    settings: { displayNames: 'allow' },
  });
  assert.ok('header' in allowed, 'if the operator allows it');
});

const unread: readonly (readonly [name: string, why: string])[] = [
  [`=?utf-8*${'a'.repeat(90)}?q?ceo=40example.org?=`, 'a charset with a long language'],
  [`=?${'u'.repeat(300)}?q?ceo=40example.org?=`, 'a long charset'],
  ['=?IBM037?q?=83=85=96=7C=85=A7=81=94=97=93=85K=96=99=87?=', 'EBCDIC'],
  ['=?cp500?b?g4WW?=', 'in base64'],
  ['=??q?ceo=40example.org?=', 'no charset'],
  ['=?utf_7?q?ceo+AEA-example.org?=', 'a name that Python knows'],
  ['=?utf=8?q?ceo=40example.org?=', 'an equals sign in the charset'],
  ['=?utf-8 ?q?ceo=40example.org?=', 'a blank'],
  ['=?unicode_escape?q?ceo=5Cx40example.org?=', 'escapes'],
  ['=?rot_13?q?prb=40rknzcyr.bet?=', 'a cipher'],
  ['=?utf(x)-8?q?ceo=40example.org?=', 'a comment in the charset'],
  ['=?utf-8?q?a?=b=40example.org?=', 'two ends'],
  ['=?utf-8?b?YQ==Y2VvQGV4YW1wbGUub3Jn?=', 'base64 after its end'],
  ['=?utf-8?q?=3D=3Futf-8=3Fq=3Fceo=3D40example.org=3F=3D?=', 'encoded twice'],
];

test('F-DISP-1 F-FROM-12: a name that some reader may decode to another is refused, unless the operator allows it', () => {
  for (const [name, why] of unread) {
    assert.equal(answer(`From: ${name} <alice@example.org>\r\n`), NO, why);
    assert.match(answer(`From: alice@example.org (${name})\r\n`), /^55/, `${why}, in a comment`);
    assert.equal(answer(`${OWN}Sender: ${name} <alice@example.org>\r\n`), NO, `${why}, in Sender`);
    const allowed = prepare(`From: ${name} <alice@example.org>\r\n`, { settings: { displayNames: 'allow' } });
    assert.ok('header' in allowed, why);
  }
});

const twoWays: readonly (readonly [from: string, why: string])[] = [
  ['((x)ceo@bank.example,) alice@example.org', 'a comment in a comment'],
  ['(a\\)ceo@bank.example,) alice@example.org', 'a parenthesis with a backslash'],
  ['alice@example.org (a (b))', 'after the address'],
  ['"x\\" <ceo@bank.example>, \\"" <alice@example.org>', 'quotes with a backslash around an address'],
];

test('F-FROM-4 F-FROM-12: comments that two readers end in different places are refused in every field that names a sender', () => {
  for (const [from, why] of twoWays) {
    assert.equal(answer(`From: ${from}\r\n`), BAD, why);
    assert.equal(answer(`${OWN}Sender: ${from}\r\n`), BAD, `${why}, in Sender`);
    assert.equal(answer(`${OWN}Resent-From: ${from}\r\n${RESENT_DATE}`), BAD, `${why}, in Resent-From`);
    assert.equal(answer(`${OWN}To: ${from}\r\n`), '250', `${why}, in To it decides nothing`);
  }
  assert.equal(
    answer('From: "Al \\"the boss\\" Ice" <alice@example.org> (sales)\r\n'),
    '250',
    'quotes in a name',
  );
});

test('F-DISP-1: whatever charset, encoding and cut: no name that any reader decodes to ceo@example.org passes', () => {
  const secret = 'ceo@example.org';
  const charset = fc.oneof(
    fc.constantFrom('utf-8', 'UTF8', 'us-ascii', 'iso-8859-1', 'koi8-r', 'gb18030', 'shift_jis', 'utf-8*en'),
    fc.constantFrom(
      'cp037',
      'utf_8',
      'latin_1',
      'utf-32',
      'utf-16le',
      'punycode',
      'x-user-defined',
      'mbcs',
      'hz',
    ),
    fc.stringMatching(/^[!-~ ]{0,90}$/).filter((text) => !/[?()<>[\]",:;@\\.]/.test(text)),
  );
  const octets = fc.constantFrom(
    Buffer.from(secret),
    Buffer.from(secret, 'utf16le'),
    Buffer.from(`\u200b${secret}\u200b`),
    Buffer.from(secret.replace('@', '\uff20')),
  );
  const q = (bytes: Buffer): string =>
    [...bytes].map((octet) => `=${octet.toString(16).padStart(2, '0')}`).join('');
  const word = fc
    .tuple(charset, octets, fc.boolean(), fc.nat(), fc.constantFrom('', ' ', '\t'))
    .map(([name, bytes, isQ, cut, between]) => {
      const one = (part: Buffer): string =>
        `=?${name}?${isQ ? `q?${q(part)}` : `b?${part.toString('base64')}`}?=`;
      const at = cut % bytes.length;
      return at === 0 ? one(bytes) : `${one(bytes.subarray(0, at))}${between}${one(bytes.subarray(at))}`;
    });
  fc.assert(
    fc.property(word, fc.constantFrom('phrase', 'quoted', 'comment'), (name, place) => {
      const shown = { phrase: name, quoted: `"${name}"`, comment: `(${name})` }[place];
      const from = place === 'comment' ? `alice@example.org ${shown}` : `${shown} <alice@example.org>`;
      assert.notEqual(answer(`From: ${from}\r\n`), '250');
    }),
    { numRuns: 1000 },
  );
});

const harmless: readonly string[] = [
  '"alice@example.org"',
  '"Alice (sales@example.org)"',
  '"bob@gmail.example"',
  '=?utf-8?q?J=C3=BCrgen_M=C3=BCller?=',
  '"Sales @ Example"',
];

test('names that show no address of another here pass', () => {
  for (const name of harmless) assert.equal(answer(`From: ${name} <alice@example.org>\r\n`), '250', name);
});

test('5321-r D-PR-2: our Received stands first and once, everything of the client below it as it came', () => {
  const client = [
    'Received: from a by msa.example.org with ESMTP id 01M0P5T8Z40001XQ6B2Q8CJ8QK; x\r\n',
    'received:  (odd)\r\n\t folding \r\n',
    'From: Alice\r\n  <alice@example.org>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <x@y.example>\r\n',
    'X:\ty \r\n',
  ].join('');
  const { text } = prepared(client);
  assert.ok(text.startsWith('Received: from '));
  assert.ok(text.endsWith(`\r\n${client}\r\n`));
  assert.equal(text.match(/^received:/gim)?.length, 3);
});

test('5321-af 6409-8-a 6409-8.2 6409-8.3 G-22: what was completed is written down', () => {
  const { text, record } = prepared(`${OWN}Message-ID: foo\r\nSubject: hello\r\nBcc: b@far.example\r\n`);
  assert.deepEqual(record.completed, ['bcc', 'date', 'message-id']);
  assert.equal(record.messageIdFieldBefore, 'foo');
  assert.match(record.messageIdField ?? '', /^<[0-9a-z]{26}@msa\.example\.org>$/);
  assert.ok(text.includes(`Message-ID: ${record.messageIdField}\r\n`));
  assert.deepEqual(record.headerFrom, ['alice@example.org']);
  assert.equal(record.subjectOctets, 'Subject: hello\r\n'.length);
});

test('D-PR-1 TLS-n G-11: the pseudonymous header shows nothing of the client, the full one name and address', () => {
  const pseudonymous = prepared(OWN).text;
  assert.match(pseudonymous, /^Received: from [0-9a-z]{16}\.client\.msa\.example\.org\r\n/);
  for (const secret of [
    session.clientAddress,
    session.ehlo,
    'laptop',
    alice.identityId,
    String(session.clientPort),
  ])
    assert.ok(!pseudonymous.includes(secret), secret);
  assert.equal(pseudonymous.match(/alice/g)?.length, 1, 'the login stands only where she wrote it');
  const full = prepared(OWN, { settings: { received: 'full' } }).text;
  assert.ok(full.startsWith(`Received: from ${session.ehlo} ([${session.clientAddress}])\r\n`));
  for (const text of [pseudonymous, full])
    assert.match(text, /with ESMTPSA id \S+\s+for <[^>]+>\s+tls TLS_AES_256_GCM_SHA384;/);
});

test('5321-t 5321-ag: several recipients are named nowhere, one in `for` alone', () => {
  const hidden = ['secret1@far.example', 'secret2@far.example'];
  const recipients = hidden.map((forwardPath) => ({ forwardPath }));
  const { text } = prepared(`${OWN}Bcc: ${hidden.join(', ')}\r\n`, { envelope: { recipients } });
  assert.doesNotMatch(text, /secret|\bfor\b|Apparently-To|^To:|^Cc:|^Bcc:/im);
  const single = prepared(OWN, { envelope: { recipients: recipients.slice(0, 1) } });
  assert.deepEqual(single.text.match(/secret\S*/g), ['secret1@far.example>']);
});

test('5321-ad: the hundred and first Received is a loop, for a submission and for a relay', () => {
  const hops = (count: number): string => `${'Received: from a by b; c\r\n'.repeat(count)}${OWN}`;
  for (const through of [door, mxDoor]) {
    assert.ok('header' in prepare(hops(100), { door: through }));
    const refused = prepare(hops(101), { door: through });
    assert.ok('reply' in refused);
    assert.deepEqual([refused.reply.code, refused.reply.status], [554, '5.4.6']);
  }
});

const relayed: readonly (readonly [header: string, why: string])[] = [
  ['From: a@far.example\r\nSubject: x\r\n', 'a good one, without Date and Message-ID'],
  ['Return-Path: <x@y.example>\r\nBcc: z@far.example\r\nDate: yesterday\r\n', 'what a submission would lose'],
  ['From: a@far.example\r\nFrom: b@far.example\r\n', 'two From'],
  ['hello world\r\n', 'no field at all'],
  ['Subject: gr\xfcn\r\n \r\nX\r\n', 'Latin-1, white space, no colon'],
  ['', 'nothing'],
];

test('5321-ae 5321-r: a relay adds its Received and changes nothing below', () => {
  for (const [header, why] of relayed) {
    const { text, record } = prepared(latin1(header), { door: mxDoor });
    const below = text.replace(
      /^Received: from mail\.far\.example \(\[198\.51\.100\.77\]\)\r\n(?:\t.*\r\n)+/,
      '',
    );
    assert.equal(below, `${header}\r\n`, why);
    assert.deepEqual(record.completed, [], why);
    assert.equal(record.label, undefined, why);
  }
});

test('a UTF-8 header is told to the relay, and stays UTF-8', () => {
  const utf8From = prepared('From: Jürgen <alice@example.org>\r\n', { envelope: { smtputf8: true } });
  assert.equal(utf8From.headerUtf8, true);
  assert.ok(utf8Text(utf8From.header)?.includes('From: Jürgen <alice@example.org>\r\n'));
  assert.equal(prepared(OWN).headerUtf8, false);
});

test('6409-8-a 5322-g: without SMTPUTF8 raw text is encoded before it is judged and signed, and the record says so', () => {
  const raw =
    'From: J\u00fcrgen <alice@example.org>\r\nSubject: St\u00f6rung\r\nTo: \u00dc <b@far.example>\r\n';
  const { text, record, headerUtf8 } = prepared(raw);
  assert.equal(headerUtf8, false);
  assert.ok(text.includes('From: =?UTF-8?Q?J=C3=BCrgen?= <alice@example.org>\r\n'), text);
  assert.ok(text.includes('Subject: =?UTF-8?Q?St=C3=B6rung?=\r\n'), text);
  assert.deepEqual(record.completed, ['encoded-words', 'date', 'message-id']);
  assert.equal(answer('From: "\u00fc ceo@example.org" <alice@example.org>\r\n'), NO, 'the name is judged');
  assert.equal(answer(`${OWN}To: \u00fc@far.example\r\n`), '554 5.6.7', 'an address has no ASCII form');
  assert.equal(answer(`${OWN}To: a@m\u00fcller.example\r\n`), '554 5.6.7', 'nor has its domain in a header');
  assert.equal(answer(`${OWN}Bcc: \u00fc@far.example\r\n`), '250', 'what does not leave');
});

test('6409-8-a F-FROM-11: a program on this host that names no author gets one from its envelope, nobody else does', () => {
  const local = { ...door, withProtocol: 'local', isLocal: true };
  const { text, record } = prepared('Subject: x\r\n', { door: local });
  assert.match(text, /^From: alice@example\.org\r$/m);
  assert.deepEqual(record.completed, ['from', 'date', 'message-id']);
  assert.deepEqual(record.headerFrom, ['alice@example.org']);
  assert.deepEqual(
    prepared(OWN, { door: local }).record.completed,
    ['date', 'message-id'],
    'its own one stays',
  );
  const others: readonly (readonly [change: Change, why: string])[] = [
    [{}, 'over the network'],
    [{ door: local, envelope: { reversePath: '' } }, 'a report names its author itself'],
  ];
  for (const [change, why] of others) {
    const refused = prepare('Subject: x\r\n', change);
    assert.ok('reply' in refused, why);
    assert.equal(refused.reply.code, 554, why);
  }
  const stolen = prepare('Subject: x\r\n', { door: local, envelope: { reversePath: 'ceo@example.org' } });
  assert.ok('reply' in stolen && stolen.reply.code === 550, 'and it is judged like any other');
});

test('a program on this host says nothing of SMTPUTF8: text is encoded, an address stays what it is', () => {
  const local = { ...door, isLocal: true };
  const change = { door: local, envelope: { smtputf8: true } };
  assert.equal(prepared(`${OWN}Subject: \u00fc\r\n`, change).headerUtf8, false);
  assert.equal(prepared(`${OWN}To: \u00fc@far.example\r\n`, change).headerUtf8, true);
});

test('5321-ae: raw octets in the header of a stranger need no SMTPUTF8 of the next hop, unless they said it', () => {
  for (const raw of [utf8('Subject: \u00fc\r\n'), latin1('Subject: gr\xfcn\r\n')]) {
    assert.equal(prepared(raw, { door: mxDoor }).headerUtf8, false);
    assert.equal(prepared(raw, { door: mxDoor, envelope: { smtputf8: true } }).headerUtf8, true);
  }
});

test('5322-k: a header that encoding makes too large is refused', () => {
  const settings = { headerOctetsMax: 2000 };
  const result = prepare(`${OWN}To: ${'\u00fc,'.repeat(300)}a@far.example\r\n`, { settings });
  assert.ok('reply' in result);
  assert.deepEqual([result.reply.code, result.reply.status], [552, '5.3.4']);
});

test('the rule and the label that the trail keeps', () => {
  const { rule, record, text } = prepared(OWN);
  assert.equal(rule, 'From: own address alice@example.org');
  assert.ok(text.startsWith(`Received: from ${record.label}.client.`));
});
