// A list of networks as the configuration names them: does an address belong to one of them?

import { BlockList, isIPv6 } from 'node:net';

/** Of entries such as `192.0.2.0/24`, `2001:db8::/32` or a single address. An address that is none belongs to nothing. */
export function networkList(networks: readonly string[]): (address: string) => boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return (address) => list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
