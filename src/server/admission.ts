// How many connections may stand at once: unauthenticated ones of a network (one IPv4 address or one IPv6 /64), authenticated
// ones of an identity, and all together. What gives way is the new connection, with 421 (5321-ak).

import { BlockList, isIPv6 } from 'node:net';
import { connectionNetworkOf } from '../identity/network.ts';

export interface AdmissionLimits {
  readonly unauthenticatedPerNetwork: number;
  readonly perIdentity: number;
  readonly total: number;
  /** Networks such as `192.0.2.0/24`: no limit per network. They are never exempt from AUTH. */
  readonly exempt: readonly string[];
}

export interface Ticket {
  readonly admitted: boolean;
  /** The connection is an identity's from now on; false: it has too many. */
  authenticated(identityId: string): boolean;
  left(): void;
}

export interface Admission {
  connected(address: string): Ticket;
  reload(limits: AdmissionLimits): void;
  readonly connections: number;
}

export function createAdmission(limits: AdmissionLimits): Admission {
  const networks = new Map<string, number>();
  const identities = new Map<string, number>();
  let current = limits;
  let exempt = exemptList(limits.exempt);
  let connections = 0;

  return {
    connected(address) {
      connections += 1;
      const network = connectionNetworkOf(address);
      const isExempt = exempt.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
      const inNetwork = add(networks, network, 1);
      let identity: string | undefined;
      let here = true;
      const admitted =
        connections <= current.total && (isExempt || inNetwork <= current.unauthenticatedPerNetwork);
      const ticket: Ticket = {
        admitted,
        authenticated(identityId) {
          if (!here) return false;
          if (identity !== undefined) return true;
          if (add(identities, identityId, 1) > current.perIdentity) {
            add(identities, identityId, -1);
            return false;
          }
          identity = identityId;
          add(networks, network, -1);
          return true;
        },
        left() {
          if (!here) return;
          here = false;
          connections -= 1;
          if (identity === undefined) add(networks, network, -1);
          else add(identities, identity, -1);
        },
      };
      // It is only told so and closed: one network's flood must not use up what is there for all.
      if (!admitted) ticket.left();
      return ticket;
    },
    reload(next) {
      current = next;
      exempt = exemptList(next.exempt);
    },
    get connections() {
      return connections;
    },
  };
}

function add(counts: Map<string, number>, key: string, change: number): number {
  const count = (counts.get(key) ?? 0) + change;
  if (count <= 0) counts.delete(key);
  else counts.set(key, count);
  return count;
}

function exemptList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
