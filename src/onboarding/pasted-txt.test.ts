// What is pasted for a TXT record comes to the same text, however much of its line it is.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { zoneLine } from './dns-records.ts';
import { pastedText } from './pasted-txt.ts';

const data = `v=DKIM1; k=rsa; p=${'A'.repeat(392)}`;
const line = zoneLine({
  ...{ name: 's1._domainkey.example.org.', type: 'TXT', data },
  ...{ isNeeded: true, compare: 'dkim', consequence: '' },
});
const [, first = '', second = ''] = /"([^"]*)" "([^"]*)"/.exec(line) ?? [];

const pasted: readonly { why: string; text: string }[] = [
  { why: 'the bare text', text: data },
  { why: 'the line as it is printed', text: line },
  { why: 'its strings alone', text: `"${first}" "${second}"` },
  { why: 'strings without a gap between', text: `"${first}""${second}"` },
  { why: 'over several lines, in parentheses', text: `s1 IN TXT ( "${first}"\n    "${second}" ) ; the key` },
  { why: 'one string', text: `"${data}"` },
  { why: 'escapes', text: `"${data.replaceAll(';', '\\;')}"` },
  { why: 'a line without quotes', text: `s1._domainkey.example.org. 3600 IN TXT ${data}` },
  { why: 'white space around it', text: `  ${data}\t` },
];

test('a TXT record is read from what of its line was pasted', () => {
  assert.ok(second.length > 0, 'the record is cut into strings');
  for (const { why, text } of pasted) assert.equal(pastedText(text), data, why);
});
