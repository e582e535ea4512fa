// Encoded words as a forgiving reader shows them: what anybody may read has to be seen by the check of display names.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEncodedWords } from './encoded-word.ts';

const utf16 = (text: string, order: 'be' | 'le', mark: boolean): string => {
  const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
  return (order === 'be' ? bytes.swap16() : bytes).toString('base64');
};

const shown: readonly (readonly [text: string, shown: string, why: string])[] = [
  ['plain', 'plain', 'nothing to decode'],
  ['=?', '=?', 'an opening alone'],
  ['?= =?', '?= =?', 'the wrong way round'],
  ['=?utf-8?q?a', '=?utf-8?q?a', 'no end'],
  ['=?utf-8?x?a?=', '=?utf-8?x?a?=', 'no such encoding'],
  ['=??q?a?=', '=??q?a?=', 'no charset'],
  ['=?utf-8?q?a?=', 'a', 'Q'],
  ['=?UTF-8?Q?J=c3=BCrgen_=40?=', 'Jürgen @', 'case, low-case hex, underscore'],
  ['=?utf-8?b?Y2Vv?=', 'ceo', 'B'],
  ['=?utf-8?b?Y2Vv', '=?utf-8?b?Y2Vv', 'B without end'],
  ['=?utf-8?b??=', '', 'empty'],
  ['=?iso-8859-1?q?gr=FCn?=', 'grün', 'Latin-1'],
  ['=?koi8-r?b?wQ==?=', 'а', 'Cyrillic'],
  ['=?iso-8859-1*en?q?a?=', 'a', 'RFC 2231: a language after the charset'],
  ['x =?utf-8?q?a?= y', 'x a y', 'among words'],
  ['x=?utf-8?q?a?=y', 'xay', 'inside a word, as many readers do'],
  ['=?utf-8?q?a?= =?utf-8?q?b?=', 'ab', 'white space between two is not shown'],
  ['=?utf-8?q?a?= \t =?koi8-r?q?b?=', 'ab', 'nor between two charsets'],
  ['=?utf-8?q?a?= x =?utf-8?q?b?=', 'a x b', 'words between two are'],
  ['=?utf-8?q?=EF=BC?= =?utf-8?q?=A0?=', '\uff20', 'a letter cut between two words'],
  ['=?utf-8?b?77w=?==?utf-8?b?oA==?=', '\uff20', 'in base64, without space'],
  ['=?utf-8?q?a b=40c?=', ' a b=40c a b@c', 'spaces inside: as it stands, and decoded'],
  ['=?utf-8?q?a?b=40c?=', ' a?b=40c a?b@c', 'a question mark inside'],
  ['=?utf-8?q?a\uff20=2E?=', ' a\uff20=2E a\uff20.', 'UTF-8 inside'],
  ['=?utf-8?b?Y2 Vv?=', ' Y2 Vv ceo', 'no base64: as it stands, and decoded'],
  ['=?x-unknown?q?a=40b?=', 'a@b', 'an unknown charset is read as it stands'],
  ['=?utf-8?q?=FF?=', '\ufffd', 'invalid octets'],
  ['=?utf-7?q?a+AEA-b_+-?=', 'a@b +', 'UTF-7'],
  ['=?unicode-1-1-utf-7?q?a+AEA?=', 'a@', 'its old name'],
  [`=?utf-16?b?${utf16('a@b', 'be', true)}?=`, 'a@b', 'UTF-16 with a mark'],
  [`=?utf-16?b?${utf16('a@b', 'le', true)}?=`, 'a@b', 'the other order'],
  [`=?utf-16be?b?${utf16('a@b', 'be', false)}?=`, 'a@b', 'the order in its name'],
  [`=?ucs-2?b?${utf16('a@b', 'le', false)}?=`, 'a@b', 'no mark at all'],
  ['=?a?q? =?utf-8?q?x=40?=', '=?a?q? x@', 'an opening without end hides no word'],
  ['=?utf-8?b?Y2U=?==?utf-8?q?o?=', 'ceo', 'padding is no opening'],
  ['=?utf-8?q?a?=?utf-8?q?b?=', 'ab', 'two that share a letter'],
];

test('F-FROM-5 F-DISP-1: every way to write an encoded word is seen', () => {
  for (const [text, expected, why] of shown) assert.equal(readEncodedWords(text).text, expected, why);
});

const certain: readonly string[] = [
  'plain',
  'really?',
  '=?utf-8?q?J=C3=BCrgen_M=C3=BCller?=',
  '=?UTF-8*de?B?SsO8cmdlbg==?=',
  '=?UTF-8?B?SsO8cmdlbg?= =?UTF-8?B?w7w=?=',
  '=?utf-8?q?=EF=BC?= =?utf-8?q?=A0?=',
  '=?iso-8859-1?q?gr=FCn?= and =?koi8-r?b?wQ==?=',
  '=?iso-2022-jp?B?GyRCJDMkcyRLJEEkTxsoQg==?=',
  '=?UTF-8?Q?J=C3=BCrgen M=C3=BCller?=',
  `=?utf-8?b?${Buffer.from('a long name, as many programs write it in one word'.repeat(3)).toString('base64')}?=`,
];

const uncertain: readonly (readonly [text: string, why: string])[] = [
  ['=?IBM037?q?=83?=', 'EBCDIC'],
  ['=?cp500?q?=83?=', 'another'],
  ['=?utf_7?q?a?=', "Python's names"],
  ['=?unicode_escape?q?=5Cx40?=', 'and its escapes'],
  ['=?utf-7?q?a?=', 'UTF-7'],
  ['=?utf-16?b?AGE=?=', 'UTF-16'],
  ['=?csunicode?b?AGE=?=', 'by another name'],
  ['=??q?a?=', 'no charset'],
  ['=?utf=8?q?a?=', 'an equals sign in it'],
  ['=?utf-8 ?q?a?=', 'a blank'],
  ['=?hz-gb-2312?q?a?=', 'what readers used to know'],
  ['=?utf-8?q?=FF?=', 'octets that are none of the charset'],
  ['=?utf-8?q?a', 'no end'],
  ['=?utf-8?x?a?=', 'no such encoding'],
  ['=?utf-8?q?a?b?=', 'a question mark inside'],
  ['=?utf-8?q?a?= b?=', 'two ends'],
  ['=?utf-8?q?a?=?utf-8?q?b?=', 'two that share a letter'],
  ['=?utf-8?b?YQ==YQ==?=', 'base64 after its end'],
  ['=?utf-8?b?Y2 Vv?=', 'with a blank'],
  ['=?utf-8?b?Y?=', 'half a letter'],
  ['=?utf-8?q?=3D=3Futf-8=3Fq=3Fa=3F=3D?=', 'an encoded word in an encoded word'],
];

test('F-FROM-5 F-FROM-12: what all readers take alike is told from what some may read otherwise', () => {
  for (const text of certain) assert.equal(readEncodedWords(text).isCertain, true, text);
  for (const [text, why] of uncertain) assert.equal(readEncodedWords(text).isCertain, false, why);
});
