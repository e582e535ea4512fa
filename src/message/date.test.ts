// Dates: how ours are written, and which of others are good enough to be left alone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatDate, isDate } from './date.ts';

const written: readonly (readonly [ms: number, text: string])[] = [
  [0, 'Thu, 1 Jan 1970 00:00:00 +0000'],
  [Date.UTC(2026, 10, 23, 9, 5, 7, 999), 'Mon, 23 Nov 2026 09:05:07 +0000'],
  [Date.UTC(2024, 1, 29, 23, 59, 59), 'Thu, 29 Feb 2024 23:59:59 +0000'],
];

test('5321-u: our dates are in UTC with a numeric offset, without obsolete forms', () => {
  for (const [ms, text] of written) {
    assert.equal(formatDate(ms), text);
    assert.match(text, /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}$/);
    assert.equal(Date.parse(text), Math.floor(ms / 1000) * 1000);
  }
});

const good: readonly (readonly [value: string, why: string])[] = [
  [' Mon, 23 Nov 2026 09:05:07 +0000', 'the usual'],
  ['23 Nov 2026 09:05:07 +0100', 'no weekday'],
  ['Mon, 23 Nov 2026 09:05 -0800', 'no seconds'],
  ['Mon,  3 Nov 2026  09:05:07  +0530', 'more white space'],
  ['mon, 23 NOV 2026 09:05:07 gmt', 'case, and a zone name of old'],
  ['Mon, 23 Nov 2026 09:05:07 +0000 (UTC)', 'a comment for the zone'],
  ['Mon, 23 Nov 2026 09:05:07 +0100 (W. Europe (winter))', 'a comment in a comment'],
  ['Mon, 23 Nov 2026 09:05:07 +0100 (a \\( b)', 'a quoted pair in one'],
  ['Mon, 23 Nov 2026 (today) 09:05:07 +0100', 'one in the middle'],
  ['Mon, 23 Nov 26 09:05:07 +0000', '5322-4.3: a year of two digits'],
  ['Mon, 23 Nov 99 09:05:07 GMT', 'of the century before'],
  ['29 Feb 24 09:05:07 GMT', 'a leap year of two digits'],
  ['Mon, 30 Nov 2026 23:59:60 +0000', 'a leap second'],
  ['Thu, 29 Feb 2024 00:00:00 +0000', 'a leap day'],
  [' Mon, 23 Nov 2026\t09:05:07 +0000 \t', 'tabs, as folding leaves them'],
];

const bad: readonly (readonly [value: string, why: string])[] = [
  ['', 'empty'],
  ['yesterday', 'a word'],
  ['2026-11-23T09:05:07Z', 'ISO 8601'],
  ['Mon Nov 23 09:05:07 2026', 'as C writes it'],
  ['Mon, 23 Nov 1899 09:05:07 +0000', 'before 1900'],
  ['Mon, 32 Nov 2026 09:05:07 +0000', 'no such day'],
  ['Mon, 0 Nov 2026 09:05:07 +0000', 'day 0'],
  ['31 Nov 2026 09:05:07 +0000', 'a day that this month has not'],
  ['29 Feb 2026 09:05:07 +0000', 'nor in this year'],
  ['Mon, 23 Foo 2026 09:05:07 +0000', 'no such month'],
  ['Mon, 23 Nov 2026 24:05:07 +0000', 'hour 24'],
  ['Mon, 23 Nov 2026 09:60:07 +0000', 'minute 60'],
  ['Mon, 23 Nov 2026 09:05:61 +0000', 'second 61'],
  ['Mon, 23 Nov 2026 09:05:07', 'no zone'],
  ['Mon, 23 Nov 2026 09:05:07 +00', 'half a zone'],
  ['Mon, 23 Nov 2026 09:05:07 +0099', 'a zone of 99 minutes'],
  ['Mon, 23 Nov 2026 09:05:07 +0000 x', 'words after it'],
  ['Mon, 23 Nov 2026 09:05:07 +0000 (a', 'an open comment'],
  ['Mon, 23 Nov 2026 09:05:07 +0000 (a))', 'a parenthesis too many'],
  ['29 Feb 23 09:05:07 GMT', 'no leap year'],
  ['Mon, 23 Nov 126 09:05:07 +0000', 'a year of three digits, as nobody writes it'],
];

test('6409-8.2: a date that is well formed and possible is one, anything else is not', () => {
  for (const [value, why] of good) assert.ok(isDate(value), why);
  for (const [value, why] of bad) assert.ok(!isDate(value), why);
});
