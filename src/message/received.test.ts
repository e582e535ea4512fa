// Our trace field: by the grammar of RFC 5321, in every mode, whatever the client called itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1, utf8Text } from '../base/bytes.ts';
import { parseHeader } from './header.ts';
import { ownReceivedLines, receivedField, type ReceivedFacts, type ReceivedFrom } from './received.ts';

const ID = '01M0P5T8Z40001XQ6B2Q8CJ8QK';
const LABEL = '0123456789abcdef';

const facts: ReceivedFacts = {
  hostname: 'msa.example.org',
  from: { mode: 'pseudonymous', label: LABEL },
  withProtocol: 'ESMTPSA',
  id: ID,
  now: Date.UTC(2026, 10, 23, 10),
  utf8: false,
};

function field(change: Partial<ReceivedFacts> = {}): string {
  const text = utf8Text(receivedField({ ...facts, ...change }));
  assert.ok(text !== undefined);
  return text;
}

// RFC 5321 section 4.4, `Stamp`, with the `tls` clause of RFC 8314 as additional registered clause.
const FWS = String.raw`(?:[ \t]*\r\n)?[ \t]+`;
const NAME = String.raw`[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?`;
const DOMAIN = String.raw`${NAME}(?:\.${NAME})*`;
const LITERAL = String.raw`\[(?:\d{1,3}(?:\.\d{1,3}){3}|IPv6:[0-9A-Fa-f:.]+)\]`;
const TCP_INFO = String.raw`\((?:${LITERAL}|${DOMAIN}${FWS}${LITERAL})\)`;
const EXTENDED = String.raw`(?:${DOMAIN}(?:${FWS}${TCP_INFO})?|${LITERAL}${FWS}${TCP_INFO})`;
const PATH = String.raw`<(?:[^\s"<>@]+|"(?:[^"\\\r\n]|\\.)*")@(?:[^\s"<>@[\]]+|${LITERAL})>`;
const DATE = String.raw`[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}`;
const stamp = new RegExp(
  `^Received: from ${EXTENDED}${FWS}by ${EXTENDED}${FWS}with (?:E?SMTPS?A?|UTF8SMTPS?A?)${FWS}id [A-Z0-9]+` +
    `(?:${FWS}for ${PATH})?(?:${FWS}tls TLS_[A-Z0-9_]+)?;${FWS}${DATE}\r\n$`,
  'u',
);

const full = (ehlo: string, address = '198.51.100.77'): ReceivedFrom => ({ mode: 'full', ehlo, address });

const froms: readonly (readonly [from: ReceivedFrom, clause: string, why: string])[] = [
  [facts.from, `${LABEL}.client.msa.example.org`, 'the label instead of the client'],
  [full('laptop.home.example'), 'laptop.home.example ([198.51.100.77])', 'name and address'],
  [full('localhost'), 'localhost ([198.51.100.77])', 'a bare name'],
  [full('[192.168.1.7]'), '[192.168.1.7] ([198.51.100.77])', 'a literal, as MUAs behind NAT send'],
  [full('[IPv6:fe80::1]', '2001:db8::7'), '[IPv6:fe80::1] ([IPv6:2001:db8::7])', 'IPv6'],
  [full('a', 'fe80::1%eth0'), 'a ([IPv6:fe80::1])', 'a zone is no part of a literal'],
  [full(''), '[198.51.100.77] ([198.51.100.77])', 'no name'],
  [full('under_score.example'), '[198.51.100.77] ([198.51.100.77])', 'no domain of the grammar'],
  [full('192.0.2.1'), '[198.51.100.77] ([198.51.100.77])', 'an address as name'],
  [full('[300.1.1.1]'), '[198.51.100.77] ([198.51.100.77])', 'no literal'],
  [full('[x] ([192.0.2.9]) by evil'), '[198.51.100.77] ([198.51.100.77])', 'F-HDR-1: a clause'],
  [full('a\r\nBcc: y@example.org'), '[198.51.100.77] ([198.51.100.77])', 'a line'],
  [full('a\u000bb'), '[198.51.100.77] ([198.51.100.77])', 'a control character'],
  [full('(x) by evil; Mon'), '[198.51.100.77] ([198.51.100.77])', 'comment and date'],
  [full('x'.repeat(500)), '[198.51.100.77] ([198.51.100.77])', '500 letters'],
  ...[
    "alice's_laptop-",
    '-laptop',
    'laptop-.',
    '[2001:db8::19]',
    '[IPv6:fe80::1%wlan0]',
    'fe80::1%wlan0',
    '[1.2.3.4',
  ].map(
    (name) => [full(name), '[198.51.100.77] ([198.51.100.77])', `what a session takes: ${name}`] as const,
  ),
  [full('J\\xFCrgen-PC'), '[198.51.100.77] ([198.51.100.77])', 'a name that was escaped'],
  [full('(x)by<evil>;"Mon"'), '[198.51.100.77] ([198.51.100.77])', 'one word that is a comment and a date'],
  [full('grün.example'), '[198.51.100.77] ([198.51.100.77])', 'UTF-8'],
];

test('5321-s 5321-u 5321-v EXT-UTF8-a3/3 D-PR-1 F-HDR-1: in every mode the field parses, with one `by` and one date', () => {
  for (const [from, clause, why] of froms) {
    const text = field({ from, forRecipient: 'b@far.example', tls: { cipher: 'TLS_AES_128_GCM_SHA256' } });
    assert.match(text, stamp, why);
    assert.ok(text.startsWith(`Received: from ${clause}\r\n`), `${why}: ${text}`);
    assert.equal(text.match(/\bby\b/g)?.length, 1, why);
    assert.equal(text.match(/;/g)?.length, 1, why);
  }
});

test('TLS-n G-14: the tls clause stands after id and for, with the registered name', () => {
  const expected = /with ESMTPSA id \S+(\s+for <[^>]+>)?\s+tls TLS_[A-Z0-9_]+( group \S+)?;/;
  const tls = { cipher: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256' };
  assert.match(field({ tls }), expected);
  assert.match(field({ tls, forRecipient: 'b@far.example' }), expected);
  assert.doesNotMatch(field(), /\btls\b/, 'none without TLS');
});

const recipients: readonly (readonly [
  recipient: string | undefined,
  utf8: boolean,
  clause: string | undefined,
  why: string,
])[] = [
  ['b@far.example', false, 'for <b@far.example>', 'one'],
  ['"a b>"@far.example', false, 'for <"a b>"@far.example>', 'quoted'],
  [undefined, false, undefined, 'none or several'],
  ['ü@far.example', false, undefined, 'UTF-8 where it may not stand'],
  ['ü@far.example', true, 'for <ü@far.example>', 'where it may'],
  ['postmaster', false, undefined, 'a path of the grammar has a domain'],
];

test('5321-t EXT-UTF8-a3/1 EXT-UTF8-a3/2: one path in `for`, or none', () => {
  for (const [forRecipient, utf8, clause, why] of recipients) {
    const text = field({ utf8, ...(forRecipient === undefined ? {} : { forRecipient }) });
    assert.match(text, stamp, why);
    assert.equal(/for <.*>(?=;)/u.exec(text)?.[0], clause, why);
  }
});

test('the longest field there can be has short lines', () => {
  const forRecipient = `${'l'.repeat(64)}@${'d'.repeat(60)}.${'d'.repeat(60)}.${'d'.repeat(60)}.example`;
  const hostname = `${'h'.repeat(60)}.${'h'.repeat(60)}.${'h'.repeat(60)}.example`;
  const text = field({
    hostname,
    forRecipient,
    from: full(hostname),
    tls: { cipher: 'TLS_AES_128_GCM_SHA256' },
  });
  assert.match(text, stamp);
  assert.ok(Math.max(...text.split('\r\n').map(({ length }) => length)) <= 998);
});

function own(lines: readonly string[]): ReturnType<typeof ownReceivedLines> {
  const parsed = parseHeader(latin1(lines.map((line) => `${line}\r\n`).join('')));
  assert.ok(parsed.ok);
  return ownReceivedLines(parsed.value, 'msa.example.org');
}

const claims: readonly (readonly [lines: readonly string[], found: ReturnType<typeof own>, why: string])[] = [
  [[field().trimEnd()], [{ id: ID, label: LABEL }], 'ours, pseudonymous'],
  [[field({ from: full('a.example') }).trimEnd()], [{ id: ID }], 'ours, full'],
  [[`Received: from a by MSA.example.org with ESMTP id ${ID}; x`], [{ id: ID }], 'in another case'],
  [[`Received: from a by mx.example.org with ESMTP id ${ID}; x`], [], 'of another host'],
  [
    [`Received: from a by msa.example.org.evil.example with ESMTP id ${ID}; x`],
    [],
    'a name that begins with ours',
  ],
  [['Received: from a by msa.example.org with ESMTP id 4F1A2B3C; x'], [], 'an id that is none of ours'],
  [[`Subject: from a by msa.example.org id ${ID}`], [], 'another field'],
  [['Received: \xff'], [], 'no UTF-8'],
  [[`Received: from a (by msa.example.org id ${ID}) by evil.example; x`], [], 'as a comment'],
  [
    ['Received: x', field().trimEnd(), field({ id: ID.replace('K', 'M') }).trimEnd()],
    [
      { id: ID, label: LABEL },
      { id: ID.replace('K', 'M'), label: LABEL },
    ],
    'all of them, in order',
  ],
];

test('D-TR-6: lines that claim to be ours are found in a hostile chain, others are not', () => {
  for (const [lines, found, why] of claims) assert.deepEqual(own(lines), found, why);
});
