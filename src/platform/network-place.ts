// Which network this machine is in, as far as its own addresses tell: a mark that changes when it moves. It leaves no trace of the addresses.

import { createHash } from 'node:crypto';
import { networkInterfaces } from 'node:os';

/** 16 hexadecimal digits, the same as long as the addresses towards the outside are. */
export function networkPlace(): string {
  const networks = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    // IPv6 addresses change by themselves (RFC 8981); the prefixes of IPv4 do when we move.
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ cidr, address }) => cidr ?? address)
    .sort();
  return createHash('sha256').update(networks.join(' ')).digest('hex').slice(0, 16);
}
