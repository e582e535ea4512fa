import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSize, sizeInWords } from './size.ts';

const sizes: readonly (readonly [octets: number, words: string])[] = [
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [26 * 1024 ** 2, '26.0 MiB'],
  [3 * 1024 ** 5, '3072.0 TiB'],
];

for (const [octets, words] of sizes)
  test(`${octets} octets are ${words}`, () => assert.equal(sizeInWords(octets), words));

const written: readonly (readonly [text: string, octets: number | undefined])[] = [
  ['25MiB', 25 * 1024 ** 2],
  [' 256 KiB ', 256 * 1024],
  ['7B', 7],
  ['25 MB', undefined],
  ['-1KiB', undefined],
];

for (const [text, octets] of written)
  test(`"${text}" is ${octets ?? 'no size'}`, () => assert.equal(parseSize(text), octets));
