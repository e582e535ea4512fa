// The networks that a client address belongs to. Whoever has one IPv6 address has at least a /64, and many have a /56 or a /48 for the asking: what is
// counted for the smallest network is counted for the wider ones too, with wider limits.

import { groupsOf, networkOf, networkOfGroups, plainAddress } from '../base/address-network.ts';
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

/** As far as guessing is concerned, the smallest one first: a /24, or a /64, its /56 and its /48. */
export function networksOf(address: string): readonly AddressNetwork[] {
  return [{ network: networkOf(address), factor: 1 }, ...widerOf(address)];
}

/** Where connections are counted: a single IPv4 address, or an IPv6 /64. */
export function connectionNetworkOf(address: string): string {
  const plain = plainAddress(address);
  return isIPv4(plain) ? plain : networkOf(address);
}

/** All networks that a connection is counted for, the smallest one first. */
export function connectionNetworksOf(address: string): readonly AddressNetwork[] {
  return [{ network: connectionNetworkOf(address), factor: 1 }, ...widerOf(address)];
}

function widerOf(address: string): readonly AddressNetwork[] {
  const plain = plainAddress(address);
  if (!plain.includes(':') || !isIPv6(plain)) return [];
  const groups = groupsOf(plain);
  const [first = 0, second = 0, third = 0, fourth = 0] = groups;
  return [
    {
      network: networkOfGroups([first, second, third, fourth & HALF_OF_GROUP], 4, 56),
      factor: FACTOR_56,
    },
    { network: networkOfGroups(groups, 3, 48), factor: FACTOR_48 },
  ];
}
