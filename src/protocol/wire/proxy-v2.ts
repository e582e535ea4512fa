// Version 2 of the PROXY header: binary, with what the proxy adds as type, length and value behind the addresses. Nothing that it adds is used but its checksum.

import { canonicalIp } from '../../base/address-network.ts';
import type { Endpoint } from '../../base/endpoint.ts';
import { malformed, PROXY_HEADER_OCTETS_MAX, type ProxyFinding } from './proxy-finding.ts';

const SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
/** Signature, version and command, family and protocol, length of the rest. */
const FIXED_OCTETS = 16;
const VERSION = 2;
const LOCAL = 0;
const PROXY = 1;
const PORT_OCTETS = 2;

/** Octets of an address; undefined: the client is not one of TCP. */
const families: ReadonlyMap<number, number | undefined> = new Map([
  [0x11, 4],
  [0x21, 16],
  ...[0x12, 0x22, 0x31, 0x32].map((other) => [other, undefined] as const),
]);
const UNSPECIFIED = 0;

const TLV_OCTETS = 3;
const TLV_CHECKSUM = 3;
const CHECKSUM_OCTETS = 4;
/** Its polynomial, bits reversed. */
const CASTAGNOLI = 0x82f63b78;

/** Undefined: these octets begin otherwise. */
export function readProxyV2(octets: Uint8Array): ProxyFinding | undefined {
  if (SIGNATURE.subarray(0, octets.length).some((octet, at) => octet !== octets[at])) return undefined;
  if (octets.length < FIXED_OCTETS) return { type: 'more' };
  const [versionAndCommand = 0, family = 0] = octets.subarray(SIGNATURE.length);
  const command = versionAndCommand & 15;
  const length = FIXED_OCTETS + numberAt(octets, SIGNATURE.length + 2, 2);
  if (versionAndCommand >> 4 !== VERSION) return malformed('has a version that is not 2');
  if (command !== LOCAL && command !== PROXY)
    return malformed('has a command that is neither LOCAL nor PROXY');
  if (length > PROXY_HEADER_OCTETS_MAX) return malformed(`is longer than ${PROXY_HEADER_OCTETS_MAX} octets`);
  if (octets.length < length) return { type: 'more' };
  // Of LOCAL nothing else counts.
  if (command === LOCAL || family === UNSPECIFIED)
    return { type: 'header', header: { type: 'nobody' }, octets: length };
  return readAddresses(octets.subarray(0, length), family);
}

function readAddresses(header: Uint8Array, family: number): ProxyFinding {
  if (!families.has(family)) return malformed('has a family or protocol that does not exist');
  const size = families.get(family);
  if (size === undefined) return malformed('tells of a client that is not one of TCP');
  const ports = FIXED_OCTETS + 2 * size;
  const end = ports + 2 * PORT_OCTETS;
  if (header.length < end) return malformed('is too short for its addresses');
  const flaw = flawOfTail(header, end);
  if (flaw !== undefined) return malformed(flaw);
  const endpoint = (number: 0 | 1): Endpoint => {
    const at = FIXED_OCTETS + number * size;
    return {
      address: addressText(header.subarray(at, at + size)),
      port: numberAt(header, ports + number * PORT_OCTETS, PORT_OCTETS),
    };
  };
  return {
    type: 'header',
    header: { type: 'client', source: endpoint(0), destination: endpoint(1) },
    octets: header.length,
  };
}

/** What stands behind the addresses must fill the header exactly. */
function flawOfTail(header: Uint8Array, from: number): string | undefined {
  let at = from;
  while (at < header.length) {
    const value = at + TLV_OCTETS;
    const next = value + numberAt(header, at + 1, 2);
    if (value > header.length || next > header.length) return 'adds more than it holds';
    if (header[at] === TLV_CHECKSUM && !isChecksumOf(header, value, next)) return 'has a wrong checksum';
    at = next;
  }
  return undefined;
}

/** Section 2.2.4: over the whole header, with zeros in its own place. */
function isChecksumOf(header: Uint8Array, from: number, to: number): boolean {
  if (to - from !== CHECKSUM_OCTETS) return false;
  return crc32c(header.slice().fill(0, from, to)) === numberAt(header, from, CHECKSUM_OCTETS);
}

/** RFC 9260 appendix A. */
function crc32c(octets: Uint8Array): number {
  let crc = -1;
  for (const octet of octets) {
    crc ^= octet;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc & 1) === 1 ? (crc >>> 1) ^ CASTAGNOLI : crc >>> 1;
  }
  return ~crc >>> 0;
}

function addressText(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups = Array.from({ length: 8 }, (_, group) => numberAt(octets, 2 * group, 2).toString(16));
  return canonicalIp(groups.join(':'));
}

/** In network byte order. */
function numberAt(octets: Uint8Array, at: number, length: number): number {
  return octets.subarray(at, at + length).reduce((number, octet) => number * 256 + octet, 0);
}
