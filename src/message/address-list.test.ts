// Address lists: what is read, and what is refused because somebody else could read it as another address.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADDRESSES_MAX, parseAddressList } from './address-list.ts';

/** `address` or `address|shown name`, in order. */
function listed(value: string): readonly string[] | string {
  const list = parseAddressList(value);
  if (!list.ok) return list.error.problem;
  const texts = list.value.mailboxes.map(({ address, displayName }) =>
    displayName === '' ? address : `${address}|${displayName}`,
  );
  return list.value.hasGroup ? ['group', ...texts] : texts;
}

const read: readonly (readonly [value: string, expected: readonly string[], why: string])[] = [
  ['', [], 'an empty list is for the caller to judge'],
  [' \t ', [], 'so is white space'],
  ['(nobody)', [], 'and a comment'],
  ['a@b.example', ['a@b.example'], 'a bare address'],
  [' <a@b.example> ', ['a@b.example'], 'in brackets'],
  ['< a@b.example >', ['a@b.example'], 'white space at the edges of the brackets'],
  ['A B <a@b.example>', ['a@b.example|A B'], 'a phrase'],
  ['"A, B" <a@b.example>', ['a@b.example|A, B'], 'a quoted phrase'],
  ['"A \\"B\\" \\\\" <a@b.example>', ['a@b.example|A "B" \\'], 'quoted pairs'],
  ['John Q. Public <a@b.example>', ['a@b.example|John Q. Public'], 'a dot as people write it'],
  [
    '"Giant; \\"Big\\" Box" <a@b.example>, c@d.example',
    ['a@b.example|Giant; "Big" Box', 'c@d.example'],
    'RFC 5322',
  ],
  ['Grün Ü <a@b.example>', ['a@b.example|Grün Ü'], 'RFC 6532'],
  ['ü@grün.example', ['ü@grün.example'], 'RFC 6531'],
  ['"" <a@b.example>', ['a@b.example'], 'an empty quoted phrase'],
  ['a@b.example (A)', ['a@b.example|A'], 'a comment after it, as old programs write names'],
  ['(A) a@b.example', ['a@b.example|A'], 'in front of it'],
  ['A (B) C <a@b.example> (D)', ['a@b.example|A C BD'], 'phrase and comments: readers show both'],
  ['a@b.example (x (y) \\) z)', ['a@b.example|x y ) z'], 'nested, with a quoted pair'],
  ['=?utf-8?q?J=C3=BCrgen?= <a@b.example>', ['a@b.example|Jürgen'], 'an encoded word'],
  ['=?utf-8?q?a=40b.c?= <a@b.example>', ['a@b.example|a@b.c'], 'its dot does not cut it'],
  ['"alice"@b.example', ['alice@b.example'], '5321-l: the least quoted spelling'],
  ['"al\\ice"@b.example', ['alice@b.example'], 'a needless quoted pair'],
  ['"a b"@b.example', ['"a b"@b.example'], 'quotes that are needed'],
  ['"x@y.example"@b.example', ['"x@y.example"@b.example'], 'F-FROM-6: the whole address, not its first half'],
  ['a+b@B.Example', ['a+b@B.Example'], 'as written'],
  ['a@[192.0.2.1], b@[IPv6:2001:db8::1]', ['a@[192.0.2.1]', 'b@[IPv6:2001:db8::1]'], 'literals'],
  ['a@b.example,c@d.example', ['a@b.example', 'c@d.example'], 'no space needed'],
  ['g:;', ['group'], 'an empty group'],
  ['undisclosed recipients: ;', ['group'], 'the usual one'],
  ['g: a@b.example, C <c@d.example>;', ['group', 'a@b.example', 'c@d.example|C'], 'its members'],
  [
    'x@y.example, "g h": a@b.example;, z@y.example',
    ['group', 'x@y.example', 'a@b.example', 'z@y.example'],
    'among others',
  ],
  ['g:(nobody);', ['group'], 'a comment in a group'],
];

test('5321-l F-FROM-6: what an address list says', () => {
  for (const [value, expected, why] of read) assert.deepEqual(listed(value), expected, why);
});

const refused: readonly (readonly [value: string, why: string])[] = [
  ['a', 'no domain'],
  ['a@@b.example', 'two at signs'],
  ['a@b@c.example', 'two domains'],
  ['@b.example', 'no local part'],
  ['a@', 'no domain after the at sign'],
  ['<>', 'the null path is no header address'],
  ['A <>', 'nor with a name'],
  ['a@b.example,', 'a comma at the end'],
  [',a@b.example', 'at the beginning'],
  ['a@b.example,,c@d.example', 'an empty member'],
  ['a@b.example;c@d.example', 'a semicolon as separator'],
  ['a@b.example; c@d.example;', 'as Outlook writes'],
  ['a@b.example c@d.example', 'no separator'],
  ['<a@b.example> <c@d.example>', 'two brackets'],
  ['<a@b.example> c', 'words after it'],
  ['<<a@b.example>>', 'nested brackets'],
  ['<a@b.example', 'an open bracket'],
  ['a@b.example>', 'a closing one'],
  ['a@b.example <c@d.example>', 'an address as unquoted name'],
  ['A: B <c@d.example>', 'a group without end'],
  ['g: h: a@b.example;;', 'a group in a group'],
  ['g: a@b.example; x@y.example', 'no comma after a group'],
  ['g: , a@b.example;', 'an empty member in a group'],
  [': a@b.example;', 'a group without name'],
  ['ceo@b.example: a@b.example;', 'F-FROM-3: an address as name of a group'],
  ['<@c.example,@d.example:a@b.example>', 'F-FROM-7: a route'],
  ['<@c.example:a@b.example>', 'a short one'],
  ['a(x)@b.example', 'F-FROM-4: a comment before the at sign'],
  ['a@(x)b.example', 'after it'],
  ['a@b(x).example', 'in the domain'],
  ['a@b.example (x) .evil.example', 'in the middle of the domain'],
  ['<(c@d.example)a@b.example>', 'in the brackets'],
  ['<a@b.example(c@d.example)>', 'at their end'],
  ['<()a@b.example>', 'even an empty one'],
  ['<a@b.example()>', 'at the end'],
  ['a @b.example', 'white space before the at sign'],
  ['a@ b.example', 'after it'],
  ['a . b@c.example', 'CVE-2025-13033: around a dot'],
  ['a@b. example', 'in the domain'],
  ['a@b\t.example', 'a tab'],
  ['a..b@c.example', 'two dots'],
  ['.a@c.example', 'a dot first'],
  ['a.@c.example', 'a dot last'],
  ['"a".b@c.example', 'half quoted'],
  ['"a""b"@c.example', 'two quoted strings'],
  ['a"b"@c.example', 'a quote inside'],
  ['"a@c.example', 'an open quote'],
  ['a@c.example (x', 'an open comment'],
  ['a@c.example x)', 'a stray parenthesis'],
  ['a@[192.0.2.1', 'an open literal'],
  ['a@192.0.2.1]', 'a stray bracket'],
  ['a@[192.0.2.1].example', 'words after a literal'],
  ['a@[300.0.2.1]', 'no IP address'],
  ['a@192.0.2.1', 'an IP address as domain'],
  ['a@c.example.', 'a full stop'],
  ['a@c..example', 'an empty label'],
  ['a@-c.example', 'a hyphen first'],
  ['a@c_d.example', 'an underscore'],
  ['a\\@b@c.example', 'a backslash outside quotes'],
  ['a\u0000@c.example', 'NUL'],
  ['"a\u0001" <a@c.example>', 'a control character in a name'],
  ['(\u001b) a@c.example', 'in a comment'],
  ['a\u202e@c.example', 'a direction mark in an address'],
  ['a\u200d@c.example', 'an invisible letter'],
  ['=?utf-8?q?a=40b.example?=', 'F-FROM-5: an encoded word as address'],
  ['=?utf-8?q?a?=@c.example', 'as local part'],
  ['"=?utf-8?q?a?="@c.example', 'in quotes'],
  ['<=?utf-8?q?a=40b.example?=@c.example>', 'in brackets'],
  ['a+=?utf-8?q?=3Cb=40c.example=3E?=@c.example', 'as detail: who decodes first sees another'],
  ['a+"=?utf-8?q?=3Cb=40c.example=3E?="@c.example', 'half quoted'],
  ['a@=?utf-8?q?b?=.example', 'in the domain'],
  [`${'a'.repeat(65)}@c.example`, 'a local part of 65 octets'],
  [`a@${'b.'.repeat(130)}example`, 'a domain of more than 255'],
];

test('F-FROM-3 F-FROM-4 F-FROM-5 F-FROM-7: what two programs read differently is no address list', () => {
  for (const [value, why] of refused) assert.equal(listed(value), 'syntax', why);
});

test('6409-4.2-b: a domain of one label is told apart from bad syntax', () => {
  for (const value of [
    'bob@sales',
    'bob@sales.',
    'A <bob@localhost>',
    'a@b.example, bob@sales',
    'g: bob@sales;',
  ])
    assert.equal(listed(value), 'unqualified', value);
});

test('the problem names the address', () => {
  const list = parseAddressList('a@b.example, Bob <bob@sales>');
  assert.ok(!list.ok);
  assert.deepEqual(list.error, { problem: 'unqualified', detail: 'bob@sales' });
});

test('5322-k: 10 000 addresses pass, one more does not', () => {
  const list = (count: number): string => Array.from({ length: count }, () => 'a@b.example').join(',');
  assert.equal(listed(list(ADDRESSES_MAX)).length, 10_000);
  assert.equal(listed(list(ADDRESSES_MAX + 1)), 'tooMany');
});

test('F-DOS-3: comments nest fifty deep and no deeper', () => {
  const nested = (depth: number): string => `${'('.repeat(depth)}x${')'.repeat(depth)} a@b.example`;
  assert.deepEqual(listed(nested(50)), ['a@b.example|x']);
  assert.equal(listed(nested(51)), 'syntax');
});
