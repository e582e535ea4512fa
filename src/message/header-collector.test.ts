// Where a header ends, whatever the pieces it comes in.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latin1, octetString } from '../base/bytes.ts';
import { HeaderCollector } from './header-collector.ts';

const wholes: readonly (readonly [message: string, header: string, rest: string, why: string])[] = [
  ['A: b\r\n\r\nbody', 'A: b\r\n', 'body', 'the usual'],
  ['A: b\r\n\r\n', 'A: b\r\n', '', 'an empty body'],
  ['\r\nbody', '', 'body', 'a blank line first: no header at all'],
  ['A: b\r\n\r\n\r\nx', 'A: b\r\n', '\r\nx', 'a second blank line belongs to the body'],
  ['A: b\r\n \r\nC: d\r\n\r\nx', 'A: b\r\n \r\nC: d\r\n', 'x', 'a line of white space is not blank'],
  ['A: b\r\n\t\r\n\r\nx', 'A: b\r\n\t\r\n', 'x', 'nor is a tab'],
  ['A: b\n\nC: d\r\n\r\nx', 'A: b\n\nC: d\r\n', 'x', 'bare LF ends nothing'],
  ['A: b\r\rC: d\r\n\r\nx', 'A: b\r\rC: d\r\n', 'x', 'bare CR ends nothing'],
  ['A: b\r\r\n\r\nx', 'A: b\r\r\n', 'x', 'CR CR LF ends the line, the next CRLF the header'],
  ['A: b\r\n\r\r\n\r\nx', 'A: b\r\n\r\r\n', 'x', 'CR CR LF is no blank line'],
  ['A: b\r\n\n\r\n\r\nx', 'A: b\r\n\n\r\n', 'x', 'LF CRLF is no blank line'],
  ['A: \xc3\xbc\r\n\r\n\xff', 'A: \xc3\xbc\r\n', '\xff', 'octets, not text'],
];

/** Pieces as given → header and rest, or what `end` says. */
function collect(pieces: readonly string[], limit = 1000): { header: string; rest: string } | string {
  const collector = new HeaderCollector(limit);
  for (const [at, piece] of pieces.entries()) {
    const collected = collector.push(latin1(piece));
    if (collected.type === 'tooLarge') return 'too large';
    if (collected.type === 'complete') {
      const rest = octetString(collected.rest) + pieces.slice(at + 1).join('');
      return { header: octetString(collected.header), rest };
    }
  }
  return octetString(collector.end());
}

test('F-HDR-8: only an empty line between CRLFs ends the header, and its octets stay as they came', () => {
  for (const [message, header, rest, why] of wholes)
    assert.deepEqual(collect([message]), { header, rest }, why);
});

test('F-HDR-8: a message cut at any two places, or into single octets, has the same header', () => {
  for (const [message, header, rest, why] of wholes) {
    for (let one = 0; one <= message.length; one += 1) {
      for (let two = one; two <= message.length; two += 1) {
        const pieces = [message.slice(0, one), message.slice(one, two), message.slice(two)];
        assert.deepEqual(collect(pieces), { header, rest }, `${why}, cut at ${one} and ${two}`);
      }
    }
    assert.deepEqual(collect([...message]), { header, rest }, `${why}, octet by octet`);
  }
});

const ends: readonly (readonly [message: string, header: string, why: string])[] = [
  ['', '', 'nothing came'],
  ['A: b\r\n', 'A: b\r\n', 'a header without body'],
  ['A: b', 'A: b\r\n', 'a last line without end gets one'],
  ['A: b\r', 'A: b\r\r\n', 'a CR alone is no line end'],
  ['A: b\r\n\r', 'A: b\r\n\r\r\n', 'nor is it a blank line'],
];

test('a message that ends in its header is all header, and its last line is closed', () => {
  for (const [message, header, why] of ends) {
    assert.equal(collect(message === '' ? [] : [message]), header, why);
    assert.equal(collect([...message]), header, `${why}, octet by octet`);
  }
});

test('5322-k: one octet more than the limit is too large, in whatever pieces', () => {
  const field = (octets: number): string => `A: ${'x'.repeat(octets - 5)}\r\n`;
  const fits = `${field(100)}\r\nbody`;
  const over = `${field(101)}\r\nbody`;
  for (const cut of [(text: string) => [text], (text: string) => [...text]]) {
    assert.deepEqual(collect(cut(fits), 100), { header: field(100), rest: 'body' });
    assert.equal(collect(cut(over), 100), 'too large');
    assert.equal(collect(cut('x'.repeat(103)), 100), 'too large', 'not held until its end comes');
  }
});
