// The addresses of a host as this machine's programs see them: hosts file and DNS, IPv4 and IPv6.

import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

export interface HostAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** In the order of the system; an address is its own. Rejects with the resolver's error. */
export async function addressesOf(host: string): Promise<readonly HostAddress[]> {
  const family = isIP(host);
  if (family !== 0) return [{ address: host, family: family === 6 ? 6 : 4 }];
  const found = await lookup(host, { all: true });
  return found.map((one) => ({ address: one.address, family: one.family === 6 ? 6 : 4 }));
}
