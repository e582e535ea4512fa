// What may stand in To, Cc and Reply-To: everything that some program writes there and that is an address to somebody; what is none is told.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseAddressList } from './address-list.ts';
import { recipientProblem } from './recipient-list.ts';

const passing: readonly (readonly [value: string, why: string])[] = [
  ['', 'empty'],
  ['a@x.test,', 'a comma at the end'],
  [',a@x.test', 'or in front'],
  ['a@x.test,,b@x.test', 'or two'],
  ['a@x.test; b@x.test;', "Outlook's separator"],
  ['a@x.test <a@x.test>', 'an address as name'],
  ['"a@x.test" <a@x.test>', 'quoted'],
  ['a@x.test (Alice)', 'a comment'],
  ['(nested (comment)) a@x.test', 'a nested one'],
  ['a(x)@(y)x.test', 'comments inside'],
  ['undisclosed-recipients:;', 'an empty group'],
  ['undisclosed-recipients: ;', 'with a blank'],
  ['undisclosed-recipients:', 'without end'],
  ['undisclosed recipients', 'words alone'],
  ['staff: a@x.test, b@x.test;, c@x.test', 'a group among others'],
  ['staff:a@x.test,;', 'with an empty place in it'],
  ['<@r.test,@s.test:a@x.test>', 'a route of old times'],
  ['a . b @ x . test', 'blanks of old times'],
  ['Bob Smith [Sales] <bob@x.test>', 'brackets in a name'],
  ['Dr. B. Smith, MD <bob@x.test>', 'a comma that nobody quoted'],
  ['Name <>', 'nothing in the brackets'],
  ['Name <a@x.test', 'no bracket at the end'],
  ['"Name <a@x.test>', 'a quote without end'],
  [`${'x'.repeat(65)}@x.test`, 'a local part of 65 octets'],
  [`${'x'.repeat(900)}@x.test`, 'or of 900'],
  ['a@x.test.', 'a full stop'],
  ['a@[192.0.2.1]', 'a literal'],
  ['"a b"@x.test', 'quotes'],
  ['\u00fc@m\u00fcller.test', 'UTF-8'],
  ['<a@x.test> Alice', 'the name after it'],
  ['Alice a@x.test', 'no brackets'],
  ['mailto:a@x.test', 'a link'],
];

const told: readonly (readonly [value: string, problem: string, why: string])[] = [
  ['a@@x.test', 'syntax', '6409-5.1-b: two at signs'],
  ['Alice <a@@b>', 'syntax', 'in brackets'],
  ['a@b@x.test', 'syntax', 'apart'],
  ['@x.test', 'syntax', 'no local part'],
  ['<@x.test>', 'syntax', 'nor in brackets'],
  ['a@', 'syntax', 'no domain'],
  ['a@x..test', 'syntax', 'an empty label'],
  ['a@-x.test', 'syntax', 'a hyphen in front'],
  ['bob@sales', 'unqualified', '6409-4.2-b: a single label'],
  ['c@x.test, Bob <bob@sales>', 'unqualified', 'among others'],
];

test('sloppy and old forms of recipients pass, whatever they lack', () => {
  for (const [value, why] of passing) assert.equal(recipientProblem(value), undefined, why);
});

test('6409-5.1-b 6409-4.2-b: what is no address anywhere is told', () => {
  for (const [value, problem, why] of told) assert.equal(recipientProblem(value)?.problem, problem, why);
  assert.equal(recipientProblem(`a@x.test,`.repeat(10_001))?.problem, 'tooMany');
});

test('whatever the strict reader takes as a list, this one lets pass', () => {
  const piece = fc.constantFrom(
    ...[
      'a',
      'b.c',
      '@',
      '@x.test',
      'a@x.test',
      ',',
      ';',
      ':',
      '<',
      '>',
      '"',
      '(',
      ')',
      '\\',
      ' ',
      '.',
      '[',
      ']',
      '=?',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const value = pieces.join('');
      if (parseAddressList(value).ok) assert.equal(recipientProblem(value), undefined, value);
    }),
    { numRuns: 2000 },
  );
});
