// The small grammars of the wire: mailboxes, paths, base64, xtext, lines. Vectors, each with its reason.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { InputBuffer } from './input-buffer.ts';
import { canonicalDomain, mailboxText, parseMailbox } from './mailbox.ts';
import { readParameters, mailParameters, recipientParameters } from './parameters.ts';
import { parsePath } from './path.ts';
import { decodeUtf8Address, decodeXtext, encodeUtf8Address, encodeXtext, upperCased } from './xtext.ts';

const mailboxes: readonly (readonly [text: string, result: string, why: string])[] = [
  ['alice@example.org', 'alice@example.org', 'plain'],
  ['"alice"@example.org', 'alice@example.org', 'least quoted form'],
  ['"a b"@example.org', '"a b"@example.org', 'quotes that are needed stay'],
  ['"a\\"b"@example.org', '"a\\"b"@example.org', 'an escaped quote'],
  [
    '"ceo@example.org"@example.org',
    '"ceo@example.org"@example.org',
    'an at sign inside quotes is not the last one',
  ],
  ['a@[192.0.2.1]', 'a@[192.0.2.1]', 'literal'],
  ['a@[IPv6:2001:db8::1]', 'a@[IPv6:2001:db8::1]', 'literal'],
  ['a@[IPv6:::ffff:192.0.2.1]', 'a@[IPv6:::ffff:192.0.2.1]', 'literal'],
  ['a@[192.0.2.256]', 'syntax', 'no such address'],
  ['a@[x]', 'syntax', 'general literals are not in use'],
  ['a@sales', 'unqualified', 'single label'],
  ['a@sales.', 'unqualified', 'single label with a dot'],
  ['a@example.org.', 'syntax', 'trailing dot'],
  ['a@exa_mple.org', 'syntax', 'underscore'],
  ['a@-x.org', 'syntax', 'hyphen in front'],
  ['a@x-.org', 'syntax', 'hyphen at the end'],
  ['a@1.2.3.4', 'syntax', 'somebody reads this as an address'],
  ['a@0x7f.1', 'syntax', 'somebody reads this as 127.0.0.1'],
  ['a@%41.com', 'syntax', 'URL parsers read this as a.com'],
  ['a..b@example.org', 'syntax', 'two dots'],
  ['.a@example.org', 'syntax', 'dot in front'],
  ['a.@example.org', 'syntax', 'dot at the end'],
  ['a b@example.org', 'syntax', 'space'],
  ['a@example.org@far.example', 'syntax', 'two at signs'],
  ['@example.org', 'syntax', 'no local part'],
  ['alice', 'syntax', 'no domain'],
  ['a(b)@example.org', 'syntax', 'comment'],
  ['a\u200db@example.org', 'syntax', 'a joiner that nobody sees'],
  ['a\u202eb@example.org', 'syntax', 'a direction mark'],
  ['\ud800@example.org', 'syntax', 'half a character'],
  [`${'a'.repeat(64)}@example.org`, `${'a'.repeat(64)}@example.org`, 'longest local part'],
  [`${'a'.repeat(65)}@example.org`, 'tooLong', 'one more'],
  [`${'ü'.repeat(33)}@example.org`, 'tooLong', 'octets count, not letters'],
  ['ü@müller.example', 'ü@müller.example', 'UTF-8'],
];

test('6409-5.1-a 6409-4.2-a 5321-l 5321-n F-FROM-6 F-UNI-3: mailboxes', () => {
  for (const [text, result, why] of mailboxes) {
    const parsed = parseMailbox(text);
    assert.equal(parsed.ok ? mailboxText(parsed.value) : parsed.error, result, `${text}: ${why}`);
  }
});

test('EXT-UTF8-d F-REL-8: domains are compared as lower-case A-labels', () => {
  assert.equal(canonicalDomain('MÜLLER.Example'), 'xn--mller-kva.example');
  assert.equal(canonicalDomain('xn--mller-kva.example'), 'xn--mller-kva.example');
  assert.equal(canonicalDomain('example。org'), undefined, 'an ideographic full stop is no dot');
  assert.equal(canonicalDomain('exa mple.org'), undefined);
});

test('5321-k: paths and source routes', () => {
  const read = (text: string) => {
    const path = parsePath(text, 'nullPath');
    return path.ok
      ? `${path.value.mailbox}${path.value.sourceRoute ? ' routed' : ''}|${path.value.rest}`
      : path.error;
  };
  assert.equal(read('<a@b.example> SIZE=1'), 'a@b.example| SIZE=1');
  assert.equal(read('<@x.example,@y.example:a@b.example>'), 'a@b.example routed|');
  assert.equal(read('<@x y:a@b.example>'), 'syntax');
  assert.equal(read('<">"@b.example>'), '">"@b.example|', 'a bracket inside quotes closes nothing');
  assert.equal(read('<>'), '|');
  assert.equal(read('<a@b.example>x'), 'syntax');
  assert.equal(parsePath('<>', 'postmaster').ok, false);
});

test('AUTH-k F-AUTH-7: base64 without leniency', () => {
  for (const bad of [
    '!!!!',
    '=AAA',
    'AAA=BBB',
    'QUFB QUFB',
    'QUF',
    'QQ=',
    'QR==',
    'QUJ=',
    'QU-_',
    'QUFB\n',
    '====',
  ]) {
    assert.equal(decodeBase64(bad), undefined, bad);
  }
  assert.equal(decodeBase64('')?.length, 0);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) =>
      assert.deepEqual(Buffer.from(decodeBase64(encodeBase64(bytes)) ?? []), Buffer.from(bytes)),
    ),
    { seed: 2, numRuns: 300 },
  );
});

test('EXT-DSN-a F-HDR-2: xtext, both ways, without control characters', () => {
  assert.equal(decodeXtext('a+2Bb'), 'a+b');
  assert.equal(decodeXtext(upperCased('a+2bb+Zz')), undefined);
  assert.equal(decodeXtext(upperCased('a+2bb')), 'a+b', 'of AUTH= alone');
  for (const bad of ['a+2bb', 'a+0Ab', 'a+00', 'a+zz', 'a+', 'a=b', 'a b', 'a+7F', '+E4'])
    assert.equal(decodeXtext(bad), undefined, bad);
  fc.assert(
    fc.property(fc.stringMatching(/^[\x20-\x7e]{0,40}$/), (text) =>
      assert.equal(decodeXtext(encodeXtext(text)), text),
    ),
    { seed: 3, numRuns: 300 },
  );
});

test('EXT-UTF8-a2: addresses of type utf-8', () => {
  assert.equal(decodeUtf8Address('\\x{FC}@far.example'), 'ü@far.example');
  assert.equal(decodeUtf8Address('ab\\x{e9}@x.test'), 'abé@x.test', 'digits in either case');
  assert.equal(decodeUtf8Address('ü@far.example'), 'ü@far.example');
  for (const bad of ['\\x{0A}@x', '\\x{D800}@x', '\\x{110000}@x', '\\n@x', 'a b@x'])
    assert.equal(decodeUtf8Address(bad), undefined, bad);
  assert.equal(encodeUtf8Address('ü+a@far.example'), '\\x{FC}\\x{2B}a@far.example');
});

test('5321-j F-DOS-13: parameters are read by their table and by nothing else', () => {
  const offered = (): boolean => true;
  const name = (rest: string): string => {
    const read = readParameters(rest, mailParameters, offered);
    return read.ok ? 'ok' : read.error.name;
  };
  assert.equal(name(' SIZE=10 body=8bitmime SMTPUTF8'), 'ok');
  assert.equal(name(' constructor=1'), 'unknownParameter');
  assert.equal(name(' __proto__=1'), 'badArgument');
  assert.equal(name(' SIZE=1 size=2'), 'badParameterValue');
  const notify = readParameters(' NOTIFY=success,Failure ORCPT=RFC822;a+40b@x', recipientParameters, offered);
  assert.deepEqual(notify.ok && notify.value, {
    notify: ['SUCCESS', 'FAILURE'],
    originalRecipient: { addressType: 'rfc822', address: 'a@b@x' },
  });
});

test('F-SMUG-4 5321-p F-DOS-1: lines are cut at CRLF alone, in any pieces, and long ones cost one report', () => {
  const text = `one\r\n\r\ntwo\nthree\r\n${'x'.repeat(30)}\r\nfour\rfive\r\nsix`;
  const read = (pieces: readonly Buffer[]): string => {
    const input = new InputBuffer();
    const lines: string[] = [];
    for (const piece of pieces) {
      input.push(piece);
      for (let line = input.takeLine(20); line !== undefined; line = input.takeLine(20)) {
        lines.push(
          line.type === 'line' || line.type === 'flawed'
            ? `${line.type} ${Buffer.from(line.bytes).toString()}`
            : line.type,
        );
      }
    }
    return `${lines.join('|')}|${Buffer.from(input.takeAll()).toString()}`;
  };
  const whole = read([Buffer.from(text)]);
  assert.equal(whole, 'line one|line |flawed two\nthree|tooLong|flawed four\rfive|six');
  for (let cut = 1; cut < text.length; cut += 1)
    assert.equal(read([Buffer.from(text.slice(0, cut)), Buffer.from(text.slice(cut))]), whole);
  assert.equal(read([...text].map((letter) => Buffer.from(letter))), whole);
});
