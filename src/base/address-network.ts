// The network of a client address: where one who is counted, or looked for, may have other addresses of the same kind.

import { isIPv4, isIPv6 } from './network.ts';

/** `192.0.2.0/24`, `2001:db8:0:1::/64`; an address that is neither stays as it is. An IPv4-mapped IPv6 address is IPv4. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (isIPv4(plain)) return `${plain.slice(0, plain.lastIndexOf('.'))}.0/24`;
  return isIPv6(plain) ? networkOfGroups(groupsOf(plain), 4, 64) : address;
}

/** Without a zone; an IPv4-mapped address as the IPv4 address that it names. */
export function plainAddress(address: string): string {
  if (!address.includes(':')) return address;
  const plain = address.split('%')[0] ?? '';
  if (!isIPv6(plain)) return plain;
  const groups = groupsOf(plain);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!mapped) return plain;
  const [high = 0, low = 0] = groups.slice(6);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** As sockets, and so the record, spell it; a zone stays. */
export function canonicalIp(address: string): string {
  if (!isIPv6(address) || address.includes('%')) return address;
  const plain = plainAddress(address);
  return isIPv4(plain) ? plain : new URL(`http://[${plain}]`).hostname.slice(1, -1);
}

export function networkOfGroups(groups: readonly number[], count: number, prefix: number): string {
  const named = groups.slice(0, count).map((group) => group.toString(16));
  return `${named.join(':')}::/${prefix}`;
}

/** The eight groups of a valid IPv6 address. */
export function groupsOf(address: string): readonly number[] {
  // The URL serialiser writes an embedded IPv4 address as two groups (RFC 5952 section 5 has it the other way for people).
  const text = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16));
}
