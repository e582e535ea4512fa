// The networks that a client address belongs to. Whoever has one IPv6 address has at least a /64, and many have a /56 or a /48 for the asking: what is
// counted for the smallest network is counted for the wider ones too, with wider limits.

import { isIPv4, isIPv6 } from '../base/network.ts';

export interface AddressNetwork {
  readonly network: string;
  /** Factor on the limit of the smallest network. */
  readonly factor: number;
}

const HALF_OF_GROUP = 0xff00;
/** IPv6: a /56 are 256 networks of a customer's size, a /48 are 65,536; few of them are in use at a time. */
const FACTOR_56 = 4;
const FACTOR_48 = 16;

/** `192.0.2.0/24`, `2001:db8:0:1::/64`; an address that is neither stays as it is. An IPv4-mapped IPv6 address is IPv4. */
export function networkOf(address: string): string {
  const plain = plainOf(address);
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`;
  return isIPv6(plain) ? networkOfGroups(expand(plain), 4, 64) : address;
}

/** As far as guessing is concerned, the smallest one first: a /24, or a /64, its /56 and its /48. */
export function networksOf(address: string): readonly AddressNetwork[] {
  return [{ network: networkOf(address), factor: 1 }, ...widerOf(address)];
}

/** Where connections are counted: a single IPv4 address, or an IPv6 /64. */
export function connectionNetworkOf(address: string): string {
  const plain = plainOf(address);
  return isIPv4(plain) ? plain : networkOf(address);
}

/** All networks that a connection is counted for, the smallest one first. */
export function connectionNetworksOf(address: string): readonly AddressNetwork[] {
  return [{ network: connectionNetworkOf(address), factor: 1 }, ...widerOf(address)];
}

function widerOf(address: string): readonly AddressNetwork[] {
  const plain = plainOf(address);
  if (!plain.includes(':') || !isIPv6(plain)) return [];
  const groups = expand(plain);
  const [first = 0, second = 0, third = 0, fourth = 0] = groups;
  return [
    {
      network: networkOfGroups([first, second, third, fourth & HALF_OF_GROUP], 4, 56),
      factor: FACTOR_56,
    },
    { network: networkOfGroups(groups, 3, 48), factor: FACTOR_48 },
  ];
}

/** Without a zone; an IPv4-mapped address as the IPv4 address that it names. */
function plainOf(address: string): string {
  if (!address.includes(':')) return address;
  const plain = address.split('%')[0] ?? '';
  if (!isIPv6(plain)) return plain;
  const groups = expand(plain);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!mapped) return plain;
  const [high = 0, low = 0] = groups.slice(6);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function networkOfGroups(groups: readonly number[], count: number, prefix: number): string {
  const named = groups.slice(0, count).map((group) => group.toString(16));
  return `${named.join(':')}::/${prefix}`;
}

/** The eight groups of a valid IPv6 address. */
function expand(address: string): readonly number[] {
  // The URL serialiser writes an embedded IPv4 address as two groups (RFC 5952 section 5 has it the other way for people).
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}
