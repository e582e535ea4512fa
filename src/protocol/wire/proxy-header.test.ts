// The PROXY header: vectors, each with its reason, whole and octet by octet, with what comes behind it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ProxyHeaderReader, type ProxyReading } from './proxy-header.ts';

const V4 = 'c0000201c6336401c3cb01d1';
const V6 = `20010db8${'0'.repeat(23)}120010db8${'0'.repeat(23)}2c3cb01d1`;
const SIGNATURE = '0d0a0d0a000d0a515549540a';

/** Version 2: version and command, family and protocol, then addresses and what is added, in hex; the length is right unless it is given. */
function v2(versionAndCommand: string, family: string, body: string, length = body.length / 2): string {
  const octets = length.toString(16).padStart(4, '0');
  return Buffer.from(SIGNATURE + versionAndCommand + family + octets + body, 'hex').toString('latin1');
}

const tlv = (type: string, value: string): string =>
  type + (value.length / 2).toString(16).padStart(4, '0') + value;

type Vector = readonly [header: string, result: string, why: string];

/** `source > destination`, or `nobody`. */
const good: readonly Vector[] = [
  ['PROXY TCP4 192.0.2.1 198.51.100.1 50123 465\r\n', '192.0.2.1:50123 > 198.51.100.1:465', 'plain'],
  [
    'PROXY TCP4 192.0.2.1 198.51.100.1 0 65535\r\n',
    '192.0.2.1:0 > 198.51.100.1:65535',
    'the ends of what a port is',
  ],
  ['PROXY TCP6 2001:db8::1 2001:db8::2 50123 465\r\n', '2001:db8::1:50123 > 2001:db8::2:465', 'IPv6'],
  [
    'PROXY TCP6 2001:0DB8:0000:0000:0000:0000:0000:0001 2001:db8::2 1 2\r\n',
    '2001:db8::1:1 > 2001:db8::2:2',
    'one spelling of an address in the record and in every limit',
  ],
  [
    'PROXY TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2\r\n',
    '192.0.2.1:1 > 2001:db8::2:2',
    'a proxy that listens on IPv6 for both: its IPv4 clients are IPv4 clients',
  ],
  ['PROXY UNKNOWN\r\n', 'nobody', 'short'],
  ['PROXY UNKNOWN ffff::1 what ever 65536 x\r\n', 'nobody', 'what follows is ignored'],
  [`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`, 'nobody', '107 octets, as long as it may be'],
  [v2('21', '11', V4), '192.0.2.1:50123 > 198.51.100.1:465', 'IPv4'],
  [v2('21', '21', V6), '2001:db8::1:50123 > 2001:db8::2:465', 'IPv6'],
  [
    v2('21', '21', `${'0'.repeat(20)}ffffc0000201${V6.slice(32)}`),
    '192.0.2.1:50123 > 2001:db8::2:465',
    'IPv4 in IPv6',
  ],
  [
    v2('21', '11', V4 + tlv('04', '00') + tlv('ea', '')),
    '192.0.2.1:50123 > 198.51.100.1:465',
    'what it adds',
  ],
  [
    v2('21', '11', V4 + tlv('04', '00'.repeat(505))),
    '192.0.2.1:50123 > 198.51.100.1:465',
    '536 octets, as long as it may be',
  ],
  [
    v2('21', '11', V4 + tlv('03', 'd54387f6')),
    '192.0.2.1:50123 > 198.51.100.1:465',
    'a checksum that is right',
  ],
  [v2('20', '00', ''), 'nobody', 'LOCAL'],
  [v2('20', 'ff', 'ffff'), 'nobody', 'LOCAL: nothing else counts'],
  [v2('21', '00', ''), 'nobody', 'UNSPEC'],
  [v2('21', '00', V4), 'nobody', 'UNSPEC with octets that are ignored'],
];

const bad: readonly Vector[] = [
  ['EHLO client.example\r\n', 'is missing', 'a client'],
  ['proxy TCP4 192.0.2.1 198.51.100.1 1 2\r\n', 'is missing', 'upper case'],
  ['PROXY\tTCP4 192.0.2.1 198.51.100.1 1 2\r\n', 'is missing', 'a blank is a space'],
  ['\x16\x03\x01\x02\x00', 'is missing', 'TLS'],
  ['\r\n\r\n\0\r\nQUIT\r\n', 'is missing', 'a signature of the wrong end'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 1 2\n', 'does not end with CRLF', 'LF alone'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 1 2\rX', 'does not end with CRLF', 'CR alone'],
  ['PROXY TCP4 192.0.2.1\0 198.51.100.1 1 2\r\n', 'does not end with CRLF', 'NUL'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 1 2\x85', 'does not end with CRLF', 'not ASCII'],
  [`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`, 'is longer than 107 octets', 'one octet too long'],
  [`PROXY TCP4 ${' '.repeat(300)}`, 'is longer than 107 octets', 'a line without an end'],
  ['PROXY \r\n', 'names neither TCP4, TCP6 nor UNKNOWN', 'nothing'],
  ['PROXY TCP5 192.0.2.1 198.51.100.1 1 2\r\n', 'names neither TCP4, TCP6 nor UNKNOWN', 'no such family'],
  ['PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n', 'names neither TCP4, TCP6 nor UNKNOWN', 'no such family'],
  ['PROXY tcp4 192.0.2.1 198.51.100.1 1 2\r\n', 'names neither TCP4, TCP6 nor UNKNOWN', 'lower case'],
  ['PROXY UNKNOWNS\r\n', 'names neither TCP4, TCP6 nor UNKNOWN', 'a longer word'],
  ['PROXY constructor a b 1 2\r\n', 'names neither TCP4, TCP6 nor UNKNOWN', 'what every object of ours has'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 1\r\n', 'has not two addresses and two ports', 'a port is missing'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n', 'has not two addresses and two ports', 'one more'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 1 2 \r\n', 'has not two addresses and two ports', 'a space at the end'],
  ['PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n', 'has not two addresses and two ports', 'two spaces'],
  ['PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n', 'holds an address that is none of TCP4', 'the other family'],
  ['PROXY TCP6 192.0.2.1 198.51.100.1 1 2\r\n', 'holds an address that is none of TCP6', 'the other family'],
  ['PROXY TCP4 192.0.2.1 2001:db8::2 1 2\r\n', 'holds an address that is none of TCP4', 'two families'],
  [
    'PROXY TCP4 192.0.2.01 198.51.100.1 1 2\r\n',
    'holds an address that is none of TCP4',
    'a leading zero: octal to some',
  ],
  [
    'PROXY TCP4 192.0.513 198.51.100.1 1 2\r\n',
    'holds an address that is none of TCP4',
    'an address of three parts',
  ],
  ['PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n', 'holds an address that is none of TCP4', 'no such address'],
  ['PROXY TCP4 localhost 198.51.100.1 1 2\r\n', 'holds an address that is none of TCP4', 'a name'],
  ['PROXY TCP6 fe80::1%eth0 2001:db8::2 1 2\r\n', 'holds an address that is none of TCP6', 'a zone'],
  [
    'PROXY TCP6 2001:db8::00001 2001:db8::2 1 2\r\n',
    'holds an address that is none of TCP6',
    'a leading zero',
  ],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 65536 2\r\n', 'holds a port that is none', 'one too many'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n', 'holds a port that is none', 'one too many'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n', 'holds a port that is none', 'a leading zero'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 -1 2\r\n', 'holds a port that is none', 'below nothing'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 +1 2\r\n', 'holds a port that is none', 'a sign'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 1e2 2\r\n', 'holds a port that is none', 'a number to JavaScript'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 0x50 2\r\n', 'holds a port that is none', 'hexadecimal'],
  ['PROXY TCP4 192.0.2.1 198.51.100.1 1 \r\n', 'holds a port that is none', 'nothing'],
  [v2('11', '11', V4), 'has a version that is not 2', 'version 1'],
  [v2('31', '11', V4), 'has a version that is not 2', 'version 3'],
  [v2('22', '11', V4), 'has a command that is neither LOCAL nor PROXY', 'no such command'],
  [v2('21', '10', V4), 'has a family or protocol that does not exist', 'a family without a protocol'],
  [v2('21', '01', V4), 'has a family or protocol that does not exist', 'a protocol without a family'],
  [v2('21', '13', V4), 'has a family or protocol that does not exist', 'no such protocol'],
  [v2('21', '41', V4), 'has a family or protocol that does not exist', 'no such family'],
  [v2('21', '12', V4), 'tells of a client that is not one of TCP', 'UDP'],
  [v2('21', '22', V6), 'tells of a client that is not one of TCP', 'UDP'],
  [
    v2('21', '31', '2f'.repeat(216)),
    'tells of a client that is not one of TCP',
    'a UNIX socket: nobody could be named',
  ],
  [v2('21', '11', V4.slice(2)), 'is too short for its addresses', 'an octet less'],
  [v2('21', '11', ''), 'is too short for its addresses', 'none'],
  [v2('21', '21', V4), 'is too short for its addresses', 'IPv4 that says it is IPv6'],
  [v2('21', '21', V6.slice(2)), 'is too short for its addresses', 'an octet less'],
  [v2('21', '11', `${V4}04`), 'adds more than it holds', 'a type without a length'],
  [v2('21', '11', `${V4}0400`), 'adds more than it holds', 'half a length'],
  [
    v2('21', '11', `${V4}04000100`, 15),
    'adds more than it holds',
    'a value that would lie behind the header',
  ],
  [v2('21', '11', V4 + tlv('04', '00') + '04ffff00'), 'adds more than it holds', 'a length that lies'],
  [v2('21', '11', V4 + tlv('03', 'd54387f7')), 'has a wrong checksum', 'a bit is wrong'],
  [v2('21', '11', V4 + tlv('03', 'd54387')), 'has a wrong checksum', 'three octets'],
  [v2('21', '11', V4 + tlv('03', '')), 'has a wrong checksum', 'no octet'],
  [v2('21', '11', V4, 521), 'is longer than 536 octets', 'one octet too long, said before it comes'],
  [v2('20', '00', '', 65_535), 'is longer than 536 octets', 'as long as it can say'],
];

function push(pieces: readonly Uint8Array[]): { readonly reading: ProxyReading; readonly at: number } {
  const reader = new ProxyHeaderReader();
  let reading: ProxyReading = { type: 'more' };
  let at = 0;
  for (const piece of pieces) {
    reading = reader.push(piece);
    at += 1;
    if (reading.type !== 'more') break;
  }
  return { reading, at };
}

function told(reading: ProxyReading): string {
  if (reading.type === 'more') return 'more';
  if (reading.type === 'malformed') return reading.cause;
  const { header } = reading;
  if (header.type === 'nobody') return 'nobody';
  const { source, destination } = header;
  return `${source.address}:${source.port} > ${destination.address}:${destination.port}`;
}

const REST = 'EHLO client.example\r\nPROXY TCP4 192.0.2.9 192.0.2.9 9 9\r\n';
const octetsOf = (text: string): Buffer => Buffer.from(text, 'latin1');
const each = (bytes: Uint8Array): readonly Uint8Array[] => [...bytes].map((octet) => Uint8Array.of(octet));

test('headers are read, whole or octet by octet, and what comes behind stays as it is', () => {
  for (const [text, result, why] of good) {
    const header = octetsOf(text);
    const { reading } = push([Buffer.concat([header, octetsOf(REST)])]);
    assert.equal(told(reading), result, why);
    assert.equal(reading.type === 'header' && Buffer.from(reading.rest).toString('latin1'), REST, why);
    const inOctets = push([...each(header), octetsOf(REST)]);
    assert.equal(told(inOctets.reading), result, why);
    assert.equal(inOctets.at, header.length, `${why}: as soon as it is whole`);
    assert.equal(inOctets.reading.type === 'header' && inOctets.reading.rest.length, 0, why);
    for (let cut = 1; cut < header.length; cut += 1)
      assert.equal(told(push([header.subarray(0, cut), header.subarray(cut)]).reading), result, why);
  }
});

test('a header that is not whole is waited for', () => {
  for (const [text, , why] of good)
    assert.equal(told(push(each(octetsOf(text).subarray(0, -1))).reading), 'more', why);
});

test('malformed headers say why, whole or octet by octet', () => {
  for (const [text, cause, why] of bad) {
    assert.equal(told(push([octetsOf(text)]).reading), cause, why);
    assert.equal(told(push(each(octetsOf(text))).reading), cause, why);
  }
});

test('whatever comes, it is decided within 536 octets, and the same however it is cut', () => {
  const beginnings = ['', 'PROXY ', 'PROXY TCP4 ', 'PROXY UNKNOWN ', SIGNATURE].map((text) =>
    text === SIGNATURE ? Buffer.from(text, 'hex') : octetsOf(text),
  );
  const length = { minLength: 536, maxLength: 600 };
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array(length), fc.nat(599), (begin, rest, cut) => {
      const all = Buffer.concat([begin, rest]);
      const whole = told(push([all]).reading);
      assert.notEqual(whole, 'more');
      assert.equal(told(push([all.subarray(0, cut), all.subarray(cut)]).reading), whole);
    }),
    { seed: 20261130, numRuns: 500 },
  );
});
