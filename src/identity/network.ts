// The network that a client address belongs to, as far as guessing is concerned: one customer's prefix, /24 or /64.

import { isIPv4, isIPv6 } from '../base/network.ts';

/** `192.0.2.0/24`, `2001:db8:0:1::/64`; an address that is neither stays as it is. An IPv4-mapped IPv6 address is IPv4. */
export function networkOf(address: string): string {
  const plain = address.split('%')[0] ?? '';
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`;
  if (!isIPv6(plain)) return address;
  const groups = expand(plain);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) {
    const high = groups[6] ?? 0;
    return `${high >> 8}.${high & 255}.${(groups[7] ?? 0) >> 8}.0/24`;
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** Where connections are counted: a single IPv4 address, or an IPv6 /64. */
export function connectionNetworkOf(address: string): string {
  return isIPv4(address) ? address : networkOf(address);
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
